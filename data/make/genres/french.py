"""De courts textes français : bail, règlement d'une association, mode d'emploi."""

from __future__ import annotations

import random
from collections.abc import Iterator

from data.make.family import Kind, family
from data.make.invented import InventedDocument

LEASE = """
# loyer: Loyer
v = money 300 2600 10
j = le 1er | le 5 | le 10
> Le loyer mensuel est de [[{v}]], payable [[jour:{j} du mois]].
> Le locataire verse [[{v}]] chaque mois, [[jour:{j} du mois]] au plus tard.
~ Le paiement en espèces n'est pas accepté.
? Quel est le montant du loyer{of} ?
? loyer mensuel{of}
? Combien coûte le logement chaque mois{of} ?
?jour Quand le loyer doit-il être payé{of} ?
?jour date limite de paiement du loyer{of}
# depot: Dépôt de garantie
v = money 400 5000 50
n = int 2 6
> Un dépôt de garantie de [[{v}]] est versé à la signature ; il est rendu dans un délai de [[delai:{n} mois]].
> Le locataire remet [[{v}]] à titre de garantie. Cette somme est rendue sous [[delai:{n} mois]].
~ Le dépôt ne remplace pas le dernier loyer.
? Quel est le montant du dépôt de garantie{of} ?
? Quelle somme faut-il laisser au propriétaire en cas de dégâts{of} ?
?delai Dans quel délai la garantie est-elle rendue{of} ?
?delai restitution du dépôt, délai{of}
# preavis: Préavis | Résiliation
v = un mois | deux mois | trois mois | six semaines
f = par lettre recommandée | par courrier signé | par courriel
> Le préavis est de [[{v}]] ; il est donné [[forme:{f}]].
> Pour partir, on prévient l'autre partie [[forme:{f}]], avec un préavis de [[{v}]].
~ Un appel téléphonique ne suffit jamais.
? Quelle est la durée du préavis{of} ?
? Combien de temps avant le départ faut-il prévenir{of} ?
?forme Sous quelle forme donne-t-on le préavis{of} ?
# animaux: Animaux
v = les chats sont admis | aucun animal n'est admis | un petit chien est admis avec accord écrit
> En ce qui concerne les animaux, [[{v}]].
> Dans l'immeuble, [[{v}]].
~ Le calme de la cour doit être respecté.
? Les animaux sont-ils admis{of} ?
? Puis-je garder mon chat{of} ?
? règles sur les animaux{of}
# debut: Début du bail
d = date
> Le bail commence le [[{d}]].
> Le locataire peut entrer dans les lieux le [[{d}]].
~ Les clés sont remises au bureau.
? Quand commence le bail{of} ?
? À partir de quel jour peut-on emménager{of} ?
# charges: Charges
v = money 20 300 5
l = l'eau et le chauffage | l'ascenseur et le nettoyage | les ordures et le jardin
> Les charges, soit [[{v}]] par mois, couvrent [[quoi:{l}]].
> Une provision de [[{v}]] par mois est demandée pour [[quoi:{l}]].
~ Un décompte est envoyé une fois par an.
? À combien s'élèvent les charges mensuelles{of} ?
? Que faut-il payer en plus du loyer{of} ?
?quoi Que couvrent les charges{of} ?
"""
CLUB = """
# cotisation: Cotisation
v = money 10 300 5
q = étudiants | retraités | chômeurs
> La cotisation annuelle est de [[{v}]]. Les [[qui:{q}]] paient la moitié.
> Chaque membre paie [[{v}]] par an ; un tarif réduit existe pour les [[qui:{q}]].
~ La cotisation n'est pas remboursée.
? Quel est le montant de la cotisation{of} ?
? Combien faut-il payer par an pour être membre{of} ?
?qui Qui paie un tarif réduit{of} ?
# bureau: Bureau
p = person
n = int 2 5
> L'association est présidée par [[qui:{p}]]. Le bureau est élu pour [[{n} ans]].
> Élu pour [[{n} ans]], le bureau a pour présidence [[qui:{p}]].
~ Le travail du bureau est bénévole.
? Pour combien d'années le bureau est-il élu{of} ?
? durée du mandat{of}
?qui Qui préside l'association{of} ?
?qui Qui est à la tête de l'association{of} ?
# assemblee: Assemblée générale
m = mars | juin | octobre | novembre
n = int 8 40
> L'assemblée générale a lieu en [[quand:{m}]] ; les convocations partent [[{n} jours]] avant.
> Les membres se réunissent en [[quand:{m}]]. Ils sont convoqués [[{n} jours]] à l'avance.
~ Le vote a lieu à main levée.
? Combien de jours avant l'assemblée les membres sont-ils convoqués{of} ?
?quand Quand a lieu l'assemblée générale{of} ?
?quand mois de l'assemblée{of}
# but: But
v = protéger les haies | apprendre le tricot | chanter ensemble | réparer de vieux vélos
> L'association a pour but de [[{v}]].
> Les membres se retrouvent pour [[{v}]].
~ Elle n'a pas de but lucratif.
? Quel est le but de l'association{of} ?
? Pourquoi l'association a-t-elle été fondée{of} ?
# local: Local
a = int 8 11
b = int 17 22
> Le local est ouvert de [[{a} h à {b} h]].
> Horaires du local : [[{a} h à {b} h]].
~ Il est interdit d'y fumer.
? Quels sont les horaires du local{of} ?
? Quand peut-on entrer dans le local{of} ?
# depart: Départ d'un membre
n = int 2 12
> Un membre qui part prévient le bureau [[{n} semaines]] avant la fin de l'année.
> Le départ est annoncé [[{n} semaines]] avant la fin de l'année.
~ Le matériel prêté est rendu.
? Combien de temps à l'avance faut-il annoncer son départ{of} ?
? délai pour quitter l'association{of}
"""
KINDS = (
    Kind(title="Bail n° {mark}", of=(" dans le bail {mark}", " selon le bail {mark}"), marks="code", topics=LEASE),
    Kind(
        title="Statuts de l'association de {mark}",
        of=(" à {mark}", " dans les statuts de {mark}"),
        marks="place",
        topics=CLUB,
    ),
)


def documents(rng: random.Random) -> Iterator[InventedDocument]:
    """Two or three siblings of one kind."""
    yield from family(rng, genre="french", lang="fr", kinds=KINDS, numbering=("Article {n} : {h}", "{n}. {h}", "{h}"))
