"""Minutes of meetings of clubs, boards and councils; a family is one body's meetings."""

from __future__ import annotations

import random
from collections.abc import Iterator

from data.make.draw import MONTHS, style, word, written_date
from data.make.invented import InventedDocument, Section, compose, read_topics
from data.make.tables import Table, TableForms, table_block, table_questions

TOPICS = """
# opening: Opening | Attendance | Present
chair = person
clerk = person
n = int 5 48
t = time 8 19
> [[chair:{chair}]] opened the meeting at [[time:{t}]]. [[count:{n}]] members were present; [[clerk:{clerk}]] kept the minutes.
> Present: [[count:{n}]] members. In the chair: [[chair:{chair}]]. Minutes: [[clerk:{clerk}]]. Beginning: [[time:{t}]].
> At [[time:{t}]] [[chair:{chair}]], presiding, welcomed [[count:{n}]] members. [[clerk:{clerk}]] was asked to write the record.
~ A quorum was established.
~ Apologies had come from several members.
?chair Who chaired the meeting{of}?
?chair chairperson{of}
?chair Who presided{of}?
?clerk Who took the minutes{of}?
?clerk minute taker{of}
?clerk By whom was the record written{of}?
?count How many members attended{of}?
?count attendance{of}
?time At what time did it begin{of}?
?time start time{of}
# budget: Budget | Money | Finances
v = money 2000 90000 500
what = new chairs for the hall | a website | repairs of the fence | a second-hand van | training of volunteers | a heat pump | the summer fair
> After some discussion [[{v}]] was set aside for [[what:{what}]].
> The treasurer proposed to spend [[{v}]] on [[what:{what}]]; the proposal was carried.
> [[what:{what}]]: the body approved [[{v}]] for it.
~ The treasurer reminded all that receipts are due by the end of the month.
~ The accounts had been sent out with the agenda.
? What sum was approved for {what}{of}?
? money set aside for {what}{of}
? How much may be spent on {what} according to the decision{of}?
?what For what was money set aside{of}?
?what What was the approved expense for{of}?
# vote: Vote | Resolution | Motion
a = int 9 40
b = int 0 8
c = int 0 5
m = longer opening hours | a ban on leaf blowers | the purchase of the neighbouring plot | a rise in fees | the new rules of order | a partnership with the school
> The motion on [[what:{m}]] was put to the vote: [[{a} in favour, {b} against, {c} abstentions]].
> On [[what:{m}]] the members voted as follows: [[for {a}, against {b}, abstaining {c}]].
> [[what:{m}]] was voted on by show of hands, with [[{a} yes, {b} no and {c} undecided]].
~ A secret ballot was not asked for.
? How did the members vote on {m}{of}?
? result of the vote on {m}{of}
? Was there a majority for {m}{of}?
? How many were against {m}{of}?
?what What was put to the vote{of}?
?what On which motion did they decide by show of hands or ballot{of}?
# postponed: Postponed | Matters deferred | Adjourned items
m = the lighting of the car park | the choice of an auditor | the naming of the new hall | a bicycle shed | the revision of the bylaws
why = two quotes were still missing | the expert was ill | the figures did not add up | too few members were left in the room | a neighbour had lodged an objection
> [[what:{m}]] was put off because [[why:{why}]].
> As [[why:{why}]], no decision was made about [[what:{m}]].
> No decision on [[what:{m}]]: [[why:{why}]].
~ The matter returns to the agenda.
?why Why was {m} not decided{of}?
?why reason for deferring {m}{of}
?why What stood in the way of a decision about {m}{of}?
?what Which item was postponed{of}?
?what What was left undecided{of}?
# task: Tasks | Actions | To do
who = person
m = get three quotes for the roof | write to the water board | update the list of members | look for a room for the spring concert | draft a reply to the ombudsman
day = date
> [[who:{who}]] will [[what:{m}]] by [[day:{day}]].
> To do: [[what:{m}]]. Responsible: [[who:{who}]]; due [[day:{day}]].
> It was agreed that [[who:{who}]] should [[what:{m}]], and report by [[day:{day}]].
~ Open tasks of the last meeting were read out.
?who Who has to {m}{of}?
?who person responsible: {m}{of}
?what What is {who} supposed to do{of}?
?what task given to {who}{of}
?day By when should {who} be finished{of}?
?day deadline for the task of {who}{of}
# election: Elections | Offices
who = person
office = treasurer | secretary | vice-chair | auditor | youth officer | delegate to the district
out = person
> [[who:{who}]] was elected {office} and succeeds [[out:{out}]].
> New {office} is [[who:{who}]]; [[out:{out}]] did not stand again.
> After [[out:{out}]] had stepped down as {office}, the choice fell on [[who:{who}]].
~ All who were elected accepted.
?who Who was elected {office}{of}?
?who new {office}{of}
?who Who took over the office of {office}{of}?
?out Who was {office} before{of}?
?out Whom did the new {office} replace{of}?
# report: Reports | Report of the committee
n = int 14 260
who = person
what = trees were planted | books were lent | volunteers were trained | guided tours were given | repairs were made
> [[who:{who}]] reported that [[{n}]] {what} since the last meeting.
> According to [[who:{who}]]'s report [[{n}]] {what} in the period.
~ The report was taken note of.
? How many {what} according to the report{of}?
? number reported: {what}{of}
?who Who gave the report{of}?
?who By whom was the meeting told that {what}{of}?
# complaint: Complaints | Letters received | Questions from members
who = person
m = noise after ten in the evening | the state of the showers | dogs on the playing field | late newsletters | a broken lock on the gate
act = a sign will be put up | the caretaker will look into it | a letter of apology was sent | the matter was passed to the town | nothing more will be done
> [[who:{who}]] complained about [[what:{m}]]. Outcome: [[act:{act}]].
> A letter from [[who:{who}]] concerned [[what:{m}]]; [[act:{act}]].
~ Letters without a name are not dealt with.
?who Who complained about {m}{of}?
?what What did {who} complain about{of}?
?what grievance raised by {who}{of}
?act How was the complaint about {m} dealt with{of}?
?act What came of the letter on {m}{of}?
# next: Next meeting | Date of the next meeting | Close
day = date
place = the library | the old school | the fire station | the club house | the parish room
t = time 19 22
> The next meeting takes place on [[day:{day}]] in [[place:{place}]]. The meeting closed at [[end:{t}]].
> Closed at [[end:{t}]]. We meet again on [[day:{day}]], in [[place:{place}]].
> Members will come together again in [[place:{place}]] on [[day:{day}]]. End: [[end:{t}]].
~ The agenda goes out a week ahead.
?day When is the next meeting{of}?
?day date of the following session{of}
?day When will they sit together again{of}?
?place Where will the next meeting be held{of}?
?place venue of the following session{of}
?end When did the meeting end{of}?
?end closing time{of}
# padding: Minutes of the last meeting | Any other business
> The minutes of the last meeting were approved without changes.
~ There was no other business.
~ Coffee was served in the break.
~ The chair thanked those who had prepared the room.
"""
FORMS = TableForms(
    cell=(
        "What did the treasurer show under {row} for {col}{of}?",
        "{row} {col}{of}",
        "How much was {row} in {col}{of}?",
        "Which amount stands beside {row} in the {col} column{of}?",
    ),
    most=("Which item was largest in {col}{of}?", "biggest position in {col}{of}"),
    least=("What did the body spend least on in {col}{of}?",),
    difference=("How far apart were {row} and {row2} in {col}{of}?",),
    change=("How did {row} develop from {col} to {col2}{of}?", "Compare {col} and {col2} for {row}{of}."),
)
ITEMS = (
    "Rent of the hall", "Insurance", "Printing", "Heating", "Prizes", "Postage", "Refreshments", "Grounds keeping",
    "Bank charges", "Sheet music", "Equipment", "Fees to the federation",
)  # fmt: skip


def documents(rng: random.Random) -> Iterator[InventedDocument]:
    """Two or three meetings of one body in different months."""
    shared = style(rng)
    place = word(rng)
    body = rng.choice(
        (f"{place} Rowing Club", f"Parish Council of {place}", f"{place} Allotment Society", f"{place} Choir Board",
         f"Works council of {place} Mills", f"{place} Housing Co-operative")
    )  # fmt: skip
    for month in rng.sample(range(1, 13), rng.choice((2, 3))):
        day = written_date(rng.randint(1, 28), month, shared["year"], shared["dates"])
        when = f"{MONTHS[month - 1]} {shared['year']}"
        title = rng.choice((f"{body}: minutes of {day} ({when})", f"Minutes, {body}, {when}"))
        items = rng.sample(ITEMS, rng.randint(4, 7))
        year = int(shared["year"])
        amounts = [[rng.randint(40, 4800) for _ in range(2)] for _ in items]
        of = (f" in the meeting of {when}", f" in {when}", f" at the {when} meeting")
        table = Table(
            owner=title,
            name="minutes.accounts",
            head=("Item", f"Plan {year}", f"Actual {year - 1}"),
            rows=tuple(
                (item, *(f"{shared['currency']}{a:,}" for a in row)) for item, row in zip(items, amounts, strict=True)
            ),
            values=tuple(tuple(row) for row in amounts),
            called={
                "Refreshments": ("food and drink",),
                "Heating": ("keeping the rooms warm",),
                "Postage": ("stamps",),
            },
        )
        yield compose(
            rng,
            genre="minutes",
            title=title,
            topics=read_topics(TOPICS),
            context=shared,
            of=of,
            names=(when,),
            sections=[Section(heading="Treasurer's figures", blocks=(table_block(table, rng),))],
            questions=table_questions(
                table, FORMS, rng, of=of, names=(when,), count=5,
                absent_rows=[item for item in ITEMS if item not in items][:4],
                absent_columns=(f"Plan {year - 2}",),
            ),
            numbering=("{n}. {h}", "Item {n}: {h}", "{h}", "TOP {n} {h}"),
        )  # fmt: skip
