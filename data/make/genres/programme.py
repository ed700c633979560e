"""Programmes of conferences, festivals and open days; a family is one event's years or days."""

from __future__ import annotations

import random
from collections.abc import Iterator

from data.make.draw import person, style, word
from data.make.invented import InventedDocument, Section, compose, read_topics
from data.make.tables import Table, TableForms, table_block, table_questions

TOPICS = """
# where: Venue | How to get there
a = street
l = tram 4 | bus 31 | the free shuttle | the night train
s = int 3 25
> All takes place at [[{a}]]; [[how:{l}]] stops [[walk:{s} minutes]] away.
> Venue: [[{a}]]. Take [[how:{l}]], then walk [[walk:{s} minutes]].
~ Parking is scarce.
? Where does it take place{of}?
? venue address{of}
?how How does one get there{of}?
?how I have no car. What takes me there{of}?
?walk How far is the stop from the venue{of}?
# tickets: Tickets | Admission
v = money 5 400
e = money 3 200
d = date
> Tickets cost [[{v}]], until [[until:{d}]] only [[early:{e}]].
> Until [[until:{d}]] you pay [[early:{e}]], afterwards [[{v}]].
~ Children come in free.
? What does a ticket cost at the full price{of}?
? regular admission{of}
?early What do early birds pay{of}?
?until Until when is there an early price{of}?
?until early bird deadline{of}
# keynote: Opening speech | Keynote
p = person
t = what bridges teach us | the sound of empty rooms | bread and borders | a short history of queues | why moss matters
h = time 9 19
> [[who:{p}]] opens the event at [[time:{h}]] with "[[{t}]]".
> Opening: "[[{t}]]", [[who:{p}]], [[time:{h}]].
~ There will be time for questions.
?who Who gives the opening speech{of}?
?who keynote speaker{of}
? What is the opening speech about{of}?
? title of the keynote{of}
?time At what time is the opening{of}?
# food: Food and drink
v = soup and bread | curry from a van | cheese and wine | a picnic on the lawn
t = time 12 14
m = money 4 40
> At [[time:{t}]] there is [[{v}]] for [[cost:{m}]].
> [[{v}]] is served at [[time:{t}]] and costs [[cost:{m}]].
~ Water is free.
? What is there to eat{of}?
?time When is lunch{of}?
?cost What does the meal cost{of}?
# cancel: Changes in the programme
p = person
why = has missed the ferry | has lost the voice | is held up at the border | has had to cancel
w = a film is shown | the slot stays empty | a panel takes the place | the choir sings
> [[who:{p}]] [[why:{why}]]; instead, [[{w}]].
> Instead of hearing [[who:{p}]], who [[why:{why}]], you will find that [[{w}]].
~ We are sorry for this.
?who Who will not appear{of}?
?why Why does a speaker not come{of}?
? What happens in place of the missing talk{of}?
# rain: In bad weather | Rain
v = moves into the gym | is cancelled | takes place under the bridge | is put off to the next day
> If it rains, the event [[{v}]].
> In bad weather it [[{v}]].
~ Bring a blanket.
? What happens in bad weather{of}?
? rain plan{of}
? And if there is a downpour{of}?
# prize: Prize | Competition
v = money 100 5000 50
p = person
d = date
> The prize of [[{v}]] goes to the best poster; [[who:{p}]] judges. Entries until [[by:{d}]].
> [[who:{p}]] awards [[{v}]] for the best poster. Closing date: [[by:{d}]].
~ The decision is final.
? What is the prize worth{of}?
?who Who judges the posters{of}?
?by Until when can posters be entered{of}?
?by poster deadline{of}
# languages: Languages
v = English with German subtitles | French and English | sign language in hall A | all talks in English
> Languages: [[{v}]].
> As to languages, you can expect [[{v}]].
~ Headphones are lent at the desk.
? In which languages are talks given{of}?
? Will there be an interpreter{of}?
# padding: Welcome | Organisers
> Welcome! We have worked on this programme for months.
~ Volunteers wear green shirts.
~ Lost things are brought to the desk.
~ Photographs are taken during the event.
"""
TALKS = (
    "Roofs of straw", "Maps for the blind", "Bees in town", "The price of sand", "Old software", "Tides and mills", "Reading faces",
    "Glue without oil", "Night buses", "Soil as archive", "Cheap sensors", "Songs of work", "Paper money", "Growing fibre", "Small reactors", "Repairing shoes",
)  # fmt: skip
FORMS = TableForms(
    cell=(
        "{col} of “{row}”{of}?", "What is the {col} of the talk {row}{of}?", "{row}: {col}{of}", "I want to hear {row}. Which {col} do I need{of}?",
        "Tell me the {col} for {row}{of}.", "programme, {row}, {col}{of}",
    ),
    label=("Which talk goes with {value}{of}?", "What can I hear if I look for {value}{of}?", "{value}: which talk{of}?"),
)  # fmt: skip


def documents(rng: random.Random) -> Iterator[InventedDocument]:
    """Two or three years of one event."""
    shared = style(rng)
    event = f"{word(rng)} {rng.choice(('Festival of Ideas', 'Craft Days', 'Conference on Materials', 'Book Fair', 'Open Day', 'Film Week'))}"
    first = rng.randint(2009, 2024)
    for year in sorted(rng.sample(range(first, first + 5), rng.choice((2, 3)))):
        title = rng.choice((f"{event} {year}: programme", f"Programme of the {event}, {year}"))
        of = (f" in {year}", f" at the {event} {year}", f" ({year})")
        shown = rng.sample(TALKS, rng.randint(5, 9))
        minutes = 540
        rows = []
        for talk in shown:
            rows.append(
                (
                    f"{minutes // 60:02d}:{minutes % 60:02d}",
                    talk,
                    person(rng),
                    f"{rng.choice(('Hall', 'Room', 'Tent'))} {rng.choice('ABC123')}",
                )
            )
            minutes += rng.choice((30, 45, 60))
        order = rng.choice(((1, 0, 2, 3), (1, 2, 0, 3), (1, 2, 3, 0)))
        head = ("Time", "Talk", "Speaker", "Place")
        table = Table(
            owner=title,
            name="programme.talks",
            head=tuple(head[i] for i in order),
            rows=tuple(tuple(row[i] for i in order) for row in rows),
            called={
                "Speaker": ("person who speaks", "name of the speaker"),
                "Place": ("room",),
                "Time": ("starting time", "hour"),
            },
        )
        yield compose(
            rng, genre="programme", title=title, topics=read_topics(TOPICS), context={**shared, "year": str(year)}, of=of, names=(str(year),),
            sections=[Section(heading=rng.choice(("Talks", "Programme", "What is on")), blocks=(table_block(table, rng),))],
            questions=table_questions(table, FORMS, rng, of=of, names=(str(year),), count=8, absent_rows=[t for t in TALKS if t not in shown][:3]),
        )  # fmt: skip
