"""Invitations to tender and the bids that answer them; a family is one call with two bids."""

from __future__ import annotations

import random
from collections.abc import Iterator

from data.make.draw import code, firm, number, style, word
from data.make.invented import InventedDocument, Section, compose, read_topics
from data.make.tables import Table, TableForms, table_block, table_questions

CALL = """
# object!: Object of the contract | What is tendered
v = the renewal of a footbridge | school meals for three years | a fire engine | the painting of the town hall | lighting of sports fields | a software for archives
> {buyer} invites bids for [[{v}]].
> The contract concerns [[{v}]]. Contracting authority: {buyer}.
~ The work is not divided into lots.
? What is being tendered{of}?
? object of the contract{of}
? What does the authority want to buy{of}?
# deadline: Submission | Deadline for bids
day = date
t = time 9 15
how = through the portal only | on paper in a sealed envelope | by e-mail as one PDF
> Bids are handed in by [[{day}, {t}]], [[how:{how}]].
> The period for bids ends on [[{day} at {t}]]. They are submitted [[how:{how}]].
~ Late bids are not opened.
? When do bids have to be in{of}?
? submission deadline{of}
? Until when can a firm hand in its offer{of}?
?how In what form is a bid submitted{of}?
?how Can I send the offer by mail{of}?
# questions: Questions of bidders | Clarifications
d = span 4 14 days
p = email
> Questions are sent to [[{p}]], no later than [[d:{d}]] before the period ends.
> Up to [[d:{d}]] before the end, bidders may ask at [[{p}]].
~ Answers go to all bidders.
? Where do I send a question{of}?
? contact for queries{of}
?d How late can a bidder still ask{of}?
# criteria: Award criteria | How bids are weighed
p = int 30 80 5
> Price counts [[price:{p} %]], quality the rest; in a tie [[tie:lots are drawn]].
> The weight of price is [[price:{p} %]]. With equal points [[tie:the shorter time of delivery wins]].
~ Bids that look too cheap are examined.
?price What weight has the price{of}?
?price award criteria price{of}
?price How much does being cheap matter{of}?
?tie What decides when two bids have the same points{of}?
# suitability: Who may bid | Suitability
n = int 2 6
v = money 100000 4000000 50000
> Bidders show [[n:{n} similar jobs]] and a yearly turnover of at least [[{v}]].
> Required: turnover of [[{v}]] or more; references: [[n:{n} similar jobs]].
~ Groups of bidders are admitted.
? What turnover must a bidder have{of}?
? minimum turnover{of}
?n How many references are asked for{of}?
?n What must a firm have done before{of}?
# bond: Security | Bid bond
v = percent 1 10
w = span 30 180 days
> A bond of [[{v}]] of the price is required. Bids are binding for [[bind:{w}]].
> Bidders are bound for [[bind:{w}]] and furnish a guarantee of [[{v}]].
~ The bond is given back after the award.
? How high is the bid bond{of}?
? guarantee required{of}
?bind How long are bids binding{of}?
?bind validity of bids{of}
# visit: Site visit | Viewing
day = date
t = time 8 15
> The site can be seen on [[{day} at {t}]]; taking part is [[must:compulsory]].
> A visit takes place on [[{day}, {t}]] and is [[must:voluntary]].
~ Sturdy shoes are needed.
? When is the site visit{of}?
? viewing date{of}
?must Do bidders have to come to see the site{of}?
# padding: Other | General
> The procedure is open. The language of the procedure is that of this notice.
~ Costs of preparing a bid are not refunded.
~ The authority may cancel the procedure.
"""
BID = """
# offer: Our offer | Price
v = money 20000 900000 500
skonto = percent 1 3
> We offer the work at [[{v}]] net; on payment within ten days [[rebate:{skonto}]] is taken off.
> Our price is [[{v}]] before tax. Rebate for quick payment: [[rebate:{skonto}]].
~ The price is fixed.
? What price does the bidder ask{of}?
? bid sum{of}
? For how much would they do it{of}?
?rebate What rebate does the bidder grant{of}?
# time: Time | Schedule
d = span 4 52 weeks
day = date
> We begin on [[start:{day}]] and need [[{d}]].
> Execution takes [[{d}]], starting from [[start:{day}]].
~ Frost may delay the work.
? How long does the bidder need{of}?
? execution time{of}
?start When would the bidder start{of}?
# team: Our team | Persons
a = person
n = int 2 40
y = int 4 31
> [[who:{a}]], with [[years:{y} years]] of experience, leads a team of [[n:{n}]].
> [[n:{n}]] people are at work under [[who:{a}]] ([[years:{y} years]] in the trade).
~ All of them are employed by us.
?who Who would lead the work{of}?
?who project leader named in the bid{of}
?n How many people would be at work{of}?
?years How experienced is the leader{of}?
# references: References
a = firm
y = year 2008 2025
> We did a like job for [[who:{a}]] in [[year:{y}]].
> Reference: [[who:{a}]], completed [[year:{y}]].
~ Letters of thanks are enclosed.
?who For whom has the bidder worked before{of}?
?year When was the reference job done{of}?
# guarantee: Guarantee
y = span 2 10 years
> We vouch for our work for [[{y}]].
> The guarantee runs [[{y}]] from acceptance.
~ Wearing parts are excluded.
? What guarantee does the bidder give{of}?
? guarantee period of the bid{of}
# sub: Subcontractors
a = firm
w = scaffolding | electrical work | transport | earthworks
> [[what:{w}]] is passed on to [[who:{a}]].
> Subcontractor for [[what:{w}]]: [[who:{a}]].
~ We answer for subcontractors as for ourselves.
?who Which subcontractor does the bidder name{of}?
?what Which part would be done by somebody else{of}?
# green: Environment
v = electric vans | recycled steel | timber from certified forests | paint without solvents
> For the sake of nature we use [[{v}]].
> Our contribution to the climate: [[{v}]].
~ A plan for waste is enclosed.
? What does the bidder do for the environment{of}?
? green measures{of}
# padding: General
> We accept the conditions of the call. This bid is signed.
~ Annexes: price sheet, references, extract from the register.
"""
FORMS = TableForms(
    cell=(
        "What does {row} cost under {col}{of}?", "{row} {col}{of}", "Which figure is put against {row}, column {col}{of}?",
        "price sheet: {row}, {col}{of}", "How much is asked for {row} ({col}){of}?",
    ),
    most=("Which position has the highest {col}{of}?", "dearest item by {col}{of}"),
    least=("Which position has the lowest {col}{of}?",),
    difference=("What do {row} and {row2} come to together ({col}){of}?", "How much dearer is one of {row} and {row2} ({col}){of}?"),
)  # fmt: skip
ITEMS = (
    "Site set-up",
    "Demolition",
    "Foundations",
    "Steelwork",
    "Railings",
    "Paint",
    "Drainage",
    "Earthworks",
    "Lighting",
    "Planting",
    "Documentation",
    "Training",
    "Transport",
)


def documents(rng: random.Random) -> Iterator[InventedDocument]:
    """A call for bids and two bids."""
    shared, buyer = style(rng), f"the town of {word(rng)}"
    number_ = code(rng)
    yield compose(
        rng, genre="tender", title=f"Invitation to tender {number_}, {buyer}", topics=read_topics(CALL), context={**shared, "buyer": buyer},
        of=(f" in call {number_}", f" under tender {number_}", f" by {buyer}"), names=(number_, buyer), keep=0.85,
    )  # fmt: skip
    for _ in range(2):
        bidder = firm(rng)
        title = f"Bid of {bidder} for tender {number_}"
        of = (f" in the bid of {bidder}", f" by {bidder}", f" at {bidder}")
        shown = rng.sample(ITEMS, rng.randint(5, 8))
        cells = [[rng.randrange(100, 9000, 10), rng.randint(1, 60)] for _ in shown]
        table = Table(
            owner=title,
            name="tender.prices",
            head=("Position", "Unit price", "Quantity", "Total"),
            caption=rng.choice(("", "Price sheet")),
            rows=tuple(
                (s, f"{shared['currency']}{number(a)}", str(b), f"{shared['currency']}{number(a * b)}")
                for s, (a, b) in zip(shown, cells, strict=True)
            ),
            values=tuple((float(a), float(b), float(a * b)) for a, b in cells),
            called={
                "Railings": ("handrails",),
                "Site set-up": ("setting up the site",),
                "Planting": ("trees and shrubs",),
                "Total": ("total price",),
            },
        )
        yield compose(
            rng, genre="tender", title=title, topics=read_topics(BID), context=shared, of=of, names=(bidder,), keep=0.85,
            sections=[Section(heading=rng.choice(("Price sheet", "Bill of quantities")), blocks=(table_block(table, rng),))],
            questions=table_questions(table, FORMS, rng, of=of, names=(bidder,), count=8, absent_rows=[i for i in ITEMS if i not in shown][:3]),
        )  # fmt: skip
