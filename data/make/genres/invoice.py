"""Invoices, delivery notes and reminders; a family is one supplier's papers for one customer."""

from __future__ import annotations

import random
from collections.abc import Iterator

from data.make.draw import code, firm, number, style
from data.make.invented import InventedDocument, Section, compose, read_topics
from data.make.tables import Table, TableForms, table_block, table_questions

TOPICS = """
# head!: Our reference | Details
day = date
order = code
who = person
> {kind} {no} of [[day:{day}]] for {customer}. Your order: [[order:{order}]]. Handled by [[who:{who}]].
> Date: [[day:{day}]]. Customer: {customer}. Order no. [[order:{order}]]. Contact: [[who:{who}]].
?day What is the date of the paper{of}?
?day date{of}
?order Which order does it refer to{of}?
?order order number{of}
?who Who handled it at the supplier{of}?
?who contact person{of}
# due: Payment | Terms
day = date
bank = code
> Please pay by [[{day}]], quoting [[ref:{bank}]].
> Payable without deduction until [[{day}]]; reference for the transfer: [[ref:{bank}]].
> The amount is due on [[{day}]]. When paying, state [[ref:{bank}]].
~ Goods remain ours until paid.
~ Interest is charged on late payment.
? When is payment due{of}?
? due date{of}
? By which day should the money be there{of}?
?ref What must be quoted with the transfer{of}?
?ref payment reference{of}
# delivery: Delivery | Shipment
day = date
a = street
n = int 1 24
by = by our own lorry | by rail | by parcel service | by a forwarder
> Delivered on [[day:{day}]] to [[where:{a}]] [[how:{by}]], [[n:{n} pallets]].
> [[n:{n} pallets]] went to [[where:{a}]] on [[day:{day}]], [[how:{by}]].
~ Pallets are exchanged.
?day When was the delivery made{of}?
?day delivery date{of}
?where Where were the goods delivered{of}?
?where To what address did they bring it{of}?
?how How were the goods sent{of}?
?n How many pallets were there{of}?
# short: Remarks | Differences
what = two cartons were wet | one item was missing | the colour was wrong | the label was torn | all was in good order
act = a credit note follows | a replacement is on its way | nothing needs to be done | the price was lowered
> On arrival [[{what}]]; [[act:{act}]].
> Remark of the driver: [[{what}]]. Therefore [[act:{act}]].
~ Complaints are made within a week.
? In what state did the goods arrive{of}?
? damage on delivery{of}
? Was anything wrong with the goods{of}?
?act What follows from the remark{of}?
# tax: Tax | Amounts
p = int 5 25
id = code
> VAT of [[{p} %]] is included. Our tax number: [[id:{id}]].
> Tax no. [[id:{id}]]; rate of value added tax [[{p} %]].
~ Keep this paper for ten years.
? Which rate of tax applies{of}?
? VAT rate{of}
?id What is the supplier's tax number{of}?
# bank: Bank
iban = code
b = place
> Account [[{iban}]] at the Savings Bank of [[b:{b}]].
> Our account: [[{iban}]], Bank of [[b:{b}]].
~ Cheques are not taken.
? To which account is the money sent{of}?
? account number{of}
?b At which bank is the account kept{of}?
# weight: Weight and packing
kg = int 12 9000
v = cardboard | wooden crates | shrink film | returnable boxes
> Gross weight [[{kg} kg]], packed in [[v:{v}]].
> Packed in [[v:{v}]]; total weight [[{kg} kg]].
~ Packing is charged at cost.
? What does the shipment weigh{of}?
? gross weight{of}
? How heavy is the consignment{of}?
?v How are the goods packed{of}?
# padding: Thank you
> Thank you for your order.
~ Our general conditions apply.
~ This paper was made by machine and is valid without a signature.
"""
FORMS = TableForms(
    cell=(
        "What is the {col} of {row}{of}?", "{row} {col}{of}", "{col} for {row}{of}?", "How is {row} listed under {col}{of}?",
        "On the paper, which {col} stands beside {row}{of}?",
    ),
    most=("Which item has the highest {col}{of}?", "largest {col}{of}"),
    least=("Which item has the lowest {col}{of}?",),
    difference=("What do {row} and {row2} cost together, going by {col}{of}?", "{row} and {row2}: difference in {col}{of}"),
    label=("Which item shows {value} as {col}{of}?",),
    between=("Which stands higher in {col}{of}, {row} or {row2}?",),
)  # fmt: skip
GOODS = (
    "Hinges 80 mm", "Wood screws, box", "Copper pipe 15 mm", "Ball valve", "Work gloves", "Cable drum", "Safety goggles", "Sealant white",
    "Paint roller", "Door handle steel", "Sanding discs", "Gasket set", "LED panel", "Extension lead", "Paper towels", "Toner black",
    "Office chair", "Filing box", "Coffee beans 1 kg", "Printer paper A4",
)  # fmt: skip


def documents(rng: random.Random) -> Iterator[InventedDocument]:
    """An invoice, a delivery note and at times a second invoice."""
    shared = {**style(rng), "customer": firm(rng)}
    seller = firm(rng)
    for kind in rng.choice(
        (
            ("Invoice", "Delivery note"),
            ("Invoice", "Invoice"),
            ("Invoice", "Reminder"),
            ("Delivery note", "Invoice", "Invoice"),
        )
    ):
        no = code(rng)
        title = rng.choice((f"{kind} {no} – {seller}", f"{seller}: {kind.lower()} no. {no}"))
        of = (f" on {kind.lower()} {no}", f" of {no}", f" ({no})")
        shown = rng.sample(GOODS, rng.randint(4, 9))
        cells = [[rng.randint(1, 200), rng.uniform(0.5, 300)] for _ in shown]
        heads = rng.choice(
            (("Item", "Quantity", "Unit price", "Amount"), ("Description", "pcs", "price each", "line total"))
        )
        table = Table(
            owner=title,
            name="invoice.lines",
            head=heads,
            rows=tuple((s, str(n), number(p, 2), number(n * p, 2)) for s, (n, p) in zip(shown, cells, strict=True)),
            values=tuple((float(n), p, n * p) for n, p in cells),
            called={
                "Quantity": ("number of pieces",),
                "pcs": ("number of pieces",),
                "Work gloves": ("gloves",),
                "Toner black": ("black toner",),
                "Amount": ("total",),
            },
        )
        total = sum(round(n * p, 2) for n, p in cells)
        owner = f"{title}|invoice.total"
        yield compose(
            rng, genre="invoice", title=title, topics=[*read_topics(TOPICS), *read_topics(TOTAL)],
            context={**shared, "kind": kind, "no": no, "total": draw_total(total, shared["currency"])}, of=of, names=(no,),
            sections=[Section(heading=rng.choice(("Items", "Positions", owner.split("|")[0])), blocks=(table_block(table, rng),))],
            questions=table_questions(table, FORMS, rng, of=of, names=(no,), count=8, absent_rows=[g for g in GOODS if g not in shown][:3]),
        )  # fmt: skip


def draw_total(total: float, currency: str) -> str:
    """The sum of the lines as it is printed."""
    return f"{currency}{number(total, 2)}"


TOTAL = """
# total!: Total | Sum
> The total is [[{total}]].
> Sum of all lines: [[{total}]].
> All in all [[{total}]] are charged.
? What is the total{of}?
? grand total{of}
? What does everything come to{of}?
? How much money does the supplier want{of}?
"""
