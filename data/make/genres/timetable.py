"""Timetables of buses, ferries and trains with their notes; a family is one operator's lines."""

from __future__ import annotations

import random
from collections.abc import Iterator

from data.make.draw import style, word
from data.make.invented import InventedDocument, Section, compose, read_topics
from data.make.tables import Table, TableForms, table_block, table_questions

TOPICS = """
# days: Days of service | When it runs
d = weekday
> Line {line} does not run on [[no:{d}]]; on Sundays the [[sun:holiday timetable]] applies.
> No service on [[no:{d}]]. Sundays: [[sun:every second journey is left out]].
~ On election days all lines run.
?no On which day does it not run{of}?
?no no service day{of}
?sun How does it run on Sundays{of}?
?sun I want to ride it at the weekend, on the Lord's day. What is different{of}?
# ticket: Tickets | Fares
v = money 2 40
c = money 1 20
> A single ticket costs [[{v}]], for children [[child:{c}]]. Tickets are sold [[where:by the driver]].
> Single: [[{v}]]; child: [[child:{c}]]. To be bought [[where:at the machine before boarding]].
~ Season tickets are sold at the office.
? What does a single ticket cost{of}?
? fare{of}
? How much is a ride{of}?
?child What do children pay{of}?
?child fare for kids{of}
?where Where are tickets sold{of}?
# bike: Bicycles and luggage
v = free of charge outside rush hours | only when folded | with a ticket of their own | not at all in summer
> Bicycles are carried [[{v}]].
> As for bicycles: they are taken along [[{v}]].
~ Suitcases go under the seat.
? Can I take my bicycle{of}?
? bikes on board{of}
? I would like to cycle back. Will they carry my two-wheeler{of}?
# lost: Lost property
p = phone
w = at the depot | in the town hall | at the harbour office
> Lost things are kept [[where:{w}]]; telephone [[{p}]].
> If you have left something, ask [[where:{w}]] or ring [[{p}]].
~ After a month things are auctioned.
? What is the number for lost property{of}?
?where Where are lost things kept{of}?
?where I left my umbrella on the seat. Where can I pick it up{of}?
# detour: Changes | Road works
a = date
b = span 2 20 weeks
s = place
why = a bridge is being renewed | cables are laid | the street is too narrow for the new vehicles | of a fair
> From [[day:{a}]] the stop at [[stop:{s}]] is not served for [[{b}]], because [[why:{why}]].
> Because [[why:{why}]], nobody can get on at [[stop:{s}]] from [[day:{a}]], for [[{b}]].
~ We ask for your patience.
?stop Which stop is not served{of}?
?stop closed stop{of}
?why Why is a stop left out{of}?
? How long does the diversion last{of}?
?day When does the diversion begin{of}?
# wheel: Access | Wheelchairs
v = at all stops | at stops marked with a sign | if ordered a day ahead | at the two ends of the line
> Wheelchairs can board [[{v}]].
> Boarding with a wheelchair is possible [[{v}]].
~ Staff help with the ramp.
? Where can wheelchairs board{of}?
? barrier-free access{of}
? My aunt cannot walk. Can she get on{of}?
# late: Delays | Your rights
m = int 15 60 5
p = percent 25 60
> With delays of [[min:{m} minutes]] or more, [[{p}]] of the fare is paid back.
> We refund [[{p}]] if you arrive [[min:{m} minutes]] late.
~ Claims are made within a month.
? How much is refunded for a delay{of}?
? compensation for lateness{of}
?min From how many minutes of delay on is there a refund{of}?
# group: Groups
n = int 8 20
d = span 2 10 days
> Groups of [[n:{n}]] and more book [[{d}]] ahead.
> From [[n:{n}]] people on, please book [[{d}]] before.
~ School classes have a fare of their own.
? How far ahead must groups book{of}?
?n From what size does a group have to book{of}?
# padding: General | Good to know
> Times are local. The operator is not liable for missed connections.
~ Please keep the doors free.
~ Smoking is not allowed on board.
"""
FORMS = TableForms(
    cell=(
        "When does journey {col} call at {row}{of}?", "{row} {col} departure{of}", "At what time does {col} leave {row}{of}?",
        "departure {row}, journey {col}{of}", "I get on at {row} and take {col}. When do I have to be there{of}?", "What time is {row} served by {col}{of}?",
    ),
    change=("How much later does {col2} reach {row} than {col}{of}?", "At {row}, how long is the gap between {col} and {col2}{of}?"),
    difference=("How long does {col} take between {row} and {row2}{of}?", "travel time {row} {row2} with {col}{of}", "How many minutes lie between {row} and {row2} on journey {col}{of}?"),
    label=("Where is journey {col} at {value}{of}?", "Which stop does {col} reach at {value}{of}?"),
)  # fmt: skip


def documents(rng: random.Random) -> Iterator[InventedDocument]:
    """Two or three lines of one operator."""
    shared, operator = style(rng), f"{word(rng)} {rng.choice(('Buses', 'Ferries', 'Light Rail', 'Transit'))}"
    for line in rng.sample(range(2, 90), rng.choice((2, 3))):
        stops = list(
            dict.fromkeys(
                word(rng) + rng.choice(("", "", " Station", " Church", " Pier", " Mill"))
                for _ in range(rng.randint(5, 9))
            )
        )
        journeys = [str(line * 100 + i * 2 + 1) for i in range(rng.randint(2, 5))]
        starts = sorted(rng.sample(range(300, 1300, 10), len(journeys)))
        times = []
        passed = 0
        for _ in stops:
            times.append([start + passed for start in starts])
            passed += rng.randint(2, 14)
        title = rng.choice(
            (f"{operator}: timetable, line {line}", f"Line {line} {stops[0]} – {stops[-1]} ({operator})")
        )
        of = (f" on line {line}", f" (line {line})", f" with line {line}")
        table = Table(
            owner=title,
            name="timetable.times",
            head=(rng.choice(("Stop", "Journey")), *journeys),
            rows=tuple(
                (s, *(f"{t // 60 % 24:02d}:{t % 60:02d}" for t in row)) for s, row in zip(stops, times, strict=True)
            ),
            values=tuple(tuple(map(float, row)) for row in times),
        )
        yield compose(
            rng, genre="timetable", title=title, topics=read_topics(TOPICS), context={**shared, "line": str(line)}, of=of, names=(f"line {line}",),
            sections=[Section(heading=rng.choice(("Monday to Friday", "Timetable", "Departures")), blocks=(table_block(table, rng),))],
            questions=table_questions(table, FORMS, rng, of=of, names=(f"line {line}",), count=12, absent_rows=[word(rng)], absent_columns=[str(line * 100 + 77)]),
        )  # fmt: skip
