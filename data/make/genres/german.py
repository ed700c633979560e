"""Kurze deutsche Texte: Vereinssatzung, Mietvertrag, Bedienungsanleitung."""

from __future__ import annotations

import random
from collections.abc import Iterator

from data.make.family import Kind, family
from data.make.invented import InventedDocument

CLUB = """
# beitrag: Beitrag | Mitgliedsbeitrag
v = money 20 400 5
m = Schüler | Rentner | Auszubildende | Familien
> Der Jahresbeitrag beträgt [[{v}]]. [[wer:{m}]] zahlen die Hälfte.
> Mitglieder zahlen jährlich [[{v}]]; ermäßigt ist der Beitrag für [[wer:{m}]].
~ Beiträge werden nicht erstattet.
? Wie hoch ist der Jahresbeitrag{of}?
? Mitgliedsbeitrag pro Jahr{of}
? Was kostet es, ein Jahr lang dabei zu sein{of}?
?wer Für wen gibt es eine Ermäßigung{of}?
?wer Wer zahlt weniger{of}?
# versammlung: Mitgliederversammlung | Versammlung
m = März | April | Oktober | November
n = int 10 42
> Die Mitgliederversammlung findet im [[wann:{m}]] statt. Eingeladen wird [[{n} Tage]] vorher.
> Mindestens [[{n} Tage]] vor der Versammlung im [[wann:{m}]] gehen die Einladungen hinaus.
~ Anträge sind schriftlich zu stellen.
? Wie lange vorher wird zur Versammlung eingeladen{of}?
? Einladungsfrist{of}
?wann Wann findet die Mitgliederversammlung statt{of}?
?wann In welchem Monat kommen die Mitglieder zusammen{of}?
# austritt: Austritt | Kündigung der Mitgliedschaft
n = int 1 6
> Der Austritt ist mit einer Frist von [[{n} Wochen]] zum Jahresende möglich.
> Wer den Verein verlassen will, teilt dies [[{n} Wochen]] vor Jahresende mit.
~ Ausgeliehene Geräte sind zurückzugeben.
? Welche Frist gilt für den Austritt{of}?
? Kündigungsfrist Mitgliedschaft{of}
? Ich möchte nicht mehr Mitglied sein. Wie früh muss ich das sagen{of}?
# vorstand: Vorstand
p = person
n = int 3 9
j = int 2 5
> Den Vorsitz führt [[wer:{p}]]. Der Vorstand hat [[zahl:{n} Mitglieder]] und wird auf [[{j} Jahre]] gewählt.
> Auf [[{j} Jahre]] gewählt sind [[zahl:{n} Mitglieder]] des Vorstands; Vorsitz: [[wer:{p}]].
~ Der Vorstand arbeitet ehrenamtlich.
? Auf wie viele Jahre wird der Vorstand gewählt{of}?
? Amtszeit des Vorstands{of}
?wer Wer hat den Vorsitz{of}?
?wer Wer leitet den Verein{of}?
?zahl Wie viele Personen gehören zum Vorstand{of}?
# zweck: Zweck
v = die Pflege alter Obstsorten | der Bau von Modellschiffen | das gemeinsame Singen | der Schutz der Fledermäuse
> Zweck des Vereins ist [[{v}]].
> Der Verein dient einem Ziel: [[{v}]].
~ Der Verein ist selbstlos tätig.
? Welchen Zweck hat der Verein{of}?
? Wofür wurde der Verein gegründet{of}?
? Vereinszweck{of}
# platz: Nutzung der Räume | Räume
a = int 7 10
b = int 19 23
t = money 5 60 5
> Die Räume sind von [[{a} bis {b} Uhr]] geöffnet. Ein verlorener Schlüssel kostet [[preis:{t}]].
> Geöffnet ist von [[{a} bis {b} Uhr]]; für einen verlorenen Schlüssel sind [[preis:{t}]] zu zahlen.
~ Rauchen ist in den Räumen nicht erlaubt.
? Wann sind die Räume geöffnet{of}?
? Öffnungszeiten{of}
?preis Was kostet ein verlorener Schlüssel{of}?
?preis Ich finde meinen Schlüssel nicht mehr. Wie teuer wird das{of}?
"""
LEASE = """
# miete: Miete
v = money 300 2400 10
t = ersten | dritten | fünften
> Die Miete beträgt monatlich [[{v}]] und ist bis zum [[tag:{t} Werktag]] zu zahlen.
> Bis zum [[tag:{t} Werktag]] jedes Monats überweist der Mieter [[{v}]].
~ Eine Barzahlung ist ausgeschlossen.
? Wie hoch ist die Miete{of}?
? Monatsmiete{of}
? Was kostet das Wohnen im Monat{of}?
?tag Bis wann ist die Miete zu zahlen{of}?
?tag Fälligkeit der Miete{of}
# kaution: Kaution | Sicherheit
v = money 500 6000 50
n = int 2 6
> Der Mieter hinterlegt eine Kaution von [[{v}]]. Sie wird [[zeit:{n} Monate]] nach dem Auszug zurückgezahlt.
> Als Sicherheit werden [[{v}]] hinterlegt und spätestens [[zeit:{n} Monate]] nach dem Auszug erstattet.
~ Die Kaution wird verzinst.
? Wie hoch ist die Kaution{of}?
? Mietsicherheit Betrag{of}
? Welche Summe muss ich als Sicherheit hinterlegen{of}?
?zeit Wann bekomme ich die Kaution zurück{of}?
# tiere: Tierhaltung
v = Katzen sind erlaubt, Hunde nur mit Zustimmung | Haustiere sind nicht gestattet | Kleintiere sind ohne Anfrage erlaubt
> Für Tiere gilt: [[{v}]].
> [[{v}]].
~ Futter ist nicht auf dem Balkon zu lagern.
? Sind Haustiere erlaubt{of}?
? Darf ich meinen Hund mitbringen{of}?
? Tierhaltung{of}
# frist: Kündigung
v = drei Monate | sechs Wochen | sechs Monate | einen Monat
f = per Brief | per Einschreiben | schriftlich mit Unterschrift
> Die Kündigungsfrist beträgt [[{v}]]; gekündigt wird [[form:{f}]].
> Gekündigt wird [[form:{f}]]. Die Frist beträgt [[{v}]].
~ Eine Kündigung per Telefon ist unwirksam.
? Wie lang ist die Kündigungsfrist{of}?
? Wie früh muss ich vor dem Auszug Bescheid geben{of}?
?form In welcher Form wird gekündigt{of}?
# beginn: Mietbeginn
d = date
> Das Mietverhältnis beginnt am [[{d}]].
> Einzug ist am [[{d}]].
~ Die Schlüssel werden im Büro übergeben.
? Wann beginnt das Mietverhältnis{of}?
? Ab wann kann man einziehen{of}?
? Mietbeginn{of}
# garten: Garten und Keller
v = darf gemeinsam genutzt werden | gehört nicht zur Wohnung | wird vom Hausmeister gepflegt
> Der Garten [[{v}]].
> Zum Garten: er [[{v}]].
~ Fahrräder stehen im Keller.
? Was ist über den Garten vereinbart{of}?
? Darf ich in den Garten{of}?
"""
DEVICE = """
# reinigen: Reinigung
v = den Filter | das Sieb | die Düse | den Wassertank
n = int 2 30
> Reinigen Sie [[was:{v}]] alle [[{n} Stunden]].
> Nach jeweils [[{n} Stunden]] Betrieb ist zu reinigen: [[was:{v}]].
~ Ziehen Sie vorher den Stecker.
? Wie oft muss das Gerät gereinigt werden{of}?
? Reinigungsintervall{of}
?was Welcher Teil ist regelmäßig zu reinigen{of}?
# leistung: Technische Daten
w = int 40 2400 20
k = decimal 1 30 1
> Leistung: [[{w} W]]. Gewicht: [[kg:{k} kg]].
> Das Gerät wiegt [[kg:{k} kg]] und nimmt [[{w} W]] auf.
~ Änderungen bleiben vorbehalten.
? Welche Leistung hat das Gerät{of}?
? Leistungsaufnahme{of}
?kg Wie schwer ist das Gerät{of}?
?kg Gewicht{of}
# garantie: Garantie
n = int 1 6
a = Schäden durch Frost | Kratzer | Batterien | Verschleißteile
> Die Garantie gilt [[{n} Jahre]]. Ausgenommen sind [[nicht:{a}]].
> Wir geben [[{n} Jahre]] Garantie; nicht darunter fallen [[nicht:{a}]].
~ Bewahren Sie den Kassenbon auf.
? Wie lange gilt die Garantie{of}?
? Garantiezeit{of}
?nicht Was ist von der Garantie ausgenommen{of}?
# lampe: Wenn die Lampe blinkt | Störung
s = ist der Tank leer | ist der Deckel offen | ist das Gerät zu heiß | ist der Akku schwach
> Wenn die rote Lampe blinkt, [[{s}]].
> Die rote Lampe blinkt: dann [[{s}]].
~ Die grüne Lampe zeigt den normalen Betrieb.
? Was bedeutet es, wenn die rote Lampe blinkt{of}?
? Warum blinkt es rot{of}?
? rote Lampe blinkt{of}
# alter: Sicherheit
n = int 8 16
> Kinder unter [[{n} Jahren]] dürfen das Gerät nicht benutzen.
> Das Mindestalter für die Benutzung ist [[{n} Jahre]].
~ Lassen Sie das Gerät nicht unbeaufsichtigt.
? Ab welchem Alter darf man das Gerät benutzen{of}?
? Mindestalter{of}
# abstand: Aufstellen
n = int 5 60 5
> Halten Sie [[{n} cm]] Abstand zur Wand.
> Zur Wand sind mindestens [[{n} cm]] frei zu lassen.
~ Stellen Sie das Gerät nicht auf Teppich.
? Wie viel Abstand zur Wand ist nötig{of}?
? Wie nah darf das Gerät an der Wand stehen{of}?
"""
KINDS = (
    Kind(
        title="Satzung des Vereins {mark}",
        of=(" bei {mark}", " im Verein {mark}", " nach der Satzung von {mark}"),
        marks="place",
        topics=CLUB,
    ),
    Kind(title="Mietvertrag {mark}", of=(" im Vertrag {mark}", " laut Mietvertrag {mark}"), marks="code", topics=LEASE),
    Kind(
        title="Bedienungsanleitung Modell {mark}", of=(" beim Modell {mark}", " ({mark})"), marks="code", topics=DEVICE
    ),
)


def documents(rng: random.Random) -> Iterator[InventedDocument]:
    """Two or three siblings of one kind."""
    yield from family(rng, genre="german", lang="de", kinds=KINDS, numbering=("§ {n} {h}", "{n}. {h}", "{h}"))
