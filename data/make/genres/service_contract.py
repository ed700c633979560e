"""Contracts for services and licences: a family is one customer's contracts with different providers."""

from __future__ import annotations

import random
from collections.abc import Iterator

from data.make.draw import code, firm, style
from data.make.invented import InventedDocument, compose, read_topics

TOPICS = """
# subject!: Subject | Scope of services | What is provided
v = cleaning of offices and staircases | hosting and upkeep of a web shop | catering for up to two hundred guests a day | translation of technical texts | inspection of lifts | payroll for all staff | security patrols at night
> {provider} ("the Provider") undertakes the [[{v}]] for {customer} ("the Customer").
> Under this contract {customer} obtains from {provider} the [[{v}]].
> The Provider, {provider}, is engaged for the [[{v}]]. The Customer is {customer}.
~ Services outside the scope are quoted for separately.
? What does the provider do{of}?
? scope of services{of}
? Which work has been handed to the outside firm{of}?
? What has the customer bought{of}?
# fee: Remuneration | Fees | Price
v = money 900 64000 100
per = per month | per quarter | per year | for each started week
> The fee is [[{v} {per}]], plus value added tax.
> The Customer pays [[{v} {per}]]. Tax is added at the rate in force.
> For all services a lump sum of [[{v} {per}]] is agreed.
~ The fee covers travel and material unless Annex 2 says otherwise.
~ Prices are net.
? What is the fee{of}?
? remuneration agreed{of}
? How much does the customer have to pay for it{of}?
? What does the provider charge{of}?
# payment: Payment | Invoicing | Terms of payment
v = span 7 60 days
disc = percent 1 4
> Invoices are payable within [[{v}]] of receipt; a discount of [[disc:{disc}]] applies to payment inside one week.
> Payment is due [[{v}]] after the invoice has arrived. Whoever settles within a week may deduct [[disc:{disc}]].
> The Customer settles each invoice no later than [[{v}]] from its date and may take [[disc:{disc}]] off for quick payment.
~ An invoice names the order number, or it is sent back.
? How many days does the customer have to pay{of}?
? payment term{of}
? By when must an invoice be settled{of}?
?disc What discount is there for early payment{of}?
?disc cash discount{of}
?disc What do I save by paying at once{of}?
# start: Beginning and duration | Term
day = date
v = span 6 60 months
> The contract takes effect on [[day:{day}]] and is concluded for [[{v}]].
> Work begins on [[day:{day}]]. The first period is [[{v}]] long.
> For an initial term of [[{v}]], beginning on [[day:{day}]], neither side may leave.
~ Preparatory visits before the start are free of charge.
?day When does the contract take effect{of}?
?day start of work{of}
? How long is the initial term{of}?
? minimum contract period{of}
? For how many months are both bound at the least{of}?
# renewal: Renewal | Extension
v = span 3 24 months
notice = span 1 6 months
> Unless it is ended [[notice:{notice}]] before it runs out, the contract is prolonged by [[{v}]].
> It renews itself by [[{v}]] each time, except where a party objects [[notice:{notice}]] ahead.
> If nobody gives notice [[notice:{notice}]] before the end, another [[{v}]] follow.
~ A renewal does not change the prices.
? By how long is the contract extended if nobody gives notice{of}?
? automatic renewal period{of}
? What happens when the term is over and no one has said anything{of}?
?notice How far before the end must one object to the extension{of}?
?notice non-renewal deadline{of}
# response: Service levels | Response times | Availability
v = span 1 48 hours
up = decimal 97 99.9 1
> A fault that stops work is answered within [[{v}]]. Over a year the service is available [[up:{up} %]] of the time.
> Availability is [[up:{up} %]] in the yearly mean. The Provider reacts to urgent reports inside [[{v}]].
> Urgent calls: somebody begins to work on them after [[{v}]] at the latest. Agreed availability: [[up:{up} %]].
~ Planned upkeep at weekends does not count as a fault.
~ Reports are taken by telephone day and night.
? How fast must the provider react to an urgent fault{of}?
? response time{of}
? How long can we be left waiting when everything stands still{of}?
?up What availability is promised{of}?
?up uptime guarantee{of}
# penalty: Penalties | Liquidated damages | Delay
v = percent 1 9
cap = percent 10 30
> For every week of delay [[{v}]] of the yearly fee is deducted, up to [[cap:{cap}]] in all.
> Delay costs the Provider [[{v}]] of the annual fee a week. The total is limited to [[cap:{cap}]].
> If a date is missed, a penalty of [[{v}]] per week is owed; it never exceeds [[cap:{cap}]] of the fee.
~ Force majeure suspends all dates.
? What penalty is owed for each week of delay{of}?
? weekly penalty rate{of}
? What does the provider lose when it is late{of}?
?cap What is the maximum penalty{of}?
?cap cap on liquidated damages{of}
# liability: Liability | Limitation of liability
v = money 50000 5000000 50000
> Except for intent, the Provider's liability is limited to [[{v}]] a year.
> The Provider answers for slight negligence up to [[{v}]] for each year of the contract.
> No more than [[{v}]] per year can be claimed from the Provider for damage it caused carelessly.
~ Nothing limits liability for injury to persons.
? To what amount is liability limited{of}?
? limitation of liability{of}
? What is the most we could recover if they break something{of}?
? Up to which sum does the provider stand in for damage{of}?
# law: Governing law and venue | Disputes | Applicable law
v = place
law = the law of the Customer's seat | Swiss law | English law | the law of the Provider's seat | Dutch law
> [[law:{law}]] applies. The courts of [[{v}]] decide.
> Disputes are brought before the courts of [[{v}]]; they are decided under [[law:{law}]].
~ Before going to court the managers of both sides talk to each other.
? Which courts are competent{of}?
? place of jurisdiction{of}
? Where would we have to sue{of}?
?law Which law governs the contract{of}?
?law applicable law{of}
# secrecy: Confidentiality | Secrecy
v = span 1 10 years
> What a party learns of the other is kept secret for [[{v}]] after the contract's end.
> The duty of secrecy outlives the contract by [[{v}]].
> Both sides stay silent about each other's affairs, and for another [[{v}]] once they have parted.
~ What is public anyway is no secret.
? How long does the duty of confidentiality last after the end{of}?
? confidentiality period{of}
? Once it is over, for how long must we keep quiet{of}?
# staff: Persons in charge | Contacts
a = person
b = person
> For the Provider [[prov:{a}]] is in charge; the Customer names [[cust:{b}]].
> Questions go to [[cust:{b}]] on the Customer's side and to [[prov:{a}]] on the Provider's.
~ A change of the person in charge is announced in writing.
?prov Who is the provider's contact{of}?
?prov person in charge at the supplier{of}
?cust Who answers questions on the customer's side{of}?
?cust customer's representative{of}
# subcontract: Subcontractors | Use of others
rule = may be used once the Customer has agreed in writing | are not allowed | are allowed for transport only | may be used freely, the Provider answering for them
> Subcontractors [[{rule}]].
> As for subcontractors: they [[{rule}]].
? May the provider use subcontractors{of}?
? subcontracting{of}
? Can part of the work be handed on to another firm{of}?
# data: Data protection | Personal data
v = span 10 120 hours
> A breach of personal data is reported to the Customer within [[{v}]] of its discovery.
> The Provider tells the Customer of any leak of personal data, at the latest [[{v}]] after noticing it.
~ Personal data is deleted when the contract is over.
? How soon must a data breach be reported{of}?
? data breach notification deadline{of}
? If records leak, how much time passes at most before we hear of it{of}?
# padding: Other provisions | Final provisions
> Amendments are made in writing. If a provision is void, the rest stays in force.
~ Annexes rank after the text of the contract.
~ Neither party may assign rights without the other's consent.
"""


def documents(rng: random.Random) -> Iterator[InventedDocument]:
    """Two or three contracts of one customer."""
    shared = {**style(rng), "customer": firm(rng)}
    for _ in range(rng.choice((2, 2, 3))):
        provider, reference = firm(rng), code(rng)
        yield compose(
            rng,
            genre="service_contract",
            title=rng.choice((f"Contract {reference} with {provider}", f"Service agreement {provider} ({reference})")),
            topics=read_topics(TOPICS),
            context={**shared, "provider": provider},
            of=(f" in contract {reference}", f" under {reference}", f" in the agreement with {provider}"),
            names=(reference, provider),
            numbering=("Article {n} {h}", "{n}. {h}", "§ {n} {h}", "{h}", "{up}"),
        )
