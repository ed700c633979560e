"""Specifications of buildings, part by part; a family is one architect's buildings."""

from __future__ import annotations

import random
from collections.abc import Iterator

from data.make.draw import person, style, word
from data.make.invented import InventedDocument, Section, compose, read_topics
from data.make.tables import Table, TableForms, table_block, table_questions

TOPICS = """
# ground: Foundations | Ground and foundations
d = int 40 220 5
c = C20/25 | C25/30 | C30/37 | C35/45
b = int 2 40
> Strip footings in concrete [[{c}]] go down [[depth:{d} cm]]; the ground carries [[load:{b} t/m²]].
> The building stands on concrete [[{c}]], [[depth:{d} cm]] deep, on soil with a bearing value of [[load:{b} t/m²]].
~ Ground water was not met.
? Which class of concrete is used for the foundations{of}?
? foundation concrete{of}
?depth How deep do the foundations go{of}?
?depth foundation depth{of}
?load What load does the ground carry{of}?
# walls: Outer walls | Walls
m = aerated concrete | cross-laminated timber | hollow bricks | limestone | rammed earth
t = int 18 60
i = int 8 32 2
> Outer walls are of [[{m}]], [[thick:{t} cm]] thick, with [[ins:{i} cm of wood fibre]] on the outside.
> [[{m}]] of [[thick:{t} cm]] forms the outer walls; insulation: [[ins:{i} cm of mineral wool]].
~ Inner walls are plastered on both sides.
? What are the outer walls made of{of}?
? wall material{of}
?thick How thick are the outer walls{of}?
?thick wall thickness{of}
?ins How are the walls insulated{of}?
?ins What keeps the warmth from escaping through the walls{of}?
# roof: Roof
a = int 5 48
m = clay tiles | zinc sheet | slate | a planted layer | fibre cement
> The roof has a pitch of [[{a}°]] and is covered with [[cover:{m}]].
> Pitch of the roof: [[{a}°]]. Covering: [[cover:{m}]].
~ Gutters are of the same metal as the flashings.
? What pitch has the roof{of}?
? roof pitch{of}
? How steep is it up there{of}?
?cover With what is the roof covered{of}?
?cover roofing{of}
# windows: Windows | Glazing
u = decimal 0.6 1.4 2
f = larch | aluminium | oak with aluminium | plastic
> Windows: frames of [[frame:{f}]], three panes, U value [[{u} W/m²K]].
> Frames are of [[frame:{f}]]; the whole window must reach [[{u} W/m²K]].
~ Sills are of stone.
? Which U value must the windows reach{of}?
? window U value{of}
? How well do the windows have to hold in heat{of}?
?frame What are the window frames made of{of}?
?frame frame material{of}
# heat: Heating
s = a ground-source heat pump | wood pellets | district heating | an air heat pump | a gas boiler
p = int 6 240
t = int 28 55
> Heating by [[{s}]] of [[power:{p} kW]]; flow temperature [[temp:{t} °C]].
> [[{s}]] with [[power:{p} kW]] feeds the floor heating at [[temp:{t} °C]].
~ Pipes are insulated throughout.
? How is the building heated{of}?
? heating system{of}
?power What output has the heating{of}?
?temp What is the flow temperature{of}?
# water: Water and drains
d = int 15 54
r = int 2 30
> Cold water enters by a pipe of [[{d} mm]]; rain is kept in a tank of [[rain:{r} m³]].
> Rain water: tank of [[rain:{r} m³]]. Mains: [[{d} mm]].
~ Drains are laid with a fall of two in a hundred.
? What diameter has the water main{of}?
?rain How large is the rain water tank{of}?
?rain rain tank{of}
# fire: Fire safety | Escape
c = 30 minutes | 60 minutes | 90 minutes
m = int 20 45
> Bearing parts withstand fire for [[{c}]]; no way out is longer than [[way:{m} m]].
> Fire resistance: [[{c}]]. Longest escape route: [[way:{m} m]].
~ Doors to the stairs close by themselves.
? How long must bearing parts withstand fire{of}?
? fire resistance{of}
?way How long may an escape route be{of}?
?way Somebody on the top floor has to run. How far at most{of}?
# sound: Sound
d = int 48 62
> Between units the walls keep out [[{d} dB]].
> Required sound reduction between units: [[{d} dB]].
~ Pipes are hung on rubber.
? What sound reduction is required{of}?
? airborne sound insulation{of}
? How much of the neighbours' noise must be kept out{of}?
# floor: Floors
m = oak planks | linoleum | polished screed | rubber | terrazzo
r = kitchens | corridors | living rooms | classrooms | offices
> [[{m}]] is laid in [[where:{r}]].
> In [[where:{r}]] the floor is [[{m}]].
~ Skirting is painted white.
? Which floor is laid in {r}{of}?
? flooring {r}{of}
? What will I walk on in {r}{of}?
?where Where is {m} laid{of}?
# lift: Lift
n = int 4 26
kg = int 320 2000 10
> The lift takes [[n:{n} persons]] or [[{kg} kg]].
> Lift for [[n:{n} persons]], load [[{kg} kg]].
~ The shaft is ventilated.
? What load does the lift carry{of}?
?n How many persons fit in the lift{of}?
# time: Dates | Programme
a = date
m = span 6 30 months
> Work starts on [[start:{a}]] and is finished after [[{m}]].
> Time for building: [[{m}]], counted from [[start:{a}]].
~ Winter days do not count.
? How long does building take{of}?
?start When does work start{of}?
# padding: General
> All dimensions are to be checked on site. Work follows the rules of the trade.
~ Samples are shown to the architect beforehand.
~ Equal products may be proposed.
~ Rubble is carried away.
"""
ROOMS = (
    "Hall",
    "Kitchen",
    "Office",
    "Store",
    "Bathroom",
    "Living room",
    "Bedroom",
    "Workshop",
    "Classroom",
    "Plant room",
    "Stairs",
    "Terrace",
)
FORMS = TableForms(
    cell=(
        "What {col} is given for the {row}{of}?", "{row} {col}{of}", "room schedule: {row}, {col}{of}", "In the {row}, what is the {col}{of}?", "Which {col} does the {row} have{of}?",
    ),
    most=("Which room has the largest {col}{of}?",),
    least=("Which room has the smallest {col}{of}?",),
    difference=("How much do {row} and {row2} have together, {col}{of}?",),
    between=("Is {col} larger in the {row} or in the {row2}{of}?",),
)  # fmt: skip


def documents(rng: random.Random) -> Iterator[InventedDocument]:
    """Two or three buildings of one architect."""
    shared, architect = style(rng), person(rng)
    for _ in range(rng.choice((2, 2, 3))):
        name = f"{word(rng)} {rng.choice(('School', 'House', 'Clinic', 'Library', 'Row Houses', 'Depot'))}"
        title = rng.choice((f"{name}: building specification ({architect})", f"Specification of works – {name}"))
        of = (f" at {name}", f" for {name}", f" in {name}")
        shown = rng.sample(ROOMS, rng.randint(4, 7))
        cells = [[rng.uniform(4, 180), rng.uniform(2.2, 4.8), float(rng.randint(16, 24))] for _ in shown]
        table = Table(
            owner=title,
            name="building_spec.rooms",
            head=("Room", "floor area (m²)", "clear height (m)", "temperature (°C)"),
            rows=tuple((s, f"{a:.1f}", f"{h:.2f}", f"{t:.0f}") for s, (a, h, t) in zip(shown, cells, strict=True)),
            values=tuple(map(tuple, cells)),
            caption=rng.choice(("", "Room schedule")),
            called={"floor area (m²)": ("size in square metres",), "clear height (m)": ("height of the ceiling",)},
        )
        yield compose(
            rng, genre="building_spec", title=title, topics=read_topics(TOPICS), context=shared, of=of, names=(name,),
            sections=[Section(heading=rng.choice(("Rooms", "Room schedule")), blocks=(table_block(table, rng),))],
            questions=table_questions(table, FORMS, rng, of=of, names=(name,), count=6, absent_rows=[r for r in ROOMS if r not in shown][:3]),
            numbering=("{n}. {h}", "{n}00 {h}", "Part {n}: {h}", "{h}"),
        )  # fmt: skip
