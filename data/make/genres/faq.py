"""Pages of frequent questions of services; a family is one house's pages on different services."""

from __future__ import annotations

import random
from collections.abc import Iterator

from data.make.draw import style, word
from data.make.invented import InventedDocument, compose, read_topics

TOPICS = """
# account: How do I open an account? | Registration | Getting started
v = span 5 40 minutes
w = an identity card | a phone number | a bank card | proof of address
> You need [[need:{w}]]. It takes about [[{v}]].
> Opening an account takes [[{v}]]; have [[need:{w}]] ready.
~ You can begin on one device and go on with another.
? How long does it take to open an account{of}?
? registration duration{of}
?need What do I need to register{of}?
?need documents for signing up{of}
?need I want to become a customer. What should I have at hand{of}?
# forgot: What if I have forgotten my password? | Password
v = int 10 60 5
how = by text message | by e-mail | at the counter | by letter
> Ask for a new one; it comes [[how:{how}]] and is valid for [[{v} minutes]].
> We send a link [[how:{how}]]. It stays open [[{v} minutes]].
~ Never tell your password to anyone.
?how How do I get a new password{of}?
?how I cannot log in any more. How will you help me{of}?
? How long is the link for a new password valid{of}?
# cost!: What does it cost? | Prices | Fees
v = money 2 60
f = the first month | the first three months | everything up to five items | students
> [[{v}]] a month; [[free:{f}]] free of charge.
> It costs [[{v}]] monthly. We charge nothing for [[free:{f}]].
~ There are no hidden costs.
? What is the monthly price{of}?
? fee per month{of}
? How much will be taken from my account each month{of}?
?free What is free of charge{of}?
# cancel: How do I cancel? | Ending it
v = span 1 8 weeks
how = in the settings, under Contract | by a short letter | by phone | in the shop
> Cancel [[how:{how}]], [[{v}]] before the month ends.
> You can leave with [[{v}]]' notice, [[how:{how}]].
~ Data is deleted afterwards.
? What is the notice{of}?
? cancellation notice{of}
?how Where or how do I cancel{of}?
?how I do not want it any more. What do I do{of}?
# return: Can I send things back? | Returns
v = span 7 100 days
who = we pay | you pay | we pay within the country
> You have [[{v}]]; for the postage [[who:{who}]].
> Things can be returned for [[{v}]]. As for postage: [[who:{who}]].
~ Please use the box it came in.
? How long can things be returned{of}?
? return period{of}
? It does not fit me. Until when will you take it back{of}?
?who Who pays for postage when something goes back{of}?
# late: My order is late. What now? | Delays
v = span 2 14 days
> Wait [[{v}]], then write to us with the number of your order.
> After [[{v}]] please get in touch; before that nothing can be looked up.
~ Before holidays parcels take longer.
? How long should I wait before asking about a late order{of}?
? late delivery, when to complain{of}
? The parcel is not here yet. When do I begin to worry{of}?
# device: On which devices does it run? | Devices
v = int 2 10
d = phones and tablets | any browser | televisions made after 2016 | e-readers
> It runs on [[{d}]], on up to [[n:{v} devices]] at a time.
> Use it with [[{d}]]. [[n:{v} devices]] may be signed in at once.
~ Updates are installed by themselves.
? Where does it run{of}?
? supported devices{of}
?n How many devices can be used at once{of}?
?n Can all of my family be signed in at the same time{of}?
# why: Why do you ask for my date of birth? | Your data
v = because the law demands it | to tell namesakes apart | since some items are for adults only | in order to send you a present
y = span 1 10 years
> We ask for it [[{v}]], and keep it [[keep:{y}]].
> It is stored for [[keep:{y}]], [[{v}]].
~ We never sell data.
? Why do they want the date of birth{of}?
? reason for asking the birth date{of}
? What do they need my birthday for{of}?
?keep How long is the date kept{of}?
# help: How can I reach you? | Contact
p = phone
m = email
t = time 8 10
> Ring [[phone:{p}]] (from [[time:{t}]]) or write to [[mail:{m}]].
> Write to [[mail:{m}]]. From [[time:{t}]] somebody answers on [[phone:{p}]].
~ Mondays are busy.
?phone What is the telephone number{of}?
?phone hotline{of}
?mail To which address can I write{of}?
?mail e-mail address{of}
?time From what time on does somebody answer the phone{of}?
# gift: Can I give it as a present? | Vouchers
a = money 5 50 5
y = span 1 5 years
> Vouchers start at [[{a}]] and are valid for [[val:{y}]].
> A voucher is worth at least [[{a}]]; it expires after [[val:{y}]].
~ Vouchers are not paid out.
? What is the smallest voucher{of}?
?val How long is a voucher valid{of}?
?val expiry of vouchers{of}
# pause: Can I take a break? | Pausing
v = span 1 6 months
> Yes, for up to [[{v}]] a year.
> Pausing is possible for [[{v}]] in each year.
~ While pausing you pay nothing.
? For how long can I pause{of}?
? maximum break{of}
? I go abroad for the summer. Could I put it on hold, and how long{of}?
# padding: About this page
> Here we answer what is often asked about {service}. If something is missing, let us know.
~ This page is updated now and then.
~ Was this answer helpful?
"""
SERVICES = (
    "car sharing", "the e-library", "the vegetable box", "home internet", "the fitness club", "the parcel locker", "online banking",
    "the museum card", "bike insurance", "the music app", "the water bill portal", "language evenings", "the allotment app", "the bus pass",
)  # fmt: skip


def documents(rng: random.Random) -> Iterator[InventedDocument]:
    """Two or three services of one house."""
    shared, house = style(rng), word(rng)
    for service in rng.sample(SERVICES, rng.choice((2, 3))):
        plain = service.removeprefix("the ")
        yield compose(
            rng, genre="faq", title=rng.choice((f"{house}: questions about {service}", f"FAQ – {plain} ({house})", f"Help: {plain}, {house}")),
            topics=read_topics(TOPICS), context={**shared, "service": service}, of=(f" with {service}", f" for {service}", f" at {house}'s {plain}"),
            names=(plain,), numbering=("{h}", "{h}", "Q{n}: {h}", "{n}. {h}"),
        )  # fmt: skip
