# ruff: noqa: E501  (phrases and their variants read better in one line each)
"""Invented manuals, policies, leaflets, agreements and studies: tables and rules in running text, and a reader's questions.

Products, medicines, employers and parties are invented; a family's members differ in the figures only, so a passage of the
wrong model, dose or plan is the hard wrong answer.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from data.make.training_reports import (
    FILLER,
    InventedDocument,
    InventedQuestion,
    Line,
    Section,
    invented_name,
)

ManualMaker = Callable[[str, str, random.Random], tuple[InventedDocument, list[InventedQuestion]]]


def _line(text: str, *tags: str) -> Line:
    return text, frozenset(tags)


def _questions(
    document: InventedDocument, pairs: list[tuple[list[str], str]], rng: random.Random, count: int
) -> list[InventedQuestion]:
    chosen = rng.sample(pairs, min(count, len(pairs)))
    return [
        InventedQuestion(text=rng.choice(texts), document=document, answers=frozenset({tag})) for texts, tag in chosen
    ]


DEVICES = [
    "pump",
    "dishwasher",
    "air compressor",
    "heat pump",
    "router",
    "camera",
    "laser printer",
    "centrifuge",
    "forklift",
    "boiler",
    "3D printer",
    "oscilloscope",
]


def manual(name: str, period: str, rng: random.Random) -> tuple[InventedDocument, list[InventedQuestion]]:
    """A device's manual: specification, installation, maintenance, faults, safety, warranty."""
    device = DEVICES[sum(map(ord, name)) % len(DEVICES)]
    model = f"{name} {period}"
    r = rng.randint
    codes = rng.sample(range(1, 99), 5)
    faults = rng.sample(
        [
            "door not closed",
            "inlet temperature too high",
            "no communication with the controller",
            "low pressure",
            "motor overload",
            "filter blocked",
            "sensor short circuit",
            "water leak detected",
        ],
        5,
    )
    cures = rng.sample(
        [
            "switch off, wait five minutes and restart",
            "clean the filter and check the hose",
            "replace the sensor",
            "check the wiring of terminal block X2",
            "call service",
            "reduce the load",
            "tighten the connections",
            "update the firmware",
        ],
        5,
    )
    sections = (
        Section(
            heading="Contents",
            lines=(
                _line(
                    f"Safety 3 Installation {r(5, 12)} Technical data {r(13, 30)} Operation {r(31, 44)} Maintenance {r(45, 60)} Error codes {r(61, 75)} Warranty {r(76, 90)} Disposal {r(91, 99)}"
                ),
            ),
        ),
        Section(
            heading="Technical data",
            lines=(
                _line(f"Technical data {model}"),
                _line(
                    f"Rated voltage {rng.choice([110, 230, 400])} V, {rng.choice([50, 60])} Hz  Rated power {r(1, 90) / 10} kW  Fuse {r(6, 32)} A",
                    "spec:power",
                ),
                _line(
                    f"Dimensions (W x H x D) {r(200, 900)} x {r(200, 1900)} x {r(200, 900)} mm  Weight {r(4, 400)} kg",
                    "spec:size",
                ),
                _line(f"Sound pressure level {r(35, 80)} dB(A)", "spec:noise"),
                _line(
                    f"Operating temperature {r(-20, 5)} to {r(35, 60)} °C, relative humidity up to {r(70, 95)} %, not condensing",
                    "spec:temperature",
                ),
                _line(f"Maximum pressure {r(2, 16)} bar  Flow rate {r(5, 300)} l/min", "spec:pressure"),
                _line(f"Degree of protection IP{rng.choice([20, 44, 54, 65, 67])}", "spec:ip"),
            ),
        ),
        Section(
            heading="Installation",
            lines=(
                _line(
                    f"Place the {device} on a level surface and leave a clearance of at least {r(5, 100)} cm on all sides for ventilation.",
                    "clearance",
                ),
                _line(
                    f"Connect the supply line with a torque of {r(2, 40)} Nm. Do not exceed it, or the thread may be damaged.",
                    "torque",
                ),
                _line(
                    "Have the electrical connection made by a qualified person. The rated voltage on the plate must match the mains."
                ),
                _line("Check the packaging for damage on arrival and report it to the carrier."),
            ),
        ),
        Section(
            heading="Maintenance",
            lines=(
                _line(f"Clean the filter every {r(1, 12)} weeks and replace it after {r(3, 24)} months.", "filter"),
                _line(
                    f"Change the oil after the first {r(20, 100)} operating hours, then every {r(200, 2000)} hours. Quantity {r(5, 60) / 10} litres.",
                    "oil",
                ),
                _line("Switch off and disconnect from the mains before maintenance. Use original spare parts only."),
                _line(f"Check the belt tension every {r(3, 12)} months; deflection {r(4, 15)} mm.", "belt"),
            ),
        ),
        Section(
            heading="Error codes",
            lines=(
                _line("Code Meaning Remedy"),
                *(_line(f"E{c:02d} {f}: {u}", f"error:{c}") for c, f, u in zip(codes, faults, cures, strict=True)),
            ),
        ),
        Section(
            heading="Safety",
            lines=(
                _line(
                    f"This {device} may be used by children aged {r(8, 14)} and above and persons with reduced abilities only under supervision.",
                    "children",
                ),
                _line(
                    "Risk of electric shock, burns and crushing. Never open the housing during operation. The technical data must be observed."
                ),
                _line(rng.choice(FILLER)),
            ),
        ),
        Section(
            heading="Warranty",
            lines=(
                _line(
                    f"The warranty is {r(1, 7)} years from the date of purchase. It is void if the {device} was opened by others than authorized service.",
                    "warranty",
                ),
                _line("Wear parts such as seals, filters and belts are excluded."),
            ),
        ),
    )
    document = InventedDocument(
        title=rng.choice([f"{model} manual", f"{model} user guide", f"{model} {device} instructions"]),
        family=name,
        period=period,
        sections=sections,
    )
    i = rng.randrange(5)
    pairs = [
        ([f"What is the rated power of the {model}?", f"How much electricity does the {model} draw?"], "spec:power"),
        (
            [
                f"How heavy is the {model}?",
                f"What are the dimensions of the {model}?",
                f"Will the {model} {device} fit through a door?",
            ],
            "spec:size",
        ),
        ([f"How loud is the {model}?"], "spec:noise"),
        (
            [f"What ambient temperatures can the {model} stand?", f"Can I run the {model} in freezing weather?"],
            "spec:temperature",
        ),
        ([f"What is the maximum pressure of the {model}?"], "spec:pressure"),
        ([f"Is the {model} protected against water jets?", f"{model} IP rating"], "spec:ip"),
        ([f"How much space should be left around the {device}, {model}?"], "clearance"),
        ([f"How tight should the supply connection of the {model} be?"], "torque"),
        ([f"How often should the filter of the {model} be cleaned?"], "filter"),
        ([f"When is the oil change due on the {model}?", f"How much oil goes into the {model}?"], "oil"),
        (
            [
                f"What does E{codes[i]:02d} mean on the {model}?",
                f"{model} shows error {codes[i]}, what should I do?",
                f"What should I do if the {model} reports: {faults[i]}?",
            ],
            f"error:{codes[i]}",
        ),
        ([f"May children use the {model}?"], "children"),
        ([f"How long is the {model} guaranteed?", f"When does the warranty of the {model} lapse?"], "warranty"),
    ]
    return document, _questions(document, pairs, rng, 6)


def leaflet(name: str, period: str, rng: random.Random) -> tuple[InventedDocument, list[InventedQuestion]]:
    """A medicine's leaflet: indication, dose by age and kidney function, warnings, interactions, effects, storage."""
    drug = name.lower().split()[0].capitalize() + rng.choice(
        ["ine", "ol", "mab", "pril", "cillin", "zole"][sum(map(ord, name)) % 6 : sum(map(ord, name)) % 6 + 1]
    )
    r = rng.randint
    d = rng.choice([5, 10, 25, 50, 100, 250])
    illness = rng.choice(
        [
            "high blood pressure",
            "epilepsy",
            "bacterial bronchitis",
            "type 2 diabetes",
            "migraine",
            "rheumatoid arthritis",
            "asthma",
            "heartburn",
        ]
    )
    bad = rng.sample(
        [
            "headache",
            "nausea",
            "rash",
            "dizziness",
            "dry mouth",
            "sleepiness",
            "diarrhoea",
            "cough",
            "raised liver enzymes",
            "swollen ankles",
        ],
        6,
    )
    mix = rng.sample(
        [
            "warfarin",
            "lithium",
            "ibuprofen",
            "digoxin",
            "grapefruit juice",
            "St John's wort",
            "antacids",
            "oral contraceptives",
        ],
        3,
    )
    sections = (
        Section(
            heading="1. What it is and what it is used for",
            lines=(
                _line(
                    f"{drug} {d} mg {period} belongs to a group of medicines that act on {rng.choice(['receptors', 'enzymes', 'ion channels', 'bacterial cell walls'])}. It is used to treat {illness} in adults and children over {r(2, 12)} years.",
                    "use",
                ),
            ),
        ),
        Section(
            heading="2. What you need to know before you take it",
            lines=(
                _line(
                    f"Do not take {drug} if you are allergic to it, have severe liver disease, or have had {rng.choice(['angioedema', 'a stroke', 'a stomach ulcer', 'kidney stones'])}.",
                    "contra",
                ),
                _line(
                    f"Other medicines: tell your doctor if you take {mix[0]}, {mix[1]} or {mix[2]}, because the effect may change.",
                    "interaction",
                ),
                _line(
                    f"Pregnancy and breast-feeding: {rng.choice(['not recommended during the first three months', 'must not be used after the third month', 'use only if clearly needed'])}.",
                    "pregnancy",
                ),
                _line(
                    f"Driving: {drug} may make you {rng.choice(['drowsy', 'dizzy'])}; do not drive until you know how it affects you.",
                    "driving",
                ),
            ),
        ),
        Section(
            heading="3. How to take it",
            lines=(
                _line(
                    f"Recommended dose. Adults: {d} mg {rng.choice(['once', 'twice', 'three times'])} daily, at most {d * 4} mg a day.",
                    "dose:adult",
                ),
                _line(
                    f"Children {r(6, 9)} to {r(12, 15)} years, {r(20, 30)} to {r(40, 50)} kg: {d / 2:g} mg {rng.choice(['once', 'twice'])} daily.",
                    "dose:child",
                ),
                _line(
                    f"Renal impairment: creatinine clearance 30-60 ml/min {d / 2:g} mg daily; below 30 ml/min {d / 4:g} mg every other day.",
                    "dose:renal",
                ),
                _line(
                    f"If you forget a dose, take it within {r(2, 12)} hours; otherwise skip it. Do not take a double dose.",
                    "missed",
                ),
                _line(
                    f"If you take more than you should, {rng.choice(['seizures', 'low blood pressure', 'a slow heart beat', 'vomiting'])} may occur. Contact a hospital at once.",
                    "overdose",
                ),
                _line(
                    f"Swallow the tablets whole {rng.choice(['with food', 'on an empty stomach', 'with a glass of water'])}.",
                    "how",
                ),
            ),
        ),
        Section(
            heading="4. Possible side effects",
            lines=(
                _line("Like all medicines, this one can cause side effects, although not everybody gets them."),
                _line(f"Very common (more than 1 in 10): {bad[0]}, {bad[1]}.", "effects:very"),
                _line(f"Common (up to 1 in 10): {bad[2]}, {bad[3]}.", "effects:common"),
                _line(f"Rare (up to 1 in 1,000): {bad[4]}, {bad[5]}.", "effects:rare"),
            ),
        ),
        Section(
            heading="5. How to store it",
            lines=(
                _line(
                    f"Do not store above {rng.choice([8, 25, 30])} °C. Use within {r(1, 6)} months of first opening. Keep out of the reach of children.",
                    "storage",
                ),
            ),
        ),
        Section(
            heading="6. Contents of the pack",
            lines=(
                _line(
                    f"The active substance is {drug.lower()}. Other ingredients: lactose, maize starch, magnesium stearate, {rng.choice(['titanium dioxide', 'iron oxide', 'gelatin'])}. Packs of {r(1, 9) * 10} tablets.",
                    "contents",
                ),
            ),
        ),
    )
    document = InventedDocument(
        title=rng.choice(
            [f"{drug} {period} leaflet", f"{drug} patient information", f"{drug} {period} prescribing information"]
        ),
        family=drug,
        period=period,
        sections=sections,
    )
    pairs = [
        ([f"What is {drug} for?", f"what is {drug.lower()} used to treat"], "use"),
        ([f"Who must not take {drug}?"], "contra"),
        ([f"Can {drug} be taken with {mix[1]}?", f"does {drug} interact with {mix[0]}"], "interaction"),
        ([f"Is {drug} safe in pregnancy?"], "pregnancy"),
        ([f"Can I drive while on {drug}?"], "driving"),
        ([f"What is the adult dose of {drug}?", f"maximum daily dose {drug}"], "dose:adult"),
        ([f"How much {drug} should a child get?"], "dose:child"),
        (
            [
                f"How is {drug} dosed in kidney disease?",
                f"What is the dose of {drug} with a creatinine clearance of 25?",
            ],
            "dose:renal",
        ),
        ([f"I forgot my {drug}, what now?"], "missed"),
        ([f"What happens after an overdose of {drug}?"], "overdose"),
        ([f"Should {drug} be taken with meals?"], "how"),
        (
            [f"What are the most frequent side effects of {drug}?", f"Is {bad[0]} a side effect of {drug}?"],
            "effects:very",
        ),
        ([f"Which rare side effects does {drug} have?", f"can {drug} cause {bad[4]}"], "effects:rare"),
        ([f"How should {drug} be stored?", f"Does {drug} need the fridge?"], "storage"),
        ([f"Does {drug} contain lactose?"], "contents"),
    ]
    return document, _questions(document, pairs, rng, 6)


def policy(name: str, period: str, rng: random.Random) -> tuple[InventedDocument, list[InventedQuestion]]:
    """An employer's handbook or a plan: leave, travel, expenses, notice, insurance, security, in rules with limits."""
    r = rng.randint
    sections = (
        Section(
            heading="Purpose and scope",
            lines=(
                _line(
                    f"This policy applies to all employees of {name} from 1 January {period}. It covers leave, travel, expenses, remote work, notice, equipment and conduct. Managers are responsible for its application."
                ),
                _line(rng.choice(FILLER)),
            ),
        ),
        Section(
            heading="Annual leave",
            lines=(
                _line(
                    f"Full-time employees receive {r(20, 30)} days of paid leave a year; after {r(3, 10)} years of service {r(31, 36)} days.",
                    "leave",
                ),
                _line(
                    f"Up to {r(3, 10)} days may be carried over and must be taken by 31 {rng.choice(['March', 'July'])} of the next year.",
                    "carry",
                ),
                _line(
                    f"Requests are made {r(2, 8)} weeks ahead in the personnel system and are approved by the line manager.",
                    "request",
                ),
            ),
        ),
        Section(
            heading="Sick leave and parental leave",
            lines=(
                _line(
                    f"A doctor's certificate is required from the {rng.choice(['second', 'third', 'fourth'])} day of illness. Pay continues for {r(4, 26)} weeks.",
                    "sick",
                ),
                _line(
                    f"Parents receive {r(8, 30)} weeks of leave at {r(60, 100)} % of pay; the second parent {r(2, 12)} weeks.",
                    "parental",
                ),
            ),
        ),
        Section(
            heading="Travel and expenses",
            lines=(
                _line(
                    f"Hotel limits per night: capital cities {r(140, 260)} EUR, other cities {r(90, 139)} EUR. Meals {r(25, 60)} EUR a day, breakfast deducted if included.",
                    "hotel",
                ),
                _line(
                    f"Flights over {r(4, 9)} hours may be booked in premium economy; business class needs approval by a director.",
                    "flights",
                ),
                _line(
                    f"Private cars are reimbursed at {r(20, 60) / 100:.2f} EUR per km. Receipts over {r(10, 50)} EUR are required and claims are due within {r(20, 90)} days.",
                    "car",
                ),
                _line(f"Gifts above {r(20, 100)} EUR must be declined or reported to compliance.", "gifts"),
            ),
        ),
        Section(
            heading="Remote work and security",
            lines=(
                _line(
                    f"Employees may work remotely up to {r(1, 4)} days a week, and up to {r(10, 40)} days a year from abroad.",
                    "remote",
                ),
                _line(
                    f"Passwords have at least {r(10, 18)} characters and are changed every {r(3, 12)} months. Report a lost laptop to the service desk within {r(1, 24)} hours.",
                    "password",
                ),
            ),
        ),
        Section(
            heading="Notice and termination",
            lines=(
                _line(
                    f"During the probation of {r(3, 9)} months the notice period is {r(1, 4)} weeks; afterwards {r(1, 6)} months to the end of the month.",
                    "notice",
                ),
                _line(
                    "Severance, outstanding leave and expenses are settled with the last salary. Equipment is returned on the last day."
                ),
            ),
        ),
    )
    document = InventedDocument(
        title=rng.choice(
            [f"{name} Employee Handbook {period}", f"{name} HR policy {period}", f"{name} staff policies {period}"]
        ),
        family=name,
        period=period,
        sections=sections,
    )
    who = rng.choice([f" at {name}", f" at {name} in {period}", ""])
    pairs = [
        ([f"How many vacation days do I get{who}?", f"holiday entitlement{who}"], "leave"),
        ([f"Can unused holiday be moved to next year{who}?"], "carry"),
        ([f"How early must I ask for time off{who}?"], "request"),
        ([f"When do I need a sick note{who}?"], "sick"),
        ([f"How long is parental leave{who}?"], "parental"),
        ([f"What may a hotel cost on a business trip{who}?", f"What is the meal allowance{who}?"], "hotel"),
        ([f"May I fly business class{who}?"], "flights"),
        ([f"What do I get per kilometre for my own car{who}?", f"By when must expenses be claimed{who}?"], "car"),
        ([f"Can I accept a present from a supplier{who}?"], "gifts"),
        ([f"How often can I work from home{who}?", f"Can I work from another country{who}?"], "remote"),
        ([f"How long must a password be{who}?", f"My laptop was stolen, whom do I tell{who}?"], "password"),
        ([f"What is the notice period{who}?", f"How long is probation{who}?"], "notice"),
    ]
    return document, _questions(document, pairs, rng, 5)


def agreement(name: str, period: str, rng: random.Random) -> tuple[InventedDocument, list[InventedQuestion]]:
    """A services agreement, lease or insurance wording: term, fees, liability, termination, law."""
    r = rng.randint
    other = invented_name(rng)
    sections = (
        Section(
            heading="Parties and definitions",
            lines=(
                _line(
                    f"This agreement is made in {period} between {name} (the Supplier) and {other} (the Customer). Fees, Term, Liability, Confidential Information and Termination have the meanings given below.",
                    "parties",
                ),
            ),
        ),
        Section(
            heading="Fees and payment",
            lines=(
                _line(
                    f"The Customer pays {r(2, 90)},000 EUR a month. Invoices are due within {r(14, 90)} days; late payment bears interest of {r(2, 12)} % a year.",
                    "fees",
                ),
                _line(f"Fees rise each January by the consumer price index, at most {r(2, 6)} %.", "index"),
            ),
        ),
        Section(
            heading="Term and termination",
            lines=(
                _line(
                    f"The agreement runs for {r(1, 7)} years and renews by {r(6, 24)} months unless cancelled {r(1, 9)} months before the end.",
                    "term",
                ),
                _line(
                    f"Either party may terminate at once if the other fails to cure a material breach within {r(10, 60)} days.",
                    "breach",
                ),
            ),
        ),
        Section(
            heading="Service levels",
            lines=(
                _line(
                    f"Availability is {rng.choice(['99.0', '99.5', '99.9', '99.95'])} % a month. Critical incidents are answered within {r(15, 120)} minutes. Credits are {r(2, 20)} % of the monthly fee.",
                    "sla",
                ),
            ),
        ),
        Section(
            heading="Liability",
            lines=(
                _line(
                    f"Liability is limited to {rng.choice(['the fees of twelve months', '500,000 EUR', '2,000,000 EUR', 'twice the annual fees'])}, except for intent, gross negligence and personal injury.",
                    "liability",
                ),
                _line("Neither party is liable for loss of profit or indirect damage. Insurance shall be maintained."),
            ),
        ),
        Section(
            heading="Confidentiality and data",
            lines=(
                _line(
                    f"Confidential information is protected for {r(2, 10)} years after the end. Personal data is deleted within {r(10, 120)} days of termination.",
                    "confidential",
                ),
            ),
        ),
        Section(
            heading="Governing law",
            lines=(
                _line(
                    f"The law of {rng.choice(['Ireland', 'Denmark', 'the Netherlands', 'New York', 'Singapore'])} applies; disputes go to the courts of {rng.choice(['Dublin', 'Copenhagen', 'Utrecht', 'New York', 'Singapore'])}.",
                    "law",
                ),
                _line("Changes need writing. If a clause is invalid the rest remains in force."),
            ),
        ),
    )
    document = InventedDocument(
        title=rng.choice(
            [
                f"{name} {other} services agreement {period}",
                f"Master agreement {name} {period}",
                f"{name} contract {period}",
            ]
        ),
        family=name,
        period=period,
        sections=sections,
    )
    who = rng.choice([f" in the {name} contract", f" with {name}", ""])
    pairs = [
        ([f"What does the customer pay each month{who}?", f"When are invoices due{who}?"], "fees"),
        ([f"How much may prices go up each year{who}?"], "index"),
        ([f"How long does the contract last{who}?", f"By when must it be cancelled{who}?"], "term"),
        ([f"Can we get out early if the other side does not perform{who}?"], "breach"),
        ([f"What uptime is promised{who}?"], "sla"),
        ([f"What is the cap on damages{who}?", f"How much is {name} liable for?"], "liability"),
        ([f"How long must secrets be kept{who}?", f"What happens to personal data at the end{who}?"], "confidential"),
        ([f"Which country's law applies{who}?"], "law"),
        ([f"Who are the parties{who}?"], "parties"),
    ]
    return document, _questions(document, pairs, rng, 5)


MAKERS: tuple[ManualMaker, ...] = (manual, leaflet, policy, agreement)


def family(rng: random.Random) -> list[tuple[InventedDocument, list[InventedQuestion]]]:
    """Three versions of one invented document, each with its own questions."""
    make = rng.choice(MAKERS)
    name = invented_name(rng)
    if make is manual:
        periods = [f"{rng.choice('ABCKMTX')}{rng.randint(10, 99) * 10}" for _ in range(3)]
    elif make is leaflet:
        periods = ["tablets", "oral suspension", "forte"]
    else:
        periods = [str(y) for y in rng.sample(range(2012, 2026), 3)]
    return [make(name, period, rng) for period in periods]
