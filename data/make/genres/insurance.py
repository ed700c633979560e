"""Insurance conditions; a family is one insurer's policies of different lines."""

from __future__ import annotations

import random
from collections.abc import Iterator

from data.make.draw import number, style, word
from data.make.invented import InventedDocument, Section, compose, read_topics
from data.make.tables import Table, TableForms, table_block, table_questions

TOPICS = """
# cover: What is insured | Scope of cover
v = fire, lightning and burst pipes | theft from locked rooms | collision and vandalism | hail, storm and flood | accidents at home and on the way to work
> We insure {thing} against [[{v}]].
> Cover extends to [[{v}]]. Insured is {thing}.
> The policy pays when {thing} suffers from [[{v}]].
~ Cover begins once the first premium has been paid.
? Against what is {thing} insured{of}?
? insured perils{of}
? Which events does the policy pay for{of}?
? What has to happen for me to get money{of}?
# excluded!: What is not insured | Exclusions
v = war and nuclear energy | wear, rust and rot | damage caused on purpose | damage by vermin | racing events | loss without signs of force
w = damage by frost after the heating was turned off | goods lent to others | cash above a small sum | commercial use
> There is no cover for [[{v}]], nor for [[{w}]].
> Excluded are [[{v}]] as well as [[{w}]].
> We do not pay for [[{v}]]; the same goes for [[{w}]].
~ Exclusions are to be read narrowly.
? What is excluded{of}?
? exclusions{of}
? For which losses will the company refuse to pay{of}?
? In what cases do I get nothing{of}?
# excess: Excess | Deductible | Your own share
v = money 50 2500 50
> In each claim you bear the first [[{v}]] yourself.
> An excess of [[{v}]] is taken off every payment.
> [[{v}]] per event stays with the insured person.
~ Where two policies pay, the excess is taken off once.
? How high is the excess{of}?
? deductible per claim{of}
? Which part of a loss do I pay out of my own pocket{of}?
? From what size of damage does the insurer start to pay{of}?
# limit!: Limit of payment | Maximum benefit | Sum insured
v = money 10000 3000000 5000
> No more than [[{v}]] is paid for one event.
> The sum insured is [[{v}]]; it is the upper limit of every payment.
> Our payment ends at [[{v}]], whatever the loss.
~ The sum is reviewed when you rebuild or extend.
? What is the maximum payment{of}?
? sum insured{of}
? Where is the ceiling for compensation{of}?
? How much can I get at most{of}?
# report: Reporting a claim | What to do after a loss | Your duties
v = span 1 21 days
who = the police | the fire brigade | a doctor | the landlord
> Report a loss to us within [[{v}]]; call [[who:{who}]] at once.
> After a loss [[who:{who}]] has to be informed immediately, and we no later than [[{v}]] afterwards.
> Duties after an event: inform [[who:{who}]]; write to us inside [[{v}]].
~ Photographs help us to decide quickly.
~ Do not throw damaged things away before we have seen them.
? Within what time must a claim be reported{of}?
? claim notification period{of}
? How long can I wait before telling the insurer{of}?
?who Whom must I call at once{of}?
?who Who else besides the insurer has to be informed{of}?
# premium: Premium | What you pay
v = money 40 2900 10
when = in advance once a year | in two halves | every month | each quarter
> The premium is [[{v}]] a year, payable [[when:{when}]].
> You pay [[when:{when}]]; over the year this comes to [[{v}]].
~ Insurance tax is included.
? How much is the yearly premium{of}?
? premium per year{of}
? What does the policy cost me{of}?
?when In which instalments is the premium paid{of}?
?when payment of premium, how often{of}
# late: Late payment | If you do not pay
v = span 10 45 days
> If you do not pay after a reminder, cover is suspended [[{v}]] later.
> When a premium stays unpaid for [[{v}]] after we have reminded you, we are free from the duty to pay.
~ A bounced direct debit counts as unpaid.
? What happens if I do not pay the premium{of}?
? suspension of cover after reminder{of}
? How many days after the reminder is the cover lost{of}?
# cancel: Ending the policy | Cancellation
v = span 1 6 months
day = int 8 30
> You may cancel [[{v}]] before the end of the insurance year, and within [[free:{day} days]] of receiving the policy without reasons.
> Notice: [[{v}]] to the end of the year. During the first [[free:{day} days]] you may withdraw.
> The policy can be ended by either side with [[{v}]]' notice. A right to withdraw exists for [[free:{day} days]].
~ After a claim both sides may cancel.
? What is the notice for cancelling{of}?
? cancellation period{of}
? How do I get out of the policy, and how far ahead{of}?
?free For how long can one withdraw without giving reasons{of}?
?free cooling-off period{of}
# wait: Waiting period | When cover begins
v = span 1 12 months
> Benefits begin after a waiting period of [[{v}]].
> For the first [[{v}]] no benefits are paid.
~ Accidents are excepted from it.
? How long is the waiting period{of}?
? waiting time before benefits{of}
? I sign today. When could the first payment come{of}?
# abroad: Where you are covered | Territory
v = in all of Europe | in the country of residence only | worldwide, for trips of up to eight weeks | in neighbouring countries as well
> Cover applies [[{v}]].
> You are protected [[{v}]].
~ Claims abroad are reported in any language of the union.
? Where does the cover apply{of}?
? territorial scope{of}
? Am I protected when I am out of the country{of}?
# pay: How we pay | Settlement
v = span 5 40 days
b = at replacement value | at the value on the day of the loss | at the cost of repair
> We pay [[how:{b}]], at the latest [[{v}]] after our decision.
> Settlement is [[how:{b}]]. The money arrives within [[{v}]] of the decision.
~ An advance can be asked for.
? When is the money paid{of}?
? time limit for settlement{of}
?how How is the loss valued{of}?
?how Do I get what a new one costs{of}?
?how basis of compensation{of}
# discount: Discounts | Years without claims
v = percent 3 35
n = span 2 8 years
> After [[n:{n}]] without a claim the premium falls by [[{v}]].
> Whoever makes no claim for [[n:{n}]] pays [[{v}]] less.
~ Claims of others against you count as well.
? What discount is there for having no claims{of}?
? no-claims bonus{of}
? What is careful behaviour worth in the end{of}?
?n After how many years is the price reduced{of}?
# complaint: Complaints | If you are not satisfied
p = phone
o = the ombudsman for insurance | the arbitration board | the supervisory authority
> Complaints are taken on [[{p}]]; if we do not agree, [[who:{o}]] decides free of charge.
> You can turn to [[who:{o}]] when a call to [[{p}]] has brought nothing.
~ The way to court stays open.
? What is the number for complaints{of}?
?who Who decides when I disagree with the company{of}?
?who dispute body{of}
# padding: General conditions | Definitions
> In these conditions "we" is the insurer and "you" the person named in the policy.
~ Changes of address are told to us.
~ Written means on paper or by e-mail.
~ Our letters go to the last address that we know.
"""
LINES = {
    "Household": "the contents of your home", "Bicycle": "your bicycle", "Car": "your car", "Dog owner's liability": "you as a keeper of dogs",
    "Boat": "your boat", "Building": "your house", "Legal costs": "your right to a fair trial", "Musical instrument": "your instrument",
    "Dental": "your teeth", "Pet health": "your cat", "Photovoltaic": "your solar panels", "Event": "your event",
}  # fmt: skip
THINGS = (
    "Jewellery", "Works of art", "Cash", "Garden furniture", "Hotel costs", "Changing of locks", "Clearing of debris",
    "Glass", "Frozen food", "Bicycles in the cellar", "Papers and documents", "Telephone abuse",
)  # fmt: skip
FORMS = TableForms(
    cell=(
        "Up to what amount is {row} covered in the {col} tariff{of}?", "{row} {col}{of}", "limit for {row}, tariff {col}{of}",
        "How much would I get for {row} with {col}{of}?", "I chose {col}. What is the most paid for {row}{of}?",
        "Is {row} included in {col}, and up to which sum{of}?",
    ),
    between=("Which is insured for more in {col}{of}: {row} or {row2}?",),
    most=("For which item is the limit highest in {col}{of}?",),
    change=("What more do I get for {row} when I move from {col} to {col2}{of}?", "{row}: compare {col} with {col2}{of}"),
    label=("Which item has a limit of {value} in {col}{of}?",),
)  # fmt: skip


def documents(rng: random.Random) -> Iterator[InventedDocument]:
    """Two or three policies of one insurer."""
    shared = style(rng)
    insurer = f"{word(rng)} {rng.choice(('Mutual', 'Insurance', 'Assurance'))}"
    for line in rng.sample(list(LINES), rng.choice((2, 2, 3))):
        title = rng.choice(
            (f"{insurer}: {line} insurance conditions", f"General conditions, {line} insurance ({insurer})")
        )
        of = (f" in the {line} policy", f" with {line} insurance", f" under the {line} conditions")
        tariffs = rng.choice((("Basic", "Plus", "Premium"), ("Bronze", "Silver", "Gold"), ("Compact", "Comfort")))
        shown = rng.sample(THINGS, rng.randint(4, 7))
        amounts = [sorted(rng.randrange(100, 20000, 100) for _ in tariffs) for _ in shown]
        table = Table(
            owner=title, name="insurance.limits", head=("Item", *tariffs), caption=rng.choice(("", "Limits by tariff", "Table of benefits")),
            rows=tuple((s, *(f"{shared['currency']}{number(a)}" for a in row)) for s, row in zip(shown, amounts, strict=True)),
            values=tuple(tuple(map(float, row)) for row in amounts),
            called={"Jewellery": ("rings and necklaces",), "Glass": ("broken windows",), "Cash": ("money kept at home",),
                    "Changing of locks": ("new locks after losing the keys",), "Works of art": ("paintings",)},
        )  # fmt: skip
        yield compose(
            rng, genre="insurance", title=title, topics=read_topics(TOPICS), context={**shared, "thing": LINES[line]},
            of=of, names=(line,), sections=[Section(heading=rng.choice(("Limits", "Benefits")), blocks=(table_block(table, rng),))],
            questions=table_questions(table, FORMS, rng, of=of, names=(line,), count=5, absent_rows=[t for t in THINGS if t not in shown][:3]),
            numbering=("§ {n} {h}", "{n}. {h}", "{n} {h}", "{h}", "A.{n} {h}"),
        )  # fmt: skip
