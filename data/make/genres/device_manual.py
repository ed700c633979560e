"""Manuals of household and workshop machines, with troubleshooting tables; a family is one maker's models."""

from __future__ import annotations

import random
from collections.abc import Iterator

from data.make.draw import number, style, word
from data.make.invented import InventedDocument, Section, compose, read_topics
from data.make.tables import Table, TableForms, table_block, table_questions

TOPICS = """
# unpack: Unpacking | What is in the box | Contents
n = int 2 9
list = hose, nozzle and brush | two batteries and a charger | power cord, tray and spare fuse | stand, screws and hex key | filter, funnel and lid
> The box holds the {thing}, [[list:{list}]]. Keep it for [[keep:{n} months]] in case of a return.
> Besides the {thing} you will find [[list:{list}]]. Do not throw the box away during the first [[keep:{n} months]].
~ Check for damage from transport before you go on.
?list What comes with the machine{of}?
?list accessories included{of}
?list Which parts should I find when I open the package{of}?
?keep How long should the packaging be kept{of}?
?keep When may I throw the cardboard away{of}?
# place: Where to put it | Installation | Choosing a place
v = int 5 60
lo = int 2 8
hi = int 28 45
> Leave at least [[{v} cm]] free on all sides. The room has to stay between [[temp:{lo} and {hi} °C]].
> A gap of [[{v} cm]] to walls and furniture is needed. Suitable for rooms of [[temp:{lo} to {hi} °C]].
> Stand it on level ground, [[{v} cm]] away from anything else, where it is neither colder nor warmer than [[temp:{lo}–{hi} °C]].
~ Never put it on a carpet.
~ Direct sun makes the housing brittle.
? How much space must be left around it{of}?
? clearance to the wall{of}
? How near to the wall may the machine stand{of}?
?temp In what room temperature may it be used{of}?
?temp ambient temperature range{of}
?temp Would an unheated garage in winter be too cold for it{of}?
# power: Electrical connection | Power supply | Connecting
volt = 100–120 V | 220–240 V | 12 V DC | 400 V three-phase
amp = int 3 32
watt = int 20 2900 10
> It runs on [[volt:{volt}]] and draws up to [[watt:{watt} W]]. The socket needs a [[amp:{amp} A]] fuse.
> Supply: [[volt:{volt}]]; rated input [[watt:{watt} W]]; fuse [[amp:{amp} A]].
> Before plugging in, make sure that your mains give [[volt:{volt}]] and are protected by [[amp:{amp} A]]. The power taken is [[watt:{watt} W]] at most.
~ Extension leads are unrolled completely before use.
~ If the plug does not fit, call an electrician.
?volt Which voltage does it need{of}?
?volt supply voltage{of}
?watt How much power does it draw{of}?
?watt rated wattage{of}
?watt How much electricity will it use when running flat out{of}?
?amp What fuse is required{of}?
?amp fuse rating{of}
# first: First use | Before first use
t = span 5 240 minutes
act = rinse the tank with clear water | run it empty once | charge the battery fully | wipe the plates with oil
> Before using it for the first time, [[act:{act}]]; this takes about [[{t}]].
> New machines: [[act:{act}]]. Allow [[{t}]] for it.
~ A slight smell on the first day is no fault.
?act What must be done before first use{of}?
?act preparation of a new machine{of}
?act It has just been delivered. What comes before the real work{of}?
? How long does the preparation take{of}?
? duration of first preparation{of}
# clean: Cleaning | Care | Cleaning and care
n = int 2 40
what = the filter | the drip tray | the air inlet | the blade guard | the sensor window
how = with lukewarm water | with a dry brush | with a cloth and some vinegar | with compressed air
> Clean [[what:{what}]] [[how:{how}]] every [[{n} hours of use]].
> After each [[{n} hours of use]] [[what:{what}]] has to be cleaned [[how:{how}]].
> [[what:{what}]] gathers dust. Clear it [[how:{how}]] once per [[{n} hours of use]].
~ Pull the plug before cleaning.
~ Do not use solvents or steel wool.
? How often must {what} be cleaned{of}?
? cleaning interval {what}{of}
? After how much running time is it time to get the dirt out{of}?
?how With what is {what} cleaned{of}?
?how How do I get {what} clean{of}?
?what Which part needs regular cleaning{of}?
# descale: Service | Maintenance | Upkeep by a workshop
n = int 6 36 3
part = drive belt | seals | carbon brushes | pump oil | battery
> The [[part:{part}]] should be renewed after [[{n} months]] by an authorised workshop.
> Every [[{n} months]] a workshop exchanges the [[part:{part}]].
> Have the [[part:{part}]] replaced at intervals of [[{n} months]]. It is not a job for the user.
~ Only original spare parts may be fitted.
? After how many months is the {part} replaced{of}?
? service interval{of}
? How long does the {part} last before it has to be exchanged{of}?
?part What does the workshop exchange regularly{of}?
?part Which wear part has to be renewed{of}?
# noise: Technical notes | Sound and weight
db = int 38 94
kg = decimal 0.8 48 1
> Sound level: [[db:{db} dB(A)]]. Weight without accessories: [[kg:{kg} kg]].
> The {thing} weighs [[kg:{kg} kg]] and is [[db:{db} dB(A)]] loud at the ear of whoever uses it.
~ Values were measured on three machines of the series.
?db How loud is it{of}?
?db noise emission{of}
?db Do I need ear protection, that is, what level does it reach{of}?
?kg How heavy is it{of}?
?kg weight{of}
?kg What must I be able to lift to carry it{of}?
# lock: Child lock | Key lock | Locking the controls
sec = int 2 9
sign = Lock | a padlock | L | the key symbol
> Hold [[btn:both arrow buttons]] for [[{sec} seconds]] to lock the controls; the display shows [[sign:{sign}]].
> The controls are locked by pressing [[btn:MODE and START together]] for [[{sec} seconds]]. [[sign:{sign}]] lights up.
~ The lock stays on when the power fails.
?btn How is the child lock switched on{of}?
?btn lock the buttons{of}
?btn My toddler plays with the controls. What can I press to stop that{of}?
? How long do the buttons have to be held for locking{of}?
?sign What does the display show when the controls are locked{of}?
# store: Storage | Winter storage | When not in use
what = drain all water | remove the batteries | loosen the belt | cover it with cloth | charge it to half
lo = int 2 20
> When it is out of use for more than [[time:{lo} weeks]], [[{what}]].
> Before a break of [[time:{lo} weeks]] or longer you should [[{what}]].
~ Store the {thing} upright.
? What has to be done before it is stored for long{of}?
? prepare for storage{of}
? I will not need it over the winter. Is there anything to do first{of}?
?time From how long a break on are special steps needed{of}?
# warranty: Guarantee | Warranty
y = span 1 7 years
no = damage by frost | wear of brushes and belts | use in a rental business | batteries | scratches
> We give a guarantee of [[{y}]]; [[no:{no}]] is not covered.
> The guarantee lasts [[{y}]] from the day of purchase and leaves out [[no:{no}]].
> For [[{y}]] we repair free of charge. [[no:{no}]] is excepted.
~ Keep the receipt: without it no claim can be made.
? How long is the guarantee{of}?
? warranty period{of}
? Until when would a repair cost me nothing{of}?
?no What does the guarantee not cover{of}?
?no exclusions from warranty{of}
?no In which case would I have to pay although it is new{of}?
# help: Service address | Help
p = phone
t = time 7 9
u = time 16 20
> Our service is on [[{p}]], on working days from [[open:{t} to {u}]].
> Call [[{p}]] ([[open:{t}–{u}]], not at weekends) if nothing helps.
~ Have the serial number at hand; it is on the underside.
? What is the phone number of the service{of}?
? service hotline{of}
? Whom can I ring when it does not work{of}?
?open When can the service be reached{of}?
?open hotline hours{of}
# dispose: Disposal | At the end of its life
v = the recycling yard | the dealer, who takes it back free of charge | a collection point for electrical waste
> The machine does not belong in the household rubbish: bring it to [[{v}]].
> Worn-out machines go to [[{v}]].
~ Batteries are taken out beforehand.
? Where do I get rid of an old machine{of}?
? disposal{of}
? It is broken for good. Where does it go{of}?
# safety!: Safety | For your safety
age = int 8 16
> Children under [[age:{age}]] must not use the {thing}. Never [[dont:reach into moving parts]].
> Nobody younger than [[age:{age} years]] may work with it, and nobody may [[dont:leave it running unattended]].
> Do not [[dont:open the housing while the light is on]]. Minimum age of users: [[age:{age}]].
~ Read this booklet before you begin.
?age From what age may it be used{of}?
?age minimum age of the user{of}
?age My daughter wants to try it. How old does she have to be{of}?
?dont What must one never do with it{of}?
?dont main safety warning{of}
"""
TROUBLE = (
    ("does not start", ("refuses to go on", "is dead when I press the button"), ("The lid is open", "The fuse has blown", "The lock is on")),
    ("stops after a few minutes", ("cuts out soon", "keeps switching itself off"), ("It overheats", "The battery is flat", "The filter is blocked")),
    ("makes a rattling noise", ("sounds like a box of bolts", "clatters"), ("A screw is loose", "A foreign body is inside", "The bearing is worn")),
    ("leaks water", ("leaves a puddle", "drips on the floor"), ("A seal is worn", "The tank is too full", "The hose is cracked")),
    ("smells of burning", ("gives off an odd smell",), ("The belt slips", "Dust lies on the heater", "The brushes are worn")),
    ("shows a red light", ("has a red lamp on", "blinks in red"), ("The tank is empty", "The cover is not shut", "Service is due")),
    ("runs too slowly", ("lacks strength", "has become sluggish"), ("The voltage is too low", "The blade is blunt", "Eco mode is on")),
    ("does not get warm", ("stays cold",), ("The thermostat has tripped", "The heating is switched off", "The sensor is dirty")),
    ("vibrates strongly", ("shakes like mad", "wanders about while running"), ("It does not stand level", "The load is uneven", "A foot is missing")),
    ("cannot be connected to the phone", ("is not seen by the app",), ("The wireless module is off", "The phone is too far away", "The pairing has expired")),
)  # fmt: skip
CURES = (
    "Press it shut until it clicks", "Let it cool for half an hour", "Replace it", "Tighten it with a hex key",
    "Clean it with a soft brush", "Refill to the mark", "Have it checked by a workshop", "Hold RESET for five seconds",
    "Turn the feet until it stands firmly", "Switch it off at the wall and on again", "Charge it overnight", "Remove it with tweezers",
)  # fmt: skip
THINGS = (
    "pressure washer", "dehumidifier", "label printer", "sewing machine", "lawn mower", "belt sander", "air purifier",
    "food dryer", "floor polisher", "projector", "ice cream maker", "hedge trimmer", "paper shredder", "fan heater",
)  # fmt: skip
SPECS = ("Width", "Height", "Depth", "Cable length", "Tank", "Speed", "Area per hour", "Battery", "Standby power")
UNITS = dict(zip(SPECS, ("mm", "mm", "mm", "m", "l", "rpm", "m²", "Ah", "W"), strict=True))
CALLED = {
    "Width": ("size from left to right", "breadth"),
    "Height": ("size from top to bottom",),
    "Cable length": ("reach of the lead", "length of the cord"),
    "Tank": ("volume of the container", "tank capacity"),
    "Speed": ("number of turns a minute",),
    "Standby power": ("consumption when idle",),
}
SPEC_FORMS = TableForms(
    cell=(
        "What is the {row} of the {col}?", "{col} {row}", "How much is the {row} on the {col}?",
        "I have the {col}. Which value applies for the {row}?", "Tell me the {row} for model {col}.",
        "{row} {col} technical data", "According to the data table, what {row} has the {col}?",
    ),
    most=("Which model has the largest value for a single line of the table, looking at {col}?",),
    change=("Compare {col} and {col2}: what {row} does each have?", "difference in {row} between {col} and {col2}",
            "Does the {col} differ from the {col2} in {row}?"),
)  # fmt: skip
FAULT_FORMS = (
    "What do I do if the machine {fault}{of}?", "Why is it that the machine {fault}{of}?", "machine {fault}{of}",
    "The thing {fault}. How can I fix it{of}?", "It {fault}{of} – any remedy?", "remedy: {fault}{of}",
)  # fmt: skip


def documents(rng: random.Random) -> Iterator[InventedDocument]:
    """Two or three models of one maker's machine."""
    shared = style(rng)
    maker, thing = word(rng), rng.choice(THINGS)
    stem, last = rng.choice("ABCDEFHKLMPRSTVX"), rng.randint(1, 8)
    models = [f"{stem}{last + i * rng.choice((1, 2))}{rng.choice(('0', '00', '20', '50'))}" for i in range(3)]
    models = [
        f"{model}{extra}"
        for model, extra in zip(dict.fromkeys(models), ("", "", rng.choice(" X| Plus|e".split("|"))), strict=False)
    ]
    data = {s: [rng.randint(2, 990) for _ in models] for s in SPECS}
    for model in models:
        title = rng.choice(
            (f"{maker} {model} {thing} – operating instructions", f"User manual: {thing} {maker} {model}")
        )
        of = (f" on the {model}", f" of the {model}", f" ({maker} {model})", f" with a {maker} {model}")
        faults = rng.sample(TROUBLE, rng.randint(4, 7))
        rows = [(f"It {fault}", rng.choice(causes), rng.choice(CURES)) for fault, _, causes in faults]
        trouble = Table(
            owner=title,
            name="device_manual.faults",
            head=rng.choice((("Fault", "Cause", "Remedy"), ("Problem", "Possible reason", "What to do"))),
            rows=tuple(rows),
            caption=rng.choice(("", "If something goes wrong")),
        )
        asked = []
        for i, (fault, others, _) in enumerate(faults):
            form = rng.choice(FAULT_FORMS)
            column = 1 if form.startswith("Why") else 2
            asked += table_questions(
                trouble,
                TableForms(cell=(form,)),
                _Fixed(rng, i),
                of=of,
                names=(model,),
                count=1,
                columns=(column,),
                context={"fault": rng.choice((fault, *others))},
            )
        missing = [fault for fault in TROUBLE if fault not in faults]
        for fault, _, _ in rng.sample(missing, min(2, len(missing))):
            asked += table_questions(
                trouble,
                TableForms(cell=(rng.choice(FAULT_FORMS),)),
                rng,
                of=of,
                names=(model,),
                count=0,
                absent_rows=(fault,),
                context={"fault": fault},
            )
        shown = rng.sample(SPECS, rng.randint(4, 7))
        specs = Table(
            owner=maker + thing,
            name="device_manual.data",
            head=("Data", *(f"{maker} {m}" for m in models)),
            rows=tuple((s, *(f"{number(v)} {UNITS[s]}" for v in data[s])) for s in shown),
            values=tuple(tuple(map(float, data[s])) for s in shown),
            called=CALLED,
        )
        sections = [
            Section(
                heading=rng.choice(("Troubleshooting", "Faults and remedies", "Something is wrong")),
                blocks=(table_block(trouble, rng),),
            )
        ]
        if rng.random() < 0.7:
            sections.append(
                Section(heading=rng.choice(("Technical data", "Specifications")), blocks=(table_block(specs, rng),))
            )
            asked += table_questions(
                specs,
                SPEC_FORMS,
                rng,
                count=5,
                absent_rows=[s for s in SPECS if s not in shown],
                absent_columns=(f"{maker} {stem}{last + 9}{rng.choice(('0', '00'))}",),
            )
        yield compose(
            rng,
            genre="device_manual",
            title=title,
            topics=read_topics(TOPICS),
            context={**shared, "thing": thing},
            of=of,
            names=(model,),
            sections=sections,
            questions=asked,
        )


class _Fixed(random.Random):
    """A generator whose choice from a range of rows is settled: one question for each fault."""

    def __init__(self, rng: random.Random, row: int) -> None:
        super().__init__(rng.random())
        self._row = row

    def choice(self, seq):  # type: ignore[no-untyped-def]
        return self._row if isinstance(seq, range) else super().choice(seq)
