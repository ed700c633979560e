"""Statutes, by-laws and regulations; a family is one body's or town's rules of different years."""

from __future__ import annotations

import random
from collections.abc import Iterator

from data.make.draw import style, word
from data.make.invented import InventedDocument, compose, read_topics

TOPICS = """
# purpose!: Purpose | Aim
v = the upkeep of public gardens | clean and quiet streets | fair use of the harbour | the care of old buildings | orderly markets | the protection of bats and owls
> These rules serve [[{v}]] in {place}.
> Their purpose is [[{v}]]. They apply in all of {place}.
> For the sake of [[{v}]] the council of {place} has passed the following rules.
~ The rules do not touch rights that others have by law.
? What is the aim of the rules{of}?
? purpose{of}
? To what end did the council pass them{of}?
# force: Entry into force | Coming into force
day = date
old = year 1952 2004
> The rules take effect on [[day:{day}]] and replace those of [[old:{old}]].
> On [[day:{day}]] they come into force; the rules of [[old:{old}]] lapse on the same day.
~ Pending cases are decided by the old rules.
?day When do the rules come into force{of}?
?day effective date{of}
?day From which day on must everybody keep to them{of}?
?old Which earlier rules do they replace{of}?
?old From what year were the rules that lapsed{of}?
# quiet: Quiet hours | Noise
a = time 20 23
b = time 5 8
t = time 12 13
> Between [[{a} and {b}]] noise that can be heard outside is forbidden; [[what:mowing is not allowed on Sundays]].
> Quiet is kept from [[{a} to {b}]]. [[what:Music in the open needs a permit]].
> From [[{a} until {b}]] nobody may disturb the rest of others. [[what:Church bells are excepted]].
~ Noise of children at play is no disturbance.
? When are the quiet hours{of}?
? night-time rest, from when to when{of}
? At which time of day must I not use a drill{of}?
? Until what hour can we be loud{of}?
?what What is said of single sources of noise{of}?
# dogs: Dogs | Keeping of dogs
v = on a lead of no more than two metres | on a lead in the inner town | muzzled on markets | under control at all times
m = money 30 500 10
> Dogs are kept [[{v}]]. Whoever does not take their dirt away pays [[fine:{m}]].
> A dog must be [[{v}]]; leaving its dirt costs [[fine:{m}]].
~ Guide dogs are exempt.
? How must dogs be kept{of}?
? dogs lead or muzzle{of}
? I walk my spaniel there. What do I have to mind{of}?
?fine What is the fine for leaving dog dirt{of}?
?fine dog dirt penalty{of}
# permit: Permits | Licences
what = a stall | a street party | a scaffold | a bonfire | a sign above the pavement
n = span 5 60 days
fee = money 10 480 5
> Whoever wants [[what:{what}]] applies for a permit [[{n}]] ahead. The fee is [[fee:{fee}]].
> A permit is needed for [[what:{what}]]; it costs [[fee:{fee}]] and is asked for [[{n}]] before.
> [[what:{what}]] needs a permit. Applications are handed in [[{n}]] in advance, together with [[fee:{fee}]].
~ A permit can be withdrawn if its terms are not met.
? How far ahead must one apply for a permit for {what}{of}?
? application deadline for {what}{of}
?fee What does the permit for {what} cost{of}?
?fee permit fee{of}
?what For what is a permit needed{of}?
?what What cannot be done without asking the town first{of}?
# fine!: Fines | Offences | Penalties
a = money 20 200 10
b = money 500 9000 500
> Offences are punished by a fine of [[{a} to {b}]]; in case of repetition it is [[rep:doubled]].
> Whoever breaks these rules pays between [[{a} and {b}]]. A second offence within a year [[rep:costs twice as much]].
> The fine is at least {a} and at most {b}: in short, [[{a}–{b}]]. For a repeated offence [[rep:half as much again is added]].
~ A warning may take the place of a fine.
? What fines are provided for{of}?
? range of fines{of}
? What does it cost to break the rules{of}?
?rep What if someone offends again{of}?
?rep repeated offence{of}
# board: Board | Committee | Organs
n = int 3 15 2
y = span 2 6 years
q = half | two thirds | a majority | three quarters
> The board has [[n:{n} members]], chosen for [[{y}]]. It may decide when [[q:{q}]] of them are present.
> [[n:{n} members]] form the board; they hold office for [[{y}]]. A quorum is [[q:{q}]] of the members.
~ Members of the board are not paid.
? How long is the term of office of the board{of}?
? board term{of}
? For how many years is one elected{of}?
?n How many people sit on the board{of}?
?n size of the board{of}
?q What is the quorum{of}?
?q How many have to be in the room for a valid decision{of}?
# meeting: General meeting | Assembly
m = month
d = span 10 42 days
s = a tenth | a fifth | a quarter | a third
> The general meeting is held each [[when:{m}]]; it is called [[{d}]] before. [[extra:{s} of the members]] may demand a further one.
> Every [[when:{m}]] the members assemble. Invitations go out [[{d}]] ahead. An extra meeting is held when [[extra:{s} of the members]] ask for it.
~ Motions are handed in before the agenda is sent.
?when When is the general meeting held{of}?
?when month of the assembly{of}
? How long before the assembly must invitations be sent{of}?
? notice period for calling the meeting{of}
?extra Who can demand an extraordinary meeting{of}?
?extra How many members does it take to call an additional assembly{of}?
# fees: Contributions | Dues | Fees
v = money 10 400 5
who = pupils and students | pensioners | families with more than two children | members of the fire brigade
> The yearly contribution is [[{v}]]. [[who:{who}]] pay half.
> [[{v}]] is due every year; half of it from [[who:{who}]].
~ Dues are not paid back when a member leaves.
? How much is the yearly contribution{of}?
? annual dues{of}
? What must members pay per year{of}?
?who Who pays a reduced contribution{of}?
?who Is there a discount, and for whom{of}?
# amend: Amendments | Changes
q = two thirds | three quarters | four fifths | an absolute majority
> Amendments need [[{q}]] of the votes cast.
> These rules are changed by [[{q}]] of those voting.
~ Slips of the pen may be mended by the clerk.
? What majority is needed for an amendment{of}?
? majority for changing the rules{of}
? How many votes does it take to alter a paragraph{of}?
# leave: Leaving | Exclusion | End of membership
n = span 1 6 months
v = two years' dues are unpaid | a member harms the body on purpose | rules are broken after two warnings
> Members leave by writing to the board [[{n}]] before the year ends. They can be excluded if [[why:{v}]].
> Exclusion is possible where [[why:{v}]]. Whoever wants to leave says so [[{n}]] before the end of the year.
~ An excluded member may appeal to the assembly.
? What is the notice for leaving{of}?
? resignation of members{of}
?why When can a member be excluded{of}?
?why grounds for expulsion{of}
?why What would get somebody thrown out{of}?
# waste: Waste | Bins
d = weekday
t = time 5 8
size = int 60 240 20
> Bins are put out on [[day:{d}]] before [[time:{t}]]; each household has one of [[size:{size} litres]].
> Collection is on [[day:{d}]]. Bins ([[size:{size} litres]] a household) stand at the kerb by [[time:{t}]].
~ Glass is taken to the containers.
?day On which day are the bins collected{of}?
?day refuse collection day{of}
?time By when must the bin be outside{of}?
?size What size of bin does a household get{of}?
# trees: Trees and hedges | Protected trees
cm = int 40 120 5
m = int 1 4
> Trees with a girth above [[{cm} cm]] may not be felled; whoever fells one plants [[n:{m} new ones]].
> Felling a tree of more than [[{cm} cm]] girth needs consent, and [[n:{m} young trees]] are planted for it.
~ Fruit trees are excepted.
? From what girth is a tree protected{of}?
? tree felling limit{of}
? Can I cut down the old beech in my garden, or is it too thick{of}?
?n How many trees must be planted in return{of}?
# padding: Definitions | Scope
> "Public ground" in these rules means streets, squares, parks and banks that all may use.
~ The clerk keeps the original text.
~ Words for persons mean persons of every sex.
~ In case of doubt the council decides.
"""


def documents(rng: random.Random) -> Iterator[InventedDocument]:
    """Two or three versions or subjects of one body's rules."""
    shared = {**style(rng), "place": word(rng)}
    kind = rng.choice(
        ("By-laws of {p}", "Town of {p}: local regulations", "Statutes of the {p} Association", "Ordinance of {p}")
    )
    first = rng.randint(1985, 2018)
    for year in sorted(rng.sample(range(first, first + 9), rng.choice((2, 2, 3)))):
        yield compose(
            rng, genre="by_laws", title=f"{kind.format(p=shared['place'])} ({year})", topics=read_topics(TOPICS),
            context={**shared, "year": str(year)},
            of=(f" in the {year} version", f" under the rules of {year}", f" as of {year}", f" ({year} text)"),
            names=(str(year),),
            numbering=("§ {n} {h}", "Art. {n} {h}", "Section {n}. {h}", "{n}. {h}"),
        )  # fmt: skip
