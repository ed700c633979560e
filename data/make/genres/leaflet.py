"""Package leaflets of medicines, all invented; a family is one substance in different strengths or forms."""

from __future__ import annotations

import random
from collections.abc import Iterator

from data.make.draw import firm, style
from data.make.invented import InventedDocument, Section, compose, read_topics
from data.make.tables import Table, TableForms, table_block, table_questions

TOPICS = """
# use!: What it is and what it is used for | Uses
v = heartburn | hay fever | mild pain and fever | a dry cough | high blood pressure | trouble falling asleep | fungal infection of the nails | travel sickness
> {name} is a medicine against [[{v}]].
> This medicine is used to treat [[{v}]].
> Doctors prescribe {name} for [[{v}]].
~ It contains {substance}.
~ This medicine was prescribed for you alone.
? What is it taken for{of}?
? indication{of}
? Against which complaint does the medicine help{of}?
? Why would a doctor prescribe it{of}?
# not!: Do not take it if | When it must not be taken
v = you are allergic to {substance} | your liver works poorly | you are under twelve years old | you have had a stomach ulcer | you take blood thinners | you suffer from glaucoma
> Do not take {name} if [[{v}]].
> It must not be used when [[{v}]].
> {name} is not for you if [[{v}]].
~ Ask your doctor if you are not sure.
? Who must not take it{of}?
? contraindications{of}
? In which case should I keep my hands off it{of}?
? Is it safe for everybody{of}?
# dose: How to take it | Dosage
v = one tablet | two tablets | half a tablet | ten drops | one sachet | 5 ml
n = once a day | twice a day | three times a day | every eight hours | before going to bed
max = int 2 8
> Adults take [[{v}]] [[often:{n}]]; the daily maximum is [[max:{max} times that amount]].
> The usual dose for adults is [[{v}]], taken [[often:{n}]]. Never exceed [[max:{max} doses in 24 hours]].
> Unless your doctor says otherwise: [[{v}]], [[often:{n}]]. At most [[max:{max} doses a day]].
~ Swallow with a glass of water.
~ The dose for old people may be lower.
? How much do adults take{of}?
? adult dose{of}
? What is the right amount at one time{of}?
?often How often is it taken{of}?
?often times per day{of}
?max What is the daily maximum{of}?
?max How much is too much in a single day{of}?
# child: Children | Use in children
v = int 2 14
d = half the adult dose | a quarter of the adult dose | 2 mg per kilogram | five drops
> Children from [[age:{v} years]] on are given [[{d}]].
> For children ([[age:{v} years]] and older) the dose is [[{d}]].
~ Keep out of the sight of children.
? How much is given to children{of}?
? paediatric dose{of}
?age From what age may children have it{of}?
?age minimum age{of}
?age My son is at primary school. Is he old enough for it{of}?
# forgot: If you forget a dose | Missed dose
v = leave it out and go on as usual | take it as soon as you think of it | take it unless the next one is due within four hours
> If you have forgotten a dose, [[{v}]].
> Missed one? Then [[{v}]].
~ Never take a double dose to make up for it.
? What do I do if I forget a dose{of}?
? missed dose{of}
? I should have had it this morning and did not. What now{of}?
# overdose: If you take too much | Overdose
s = dizziness and vomiting | a slow pulse | confusion | cramps | deep sleep
a = call the poison centre | drink plenty of water and call a doctor | go to a hospital with the pack
> Too much of it causes [[sign:{s}]]. In that case [[{a}]].
> Signs of an overdose are [[sign:{s}]]. If they occur, [[{a}]].
~ Take the pack with you.
? What is to be done after an overdose{of}?
? overdose measures{of}
?sign How does an overdose show{of}?
?sign symptoms of too much{of}
# effects: Possible side effects | Side effects
a = headache | a dry mouth | itching | nausea | tiredness | loose bowels
b = blurred vision | a fall of blood pressure | hair loss | swelling of the face | a racing heart
> Common (up to 1 in 10): [[common:{a}]]. Rare (up to 1 in 1,000): [[rare:{b}]].
> Many people get [[common:{a}]]; [[rare:{b}]] occurs in one of a thousand at most.
> [[common:{a}]] is often seen, [[rare:{b}]] hardly ever.
~ Not everybody gets side effects.
~ Side effects can be reported to the agency.
?common Which side effect is common{of}?
?common frequent adverse reactions{of}
?rare Which side effect is rare{of}?
?rare What might happen to very few patients{of}?
# mix: Other medicines | Interactions
v = medicines for the heart | the contraceptive pill | antacids | sleeping pills | antibiotics of the tetracycline group
e = weakens its effect | makes it last longer | raises the risk of bleeding | makes you drowsy
> Taking it together with [[{v}]] [[effect:{e}]].
> [[{v}]]: use at the same time [[effect:{e}]].
~ Tell your doctor what else you take.
? With which medicines does it interact{of}?
? interactions{of}
? What should not be combined with it{of}?
?effect What happens if it is taken along with other drugs{of}?
# pregnant: Pregnancy and breast-feeding
v = only in the last three months | not at all | only on a doctor's advice | in low doses without concern
> In pregnancy it may be used [[{v}]].
> Women who are pregnant may take it [[{v}]].
~ It passes into milk in small amounts.
? May it be used in pregnancy{of}?
? pregnancy{of}
? I am expecting a baby. Can I take it{of}?
# drive: Driving | Driving and machines
v = for eight hours after taking it | at the beginning of treatment | if you feel dizzy | without any restriction at high doses only
> Do not drive [[{v}]].
> You should keep away from the wheel [[{v}]].
~ Alcohol makes this worse.
? When must one not drive{of}?
? driving ability{of}
? Can I take my car to work after swallowing it{of}?
# food: Food and drink
v = on an empty stomach | with a meal | without milk | an hour before breakfast | not together with grapefruit juice
> Take it [[{v}]].
> {name} is best taken [[{v}]].
~ Small amounts of coffee do no harm.
? Is it taken before or after eating{of}?
? with food or without{of}
? What about meals{of}?
# store: How to store it | Storage
t = int 20 30 5
m = span 1 12 months
> Store below [[temp:{t} °C]]. Once opened it keeps for [[{m}]].
> It keeps for [[{m}]] after opening, at no more than [[temp:{t} °C]].
~ Medicines do not go into waste water.
? How long does it keep once opened{of}?
? shelf life after opening{of}
?temp At what temperature is it stored{of}?
?temp storage temperature{of}
?temp Do I need a fridge for it{of}?
# inside: Contents of the pack | What it contains
n = int 10 100 10
x = lactose | maize starch | peppermint oil | gelatine | sorbitol
f = firm
> A pack holds [[n:{n} pieces]]. Besides {substance} it contains [[{x}]]. Made by [[who:{f}]].
> Other ingredients: [[{x}]]. Pack size: [[n:{n} pieces]]. Manufacturer: [[who:{f}]].
~ Not all pack sizes may be sold.
? Which other ingredient does it contain{of}?
? excipients{of}
? I cannot stand certain additives. What is in it apart from the active substance{of}?
?n How many are in a pack{of}?
?who Who makes it{of}?
# padding: About this leaflet
> Read this leaflet carefully; you may want to read it again.
~ This leaflet was last revised in {year}.
~ Your pharmacist knows more.
"""
FORMS = TableForms(
    cell=(
        "What is the {col} for someone who weighs {row}{of}?", "{row} body weight, {col}{of}", "{col} at {row}{of}",
        "A patient weighs {row}. Which {col} applies{of}?", "How is it dosed at {row}: {col}{of}?",
    ),
    change=("At {row}, how do {col} and {col2} differ{of}?",),
    label=("For which body weight is {value} the {col}{of}?",),
)  # fmt: skip
WEIGHTS = ("10–15 kg", "16–20 kg", "21–30 kg", "31–40 kg", "41–55 kg", "56–70 kg", "over 70 kg")


def documents(rng: random.Random) -> Iterator[InventedDocument]:
    """Two or three strengths of one invented medicine."""
    shared = {**style(rng), "maker": firm(rng)}
    stem = rng.choice(("Dol", "Cal", "Ven", "Nor", "Tus", "Ser", "Gas", "Lum", "Pra", "Zel")) + rng.choice(
        ("ovan", "imex", "adil", "orin", "utab", "enta", "ipar")
    )
    substance = rng.choice(("bre", "cli", "dro", "fen", "mel", "tri", "xan")) + rng.choice(
        ("foprazil", "tamidine", "loxacet", "virmol", "benzarol")
    )
    for strength in rng.sample(
        ("5 mg", "10 mg", "20 mg", "50 mg", "200 mg", "Junior", "Forte", "Depot", "Gel", "Drops"), rng.choice((2, 3))
    ):
        name = f"{stem} {strength}"
        title = rng.choice((f"Package leaflet: {name} ({substance})", f"{name} – information for the user"))
        of = (f" with {name}", f" ({name})", f" in the case of {name}")
        sections, asked = [], []
        if rng.random() < 0.6:
            shown = sorted(rng.sample(range(len(WEIGHTS)), rng.randint(3, 5)))
            table = Table(
                owner=title,
                name="leaflet.weights",
                head=("Body weight", "single dose", "highest dose a day"),
                caption=rng.choice(("", "Dose by body weight")),
                rows=tuple(
                    (WEIGHTS[i], f"{2 * i + rng.randint(1, 2)} ml", f"{8 * i + rng.randint(5, 9)} ml") for i in shown
                ),
            )
            sections.append(Section(heading="Dose by weight", blocks=(table_block(table, rng),)))
            asked = table_questions(
                table,
                FORMS,
                rng,
                of=of,
                names=(name,),
                count=4,
                absent_rows=[w for i, w in enumerate(WEIGHTS) if i not in shown][:2],
            )
        yield compose(
            rng, genre="leaflet", title=title, topics=read_topics(TOPICS),
            context={**shared, "name": name, "substance": substance}, of=of, names=(name,), sections=sections, questions=asked,
            numbering=("{n}. {h}", "{h}", "{n} {h}"),
        )  # fmt: skip
