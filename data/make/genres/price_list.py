"""Price lists and tariffs; a family is one firm's lists of different years."""

from __future__ import annotations

import random
from collections.abc import Iterator

from data.make.draw import firm, style, word
from data.make.invented import InventedDocument, Section, compose, read_topics
from data.make.tables import Table, TableForms, table_block, table_questions

TOPICS = """
# valid: Validity | From when
day = date
> These prices hold from [[day:{day}]] until [[end:further notice]].
> Valid from [[day:{day}]] to [[end:the end of the year]].
~ Earlier lists are void.
?day From when do the prices apply{of}?
?day valid from{of}
?end Until when do the prices hold{of}?
# discount: Discounts | Reductions
who = pupils | groups of ten and more | members | holders of a town card | people over 65
p = percent 5 50
> [[who:{who}]] pay [[{p}]] less.
> A reduction of [[{p}]] is granted to [[who:{who}]].
~ Reductions are not added up.
? What discount is there{of}?
? reduction in per cent{of}
? How much cheaper does it get{of}?
?who Who gets a discount{of}?
?who entitled to a reduced price{of}
# delivery: Delivery | Shipping
v = money 4 60
free = money 80 600 10
> Delivery costs [[{v}]]; from [[free:{free}]] on it is free.
> We deliver for [[{v}]], and without charge above [[free:{free}]].
~ Islands cost extra.
? What does delivery cost{of}?
? shipping charge{of}
?free From what order value is delivery free{of}?
?free How much do I have to buy to get it brought for nothing{of}?
# cancel: Cancellation | Changes of booking
h = span 2 72 hours
p = percent 20 90
> Cancelling is free up to [[{h}]] before; after that [[fee:{p}]] of the price is charged.
> Until [[{h}]] ahead you may cancel at no cost, later at [[fee:{p}]].
~ Changing a booking once is free.
? Until when is cancelling free{of}?
? cancellation deadline{of}
?fee What is charged for a late cancellation{of}?
?fee I cannot come and tell them at the last moment. What will it cost{of}?
# deposit: Deposit | Returnables
v = money 1 50
> A deposit of [[{v}]] is taken for each [[what:crate]].
> Each [[what:key card]] carries a deposit of [[{v}]].
~ Deposits are paid back in cash.
? How much deposit is taken{of}?
? deposit{of}
?what For what is a deposit taken{of}?
# pay: Ways of paying | Payment
v = cash and card | card only | bank transfer and card | invoice for firms, card for others
> We take [[{v}]].
> You can pay by the following means: [[{v}]].
~ Foreign money is not accepted.
? How can one pay{of}?
? means of payment{of}
? I only carry coins. Is that a problem{of}?
# open: Opening hours | When we are there
d = weekday
t = time 8 10
u = time 17 21
> Open from [[{t} to {u}]], closed on [[day:{d}]].
> [[day:{d}]] is our day off. On all others we open from [[{t} until {u}]].
~ On public holidays we close earlier.
? When is it open{of}?
? hours{of}
?day On which day is it closed{of}?
?day day off{of}
# change: Why prices changed
why = energy has become dearer | wages were raised | a supplier has closed | the tax was lowered | we have built a new hall
> Prices had to change because [[{why}]].
> Since [[{why}]], we have made a new list.
~ We thank you for your understanding.
? Why were the prices changed{of}?
? reason for the new prices{of}
? What made them draw up another list{of}?
# padding: Notes
> All prices include tax. Errors excepted.
~ Ask us for prices of larger amounts.
~ Prices are per piece unless stated otherwise.
"""
OFFERS = {
    "Swimming bath": ("Adult", "Child", "Family ticket", "Sauna", "Locker", "Swimming lesson", "Towel", "Evening ticket", "Season ticket", "Dog day"),
    "Bicycle hire": ("City bike", "E-bike", "Tandem", "Child seat", "Trailer", "Helmet", "Cargo bike", "Lock", "Mountain bike", "Repair kit"),
    "Printing shop": ("Flyer A5", "Poster A2", "Business cards", "Binding", "Lamination", "Scan", "Brochure", "Banner", "Sticker", "Plan A0"),
    "Nursery": ("Rose", "Apple tree", "Lavender", "Box hedge", "Compost bag", "Turf roll", "Clematis", "Bamboo", "Herb pot", "Bird house"),
    "Garage": ("Oil change", "Tyre change", "Brake pads", "Battery", "Inspection", "Wheel balance", "Windscreen", "Air filter", "Wash", "Towing"),
    "Hall hire": ("Great hall", "Small hall", "Kitchen", "Stage light", "Piano", "Cleaning", "Caretaker", "Projector", "Cloakroom", "Bar"),
    "Campsite": ("Small tent", "Large tent", "Caravan", "Electricity", "Dog", "Cabin", "Shower", "Washing machine", "Boat mooring", "Extra car"),
}  # fmt: skip
COLUMNS = (
    ("Low season", "High season"),
    ("Weekday", "Weekend"),
    ("1 piece", "10 pieces", "100 pieces"),
    ("Half day", "Day", "Week"),
    ("Members", "Others"),
)
FORMS = TableForms(
    cell=(
        "How much is {row} ({col}){of}?", "{row} {col} price{of}", "What do I pay for {row}, {col}{of}?", "price of {row}, {col}{of}",
        "{row}, {col} – what does it cost{of}?", "I need {row}. What will be charged ({col}){of}?", "What is the rate for {row} under {col}{of}?",
    ),
    most=("What is the dearest thing on the list ({col}){of}?", "Which entry costs most, {col}{of}?"),
    least=("What is the cheapest thing ({col}){of}?", "lowest price {col}{of}"),
    between=("Which is dearer, {row} or {row2} ({col}){of}?",),
    change=("How much do I save on {row} between {col} and {col2}{of}?", "{row}: {col} compared with {col2}{of}"),
    difference=("What do {row} and {row2} cost together ({col}){of}?", "I take {row} plus {row2}, {col}. What is the sum{of}?"),
    label=("What can I get for {value} ({col}){of}?",),
)  # fmt: skip


def documents(rng: random.Random) -> Iterator[InventedDocument]:
    """Two or three lists of one firm."""
    shared = style(rng)
    kind = rng.choice(list(OFFERS))
    name = rng.choice((f"{kind} {word(rng)}", f"{firm(rng)}, {kind.lower()}"))
    columns, pool, first = rng.choice(COLUMNS), OFFERS[kind], rng.randint(2008, 2024)
    for year in sorted(rng.sample(range(first, first + 4), rng.choice((2, 2, 3)))):
        title = rng.choice((f"{name}: price list {year}", f"Tariff {year}, {name}", f"{name} – prices {year}"))
        of = (f" in {year}", f" on the {year} list", f" at the prices of {year}")
        shown = rng.sample(pool, rng.randint(5, 8))
        cells = [
            sorted((rng.randint(2, 400) * rng.choice((0.5, 1, 1, 0.9)) for _ in columns), reverse=rng.random() < 0.3)
            for _ in shown
        ]
        table = Table(
            owner=title,
            name="price_list.prices",
            head=("", *columns),
            rows=tuple(
                (s, *(f"{shared['currency']}{v:,.2f}" for v in row)) for s, row in zip(shown, cells, strict=True)
            ),
            values=tuple(map(tuple, cells)),
            called={
                "E-bike": ("a bike with a motor",),
                "Towing": ("being towed",),
                "Adult": ("a grown-up",),
                "Piano": ("the grand",),
                "Cabin": ("a hut",),
                "Weekend": ("Saturday and Sunday",),
                "Others": ("non-members",),
                "High season": ("summer",),
                "Rose": ("a rose bush",),
            },
        )
        yield compose(
            rng, genre="price_list", title=title, topics=read_topics(TOPICS), context={**shared, "year": str(year)}, of=of, names=(str(year),),
            sections=[Section(heading=rng.choice(("Prices", "What it costs", "Our prices")), blocks=(table_block(table, rng),))],
            questions=table_questions(table, FORMS, rng, of=of, names=(str(year),), count=10, absent_rows=[i for i in pool if i not in shown][:3]),
        )  # fmt: skip
