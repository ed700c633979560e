"""Course catalogues: modules with their credits, examinations and conditions; a family is one department's modules."""

from __future__ import annotations

import random
from collections.abc import Iterator

from data.make.draw import style, word
from data.make.invented import InventedDocument, Section, compose, read_topics
from data.make.tables import Table, TableForms, table_block, table_questions

TOPICS = """
# content!: Content | What it is about
v = reading and drawing of maps | how proteins fold | accounts of small firms | soil, water and roots | proofs and their gaps | speech of children | bridges and beams
> Students learn about [[{v}]].
> Subject of {module}: [[{v}]].
~ A reading list is handed out.
? What is taught{of}?
? content{of}
? What would I learn there{of}?
# credits: Credits | Workload
c = int 3 15
h = int 60 450 30
> The module gives [[{c} credits]] for [[work:{h} hours]] of work.
> Workload: [[work:{h} hours]], that is [[{c} credits]].
~ A credit is a unit of work.
? How many credits does it give{of}?
? credit points{of}
?work How much work does it mean in hours{of}?
?work workload{of}
# teacher: Lecturers | Taught by
p = person
r = int 101 940
d = weekday
t = time 8 18
> [[who:{p}]] teaches on [[day:{d}]] at [[time:{t}]] in room [[room:{r}]].
> Taught by [[who:{p}]]: [[day:{d}]], [[time:{t}]], room [[room:{r}]].
~ The first week is free.
?who Who teaches it{of}?
?who lecturer{of}
?day On which day is it taught{of}?
?time At what time does the class begin{of}?
?room In which room is it held{of}?
?room room number{of}
# exam: Examination | How it is examined
v = a written examination of two hours | an essay of ten pages | an oral examination | a portfolio | a project with a talk
p = int 40 60
n = int 1 3
> It ends with [[{v}]]. To pass, [[pass:{p} %]] is needed; it can be repeated [[rep:{n} times]].
> Examination: [[{v}]]; pass mark [[pass:{p} %]]; repeats allowed: [[rep:{n}]].
~ Results are published within a month.
? How is it examined{of}?
? form of examination{of}
? What do I have to deliver in the end{of}?
?pass What is the pass mark{of}?
?rep How often can the examination be repeated{of}?
?rep I have failed. How many more chances are there{of}?
# before: Prerequisites | Conditions
v = calculus | a first course in statistics | Latin at school level | a laboratory course | none
> Prerequisite: [[{v}]].
> Before it you should have had: [[{v}]].
~ Exceptions are made by the lecturer.
? What are the prerequisites{of}?
? required before{of}
? What should I already know{of}?
# places: Places | Registration
n = int 8 160
d = date
how = by lot | by date of registration | by marks | by year of study
> There are [[n:{n} places]], given [[how:{how}]]. Register by [[by:{d}]].
> [[n:{n} places]]; registration until [[by:{d}]]; if there are too many, [[how:{how}]].
~ A waiting list is kept.
?n How many places are there{of}?
?by Until when can one register{of}?
?by registration deadline{of}
?how How are places given if too many want them{of}?
# language: Language
v = English | German with English texts | French | English or Spanish
> It is taught in [[{v}]].
> Language of instruction: [[{v}]].
~ Papers may be written in another language.
? In which language is it taught{of}?
? language of instruction{of}
# term: Term | When it is offered
v = every autumn | every spring | every second year | in each term
> Offered [[{v}]].
> The module is given [[{v}]].
~ Changes are announced.
? When is it offered{of}?
? frequency of the module{of}
? I miss it now. When does it come round again{of}?
# book: Literature
p = person
y = year 1968 2023
e = second | third | fourth | fifth
> Textbook: [[who:{p}]], [[{e} edition]], [[year:{y}]].
> We use the book of [[who:{p}]] ([[{e} edition]] of [[year:{y}]]).
~ The library has ten copies.
?who Whose textbook is used{of}?
? Which edition of the textbook is used{of}?
?year From what year is the textbook{of}?
# trip: Excursion
p = place
v = money 20 400 5
d = span 1 6 days
> An excursion to [[{p}]] takes [[d:{d}]] and costs [[cost:{v}]].
> We go to [[{p}]] for [[d:{d}]]; your share is [[cost:{v}]].
~ Boots are needed.
? Where does the excursion go{of}?
?d How long is the excursion{of}?
?cost What do students pay for the excursion{of}?
# padding: Notes
> The module belongs to the degree in {field}.
~ Attendance is not checked.
~ Slides are put online.
"""
FORMS = TableForms(
    cell=(
        "In the plan of study, what {col} has {row}{of}?", "{row} {col}{of}", "What is the {col} for {row}{of}?", "plan of study {row} {col}", "{col} of the part called {row}{of}?",
    ),
    most=("Which part has the highest number of {col}{of}?",),
    least=("Which part has the lowest number of {col}{of}?",),
    difference=("How many {col} do {row} and {row2} have together{of}?",),
    between=("Which has more {col}{of}, {row} or {row2}?",),
)  # fmt: skip
PARTS = (
    "Lectures",
    "Seminar",
    "Exercises",
    "Reading",
    "Laboratory",
    "Essay",
    "Preparation for the examination",
    "Field work",
    "Group work",
    "Talk",
)


def documents(rng: random.Random) -> Iterator[InventedDocument]:
    """Two to four modules of one department."""
    shared, place = style(rng), word(rng)
    field = rng.choice(
        ("geography", "biology", "business", "agriculture", "mathematics", "linguistics", "civil engineering")
    )
    level = rng.choice(("Introduction to", "Advanced", "Methods in", "Topics in"))
    for suffix in rng.sample(range(100, 499), rng.choice((2, 3, 4))):
        module = f"{field[:3].upper()}{suffix}"
        title = rng.choice(
            (f"{module} {level} {field} – {place} College", f"Catalogue of {place} College: module {module}")
        )
        of = (f" in {module}", f" ({module})", f" of module {module}")
        shown = rng.sample(PARTS, rng.randint(3, 5))
        cells = [[float(rng.randint(5, 90)), float(rng.randint(1, 15))] for _ in shown]
        table = Table(
            owner=title,
            name="course_catalogue.plan",
            head=("Part", "hours", "weeks"),
            rows=tuple((s, f"{a:.0f}", f"{b:.0f}") for s, (a, b) in zip(shown, cells, strict=True)),
            values=tuple(map(tuple, cells)),
        )
        yield compose(
            rng, genre="course_catalogue", title=title, topics=read_topics(TOPICS), context={**shared, "module": module, "field": field}, of=of, names=(module,),
            sections=[Section(heading="Plan of study", blocks=(table_block(table, rng),))] if rng.random() < 0.7 else [],
            questions=table_questions(table, FORMS, rng, of=of, names=(module,), count=4, absent_rows=[r for r in PARTS if r not in shown][:2]),
        )  # fmt: skip
