"""Reports of funded projects to those who paid; a family is one funder's projects or years."""

from __future__ import annotations

import random
from collections.abc import Iterator

from data.make.draw import code, firm, number, style, word
from data.make.invented import InventedDocument, Section, compose, read_topics
from data.make.tables import Table, TableForms, table_block, table_questions

TOPICS = """
# project!: The project | Summary
v = wells for six villages | a choir for prisoners | a seed bank | evening classes for nurses | a mobile cinema | a map of old orchards
a = date
b = span 6 48 months
> With the grant we carried out [[{v}]]; work began on [[start:{a}]] and takes [[dur:{b}]].
> [[{v}]]: this is what the grant made possible. Start: [[start:{a}]]. Length: [[dur:{b}]].
~ The project is carried by many volunteers.
? What was the grant used for{of}?
? purpose of the project{of}
? What did they do with the money{of}?
?start When did the project begin{of}?
?start project start{of}
?dur How long does the project run{of}?
# grant: The grant | Funds received
v = money 5000 800000 500
share = int 40 95
> The grant was [[{v}]], that is [[share:{share} %]] of all costs.
> We received [[{v}]]. This covered [[share:{share} %]] of what was spent.
~ Bank statements are attached.
? How much was granted{of}?
? grant amount{of}
? What sum did the funder give{of}?
?share What share of the costs did the grant cover{of}?
# reach: Who was reached | Participants
n = int 20 9000
w = int 30 90
k = single parents | farmers | young carers | retired miners | newcomers
> We reached [[{n} people]], mostly [[who:{k}]]; [[women:{w} %]] were women.
> [[{n} people]] took part ([[women:{w} %]] women). The largest group were [[who:{k}]].
~ Names are kept on a list.
? How many people were reached{of}?
? number of beneficiaries{of}
? How many took part in it{of}?
?who Which group was the largest among those who took part{of}?
?women What share of participants were women{of}?
# goal!: Goals and results | What was achieved
g = int 5 60
r = int 3 70
what = workshops | concerts | trees | visits | courses | repairs
> Planned were [[goal:{g} {what}]]; [[{r}]] were carried out.
> Of {what} we had promised [[goal:{g}]] and delivered [[{r}]].
~ Photographs are in the annex.
? How many {what} were carried out{of}?
? {what} delivered{of}
? Was the number of {what} that had been promised reached{of}?
?goal How many {what} had been planned{of}?
?goal target for {what}{of}
# trouble!: Difficulties | What went wrong
v = the boat broke down twice | the teacher moved away | heavy rain spoiled the harvest | the permit came late | prices of timber doubled
a = dates were moved to autumn | a neighbour lent hers | a part was done online | the plan was made smaller
> A difficulty was that [[{v}]]. Our answer: [[act:{a}]].
> It did not go smoothly: [[{v}]], so [[act:{a}]].
~ We have learned from this.
? What difficulties were there{of}?
? problems met{of}
? What went wrong{of}?
?act How was the difficulty dealt with{of}?
?act What was changed in the face of the trouble{of}?
# partners: Partners
a = firm
r = lent the rooms | paid for travel | did the accounts | found the participants
> [[who:{a}]] [[{r}]].
> Our partner, [[who:{a}]], [[{r}]].
~ We thank all partners.
?who Which partner took part{of}?
?who name of the partner{of}
? What did the partner contribute{of}?
# next!: Outlook | How it goes on
v = the town takes it over | a second grant is sought | it ends here | members pay for it themselves
a = date
> From [[day:{a}]] on [[{v}]].
> How does it go on? [[{v}]], beginning on [[day:{a}]].
~ We would like to do it again.
? What happens when the grant ends{of}?
? continuation{of}
? Will it live on, and how{of}?
?day From when on does the new arrangement hold{of}?
# lesson: Lessons
v = to start with a smaller group | to visit people at home first | to write less and call more | to hire a bookkeeper from the beginning
> Next time we would choose [[{v}]].
> What we learned is [[{v}]].
~ Evaluation was done by a student.
? What would they do differently{of}?
? lessons learned{of}
# staff: Staff
a = person
h = int 5 40
> [[who:{a}]] worked [[{h} hours]] a week for the project.
> The project was led by [[who:{a}]], at [[{h} hours]] weekly.
~ No overtime was paid.
?who Who led the project{of}?
? How many hours a week did the leader work{of}?
# padding: Remarks | Declaration
> We declare that the money was used as agreed.
~ Receipts can be seen at our office.
~ The report was approved by the board.
"""
FORMS = TableForms(
    cell=(
        "How much was {row} in the column {col}{of}?", "{row} {col}{of}", "What does the financial report say on {row}, {col}{of}?",
        "{col} for {row}{of}", "What had been put down as {col} for {row}{of}?", "finance table, {row}: {col}{of}",
    ),
    most=("On what was most money spent, going by {col}{of}?", "largest {col}{of}"),
    least=("Which heading has the smallest {col}{of}?",),
    change=("Was more spent on {row} than planned, {col} against {col2}{of}?", "{row}: {col} against {col2}{of}", "By how much do {col} and {col2} differ for {row}{of}?"),
    difference=("What do {row} and {row2} add up to ({col}){of}?",),
    between=("Which is larger in {col}{of}, {row} or {row2}?",),
    label=("Under which heading does {value} appear as {col}{of}?",),
)  # fmt: skip
LINES = (
    "Salaries",
    "Travel",
    "Rooms",
    "Material",
    "Printing",
    "Equipment",
    "Fees for speakers",
    "Insurance",
    "Evaluation",
    "Office",
    "Food",
    "Translation",
)


def documents(rng: random.Random) -> Iterator[InventedDocument]:
    """Two or three projects of one funder."""
    shared, funder = style(rng), f"{word(rng)} Foundation"
    for _ in range(rng.choice((2, 2, 3))):
        no, who = code(rng), rng.choice((firm(rng), f"Friends of {word(rng)}"))
        title = rng.choice((f"Report to the {funder} on grant {no}", f"{who}: final report, grant {no}"))
        of = (f" under grant {no}", f" in project {no}", f" ({no})")
        shown = rng.sample(LINES, rng.randint(4, 8))
        cells = [[rng.randrange(100, 30000, 50), rng.randint(80, 31000)] for _ in shown]
        table = Table(
            owner=title,
            name="grant_report.finance",
            head=("Heading", *rng.choice((("Budget", "Spent"), ("Planned", "Actual")))),
            rows=tuple(
                (s, *(f"{shared['currency']}{number(v)}" for v in row)) for s, row in zip(shown, cells, strict=True)
            ),
            values=tuple(tuple(map(float, row)) for row in cells),
            called={
                "Salaries": ("wages", "pay of staff"),
                "Food": ("meals",),
                "Rooms": ("rent of rooms",),
                "Travel": ("journeys",),
            },
        )
        yield compose(
            rng, genre="grant_report", title=title, topics=read_topics(TOPICS), context=shared, of=of, names=(no,),
            sections=[Section(heading=rng.choice(("Finances", "Use of funds")), blocks=(table_block(table, rng),))],
            questions=table_questions(table, FORMS, rng, of=of, names=(no,), count=7, absent_rows=[i for i in LINES if i not in shown][:3]),
        )  # fmt: skip
