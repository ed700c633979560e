"""Reports of test laboratories on water, soil, food and materials; a family is one client's samples."""

from __future__ import annotations

import random
from collections.abc import Iterator

from data.make.draw import code, firm, style
from data.make.invented import InventedDocument, Section, compose, read_topics
from data.make.tables import Table, TableForms, table_block, table_questions

TOPICS = """
# sample: Sample | Description of the sample
where = the tap in the kitchen | a well of nine metres | the outlet of tank 3 | the north corner of the field | pallet 12 | the second batch of the day
day = date
n = person
> The sample was taken on [[day:{day}]] at [[where:{where}]] by [[who:{n}]].
> [[who:{n}]] drew the sample ([[where:{where}]]) on [[day:{day}]].
> Taken on [[day:{day}]]. Taken by [[who:{n}]]. Place: [[where:{where}]].
~ The sample reached us cool and undamaged.
~ Part of the sample is kept for three months.
?day When was the sample taken{of}?
?day sampling date{of}
?where Where was the sample taken{of}?
?where sampling point{of}
?where From which spot does the material come{of}?
?who Who took the sample{of}?
?who sampler{of}
# received: Receipt | Arrival at the laboratory
day = date
t = decimal 2 9 1
> It arrived on [[day:{day}]] at a temperature of [[{t} °C]].
> Received [[day:{day}]]; temperature on arrival [[{t} °C]].
~ The seal was intact.
?day When did the sample reach the laboratory{of}?
?day date of receipt{of}
? How warm was the sample when it came in{of}?
? arrival temperature{of}
# method: Method | How we measured
m = ICP-MS after digestion with nitric acid | ion chromatography | gas chromatography with flame ionisation | titration | membrane filtration and counting of colonies | infrared spectroscopy
n = int 2 9
> Measured by [[{m}]], in [[n:{n} replicates]].
> The procedure was [[{m}]]; [[n:{n} replicates]] were run.
> [[n:{n} replicates]] were analysed by [[{m}]].
~ Blanks were run with each series.
~ The instrument is calibrated every morning.
? Which method was used{of}?
? analytical procedure{of}
? How were the values obtained{of}?
?n How many replicates were run{of}?
?n number of repetitions{of}
# uncertainty: Uncertainty | Quality of the results
u = percent 2 25
r = percent 85 99
> The expanded uncertainty is [[{u}]] (k = 2). Recovery of a spiked sample: [[rec:{r}]].
> A spiked sample gave a recovery of [[rec:{r}]]; results are uncertain by [[{u}]].
~ Uncertainty is not taken into account when we judge.
? How uncertain are the results{of}?
? measurement uncertainty{of}
? By how much might the true value differ{of}?
?rec What was the recovery{of}?
?rec recovery of the spike{of}
# odd!: Remarks | Deviations
v = the bottle was filled only halfway | the label was hard to read | one replicate was discarded as an outlier | the room was warmer than planned | the delivery came a day late
act = the result stands nevertheless | the result is for guidance only | the analysis was repeated | the client was told
> Deviation: [[{v}]]; [[act:{act}]].
> As to the course of the analysis we note that [[{v}]]. Consequence: [[act:{act}]].
~ Nothing else drew our attention.
? What deviated from the plan{of}?
? anomalies noted{of}
? Did anything go wrong during the analysis{of}?
?act What followed from the deviation{of}?
?act How was the irregularity dealt with{of}?
# judgement!: Assessment | Opinion
v = meets all limits of the ordinance | exceeds the limit for one parameter and should not be used | is fit for the intended use | does not conform to the specification | is of medium quality
why = because of a single reading | as all readings lie below the limits | since the moisture is too high | on the strength of two series
> The sample [[{v}]], [[why:{why}]].
> In our opinion the sample [[{v}]]. We say so [[why:{why}]].
~ Opinions are outside our accreditation.
? What is the verdict on the sample{of}?
? conformity statement{of}
? Is the material good enough{of}?
?why On what does the laboratory base its verdict{of}?
?why Why was it judged so{of}?
# advice: Advice | Recommendation
v = flush the pipe for five minutes before use | repeat the analysis in half a year | spread lime in autumn | store the goods below 60 % humidity | replace the filter
> We recommend to [[{v}]].
> Our advice: [[{v}]].
~ Advice is given without charge.
? What does the laboratory recommend{of}?
? recommendation{of}
? What should be done now{of}?
# signed: Release | Signature
p = person
day = date
no = code
> Released on [[day:{day}]] by [[who:{p}]], head of laboratory. Accreditation [[no:{no}]].
> [[who:{p}]] released this report on [[day:{day}]] (accreditation no. [[no:{no}]]).
~ Valid without a signature.
?who Who released the report{of}?
?who head of laboratory{of}
?day When was the report released{of}?
?no What is the accreditation number{of}?
# price: Costs | Charges
v = money 60 1900 10
d = span 10 40 days
> The analysis costs [[{v}]], payable within [[d:{d}]].
> For our work we charge [[{v}]]; please pay inside [[d:{d}]].
~ Express orders cost more.
? What does the analysis cost{of}?
? price of the test{of}
?d When must the laboratory be paid{of}?
# padding: General | Notes
> Results concern the sample as received only. This report may be copied only as a whole.
~ n.d. means not detected.
~ Raw data are kept for ten years.
"""
PARAMETERS = {
    "Nitrate": "mg/l", "Lead": "µg/l", "Iron": "mg/l", "pH": "–", "Conductivity": "µS/cm", "Chloride": "mg/l", "Copper": "mg/kg",
    "Moisture": "%", "Ash": "%", "Protein": "g/100 g", "Fat": "g/100 g", "Cadmium": "µg/kg", "Coliform germs": "/100 ml",
    "Turbidity": "NTU", "Sulphate": "mg/l", "Zinc": "mg/kg", "Tensile strength": "MPa", "Hardness": "°dH",
}  # fmt: skip
CALLED = {"Moisture": ("water content",), "Lead": ("Pb",), "Coliform germs": ("bacteria of faecal origin",), "Iron": ("Fe",),
          "pH": ("acidity",), "Turbidity": ("cloudiness",), "Hardness": ("lime content",), "Copper": ("Cu",), "Sodium": ("Na",)}  # fmt: skip
FORMS = TableForms(
    cell=(
        "What is given for {row} under {col}{of}?", "{row} {col}{of}", "{row}: {col}{of}?", "How about {row}, I need the {col}{of}?",
        "Please give me the {col} of {row}{of}.", "Which {col} does the report list for {row}{of}?",
        "What did they find for {row} ({col}){of}?",
    ),
    between=("Was {row} or {row2} the larger number under {col}{of}?",),
    change=("Does {row} stay within what is allowed: {col} against {col2}{of}?", "{row}: {col} and {col2} side by side{of}",
            "How does {col} of {row} compare with {col2}{of}?", "Is the {row} reading too high, {col} versus {col2}{of}?"),
    label=("Which parameter has {value} as {col}{of}?",),
)  # fmt: skip
UNIT_FORMS = TableForms(
    cell=("In which unit is {row} given{of}?", "unit of {row}{of}", "{row}: what unit{of}?", "Is {row} stated per litre, per kilogram or how{of}?"),
)  # fmt: skip


def documents(rng: random.Random) -> Iterator[InventedDocument]:
    """Two or three samples of one client."""
    shared, client = style(rng), firm(rng)
    kind = rng.choice(("Water", "Soil", "Flour", "Sludge", "Feed", "Paint", "Honey", "Cheese", "Compost"))
    for _ in range(rng.choice((2, 3))):
        number = code(rng)
        title = rng.choice(
            (f"Test report {number}: {kind.lower()} for {client}", f"{kind} analysis {number} – {client}")
        )
        of = (f" in sample {number}", f" in report {number}", f" for {number}")
        shown = rng.sample(list(PARAMETERS), rng.randint(5, 9))
        results = [(rng.uniform(0.1, 90), rng.uniform(0.5, 120)) for _ in shown]
        digits = rng.choice((1, 2))
        head = rng.choice(
            (("Parameter", "Unit", "Result", "Limit"), ("Determinand", "unit", "value found", "permitted value"))
        )
        table = Table(
            owner=title, name="lab_report.results", head=head, caption=rng.choice(("", "Results", f"Table 1: results, {number}")),
            rows=tuple((s, PARAMETERS[s], f"{a:.{digits}f}" if rng.random() < 0.9 else "n.d.", f"{b:.{digits}f}")
                       for s, (a, b) in zip(shown, results, strict=True)),
            values=tuple((0.0, a, b) for a, b in results), called=CALLED,
        )  # fmt: skip
        yield compose(
            rng, genre="lab_report", title=title, topics=read_topics(TOPICS), context=shared, of=of, names=(number,),
            sections=[Section(heading=rng.choice(("Results", "Findings", "Table of results")), blocks=(table_block(table, rng),))],
            questions=[
                *table_questions(table, FORMS, rng, of=of, names=(number,), count=8, columns=(2, 3),
                                 absent_rows=[p for p in PARAMETERS if p not in shown][:3]),
                *table_questions(table, UNIT_FORMS, rng, of=of, names=(number,), count=2, columns=(1,)),
            ],
        )  # fmt: skip
