"""Leases of flats, shops and workshops; a family is one landlord's leases of different premises."""

from __future__ import annotations

import random
from collections.abc import Iterator

from data.make.draw import draw, firm, person, style
from data.make.invented import InventedDocument, compose, read_topics

TOPICS = """
# parties!: Parties | This lease | Who signs
day = date
> This lease is made on [[day:{day}]] between {landlord} ("the Landlord") and [[who:{tenant}]] ("the Tenant") for the {thing} at {address}.
> {landlord}, called the Landlord, lets the {thing} at {address} to [[who:{tenant}]], called the Tenant. Signed on [[day:{day}]].
> The Landlord is {landlord}. The Tenant of {address}, a {thing}, is [[who:{tenant}]]; both have signed this document on [[day:{day}]].
?who Who rents the {thing}{of}?
?who name of the lessee{of}
?who To whom have the premises been let{of}?
?day When was it signed{of}?
?day date of signature{of}
?day Since when have both sides been bound by the document{of}?
# rent: Rent | Rent and payment | Monthly payment
v = money 350 4800 5
due = first | third | fifth | tenth | fifteenth | last working
> The rent is [[{v}]] a month. It is paid in advance, on the [[due:{due} day]] of each month, by transfer.
> On the [[due:{due} day]] of every month the Tenant transfers [[{v}]] to the account that the Landlord names.
> For the use of the {thing} [[{v}]] is payable monthly, no later than the [[due:{due} day]].
~ A receipt for the rent is given when the Tenant asks for one.
~ Rent that was paid too early earns no discount.
~ Payment in cash is not accepted at the Landlord's office.
? How much is the monthly rent{of}?
? rent per month{of}
? What does it cost to live or work there for one month{of}?
? Which sum has the occupant to find every month{of}?
?due When does the rent fall due{of}?
?due day of the month for payment{of}
?due By when must the transfer have arrived{of}?
# term: Term | Duration | Beginning and end
start = date
years = span 1 12 years
> The lease begins on [[start:{start}]] and runs for [[{years}]].
> It is agreed for a fixed period of [[{years}]], counted from [[start:{start}]].
> From [[start:{start}]] the Tenant may use the {thing}. The arrangement ends after [[{years}]] without notice.
~ Moving in before the agreed day needs the Landlord's written consent.
? How long does the lease run{of}?
? fixed term{of}
? For what period have the two sides tied themselves{of}?
?start From which day may the tenant move in{of}?
?start commencement date{of}
?start When does the lease start{of}?
# deposit: Deposit | Security | Security deposit
v = money 500 9600 50
back = span 14 90 days
> Before the keys are handed over the Tenant pays [[{v}]] as security. It is returned within [[back:{back}]] of moving out, less what repairs have cost.
> A deposit of [[{v}]] is held on a separate account and paid back not later than [[back:{back}]] after the keys were returned.
> The Landlord holds [[{v}]] against damage and arrears. Whatever is not needed goes back to the Tenant inside [[back:{back}]].
~ The deposit is not rent: it may not be set off against the last month.
~ Damage is noted on a form that both sides sign.
? How large is the deposit{of}?
? security deposit amount{of}
? What does the tenant leave with the owner in case something gets broken{of}?
? How much money is held back against damage{of}?
?back How soon is the deposit repaid after moving out{of}?
?back return of deposit, time limit{of}
?back How long can the owner keep the money once the keys are back{of}?
# notice: Notice | Termination | Ending the lease
v = span 1 9 months
form = by registered letter | in writing, signed by hand | by e-mail with read receipt | on the form in Annex B
> Either side may end the lease with [[{v}]]' notice, given [[form:{form}]].
> Notice is given [[form:{form}]]. The period is [[{v}]] to the end of a month.
> To terminate, a party writes to the other [[form:{form}]]; the lease then ends after [[{v}]].
~ A notice that was withdrawn counts as never given.
~ Termination for a serious breach needs no period.
? What is the notice period{of}?
? termination notice{of}
? How long before leaving must the tenant say so{of}?
? If I want to get out of the lease, how far ahead do I have to act{of}?
?form In which form is notice given{of}?
?form How must a party declare that it wants to end the lease{of}?
?form Is a phone call enough to terminate{of}?
# increase: Changes of the rent | Indexation | Review of rent
v = percent 1 7
m = month
when = every year in {m} | every second year | every three years | once, after the second year
> The rent may be raised [[when:{when}]], by at most [[{v}]].
> [[when:{when}]] the Landlord may adapt the rent to the price index, never by more than [[{v}]] at a time.
> An increase is capped at [[{v}]]; it can be asked for [[when:{when}]].
~ The price index is that of the national statistical office.
? By how much may the rent go up at most{of}?
? cap on rent increases{of}
? What is the ceiling when the landlord wants more money{of}?
?when How often can the rent be raised{of}?
?when interval of rent reviews{of}
# repairs: Repairs | Maintenance | Upkeep
v = money 40 400 10
who = the Landlord | the property manager | a contractor of the Landlord's choice
> Small repairs up to [[{v}]] each are the Tenant's affair; all others are carried out by [[who:{who}]].
> [[who:{who}]] keeps roof, walls and pipes in order. What costs less than [[{v}]] in the single case is borne by the Tenant.
> The Tenant bears minor repairs, that is, those of no more than [[{v}]]. For the rest [[who:{who}]] is responsible.
~ A defect is reported without delay.
~ Repairs are announced two days ahead unless a pipe has burst.
? Up to what amount does the tenant pay for repairs{of}?
? minor repairs limit{of}
? What is the most that a small job can cost before someone else has to pay for it{of}?
?who Who looks after bigger repairs{of}?
?who Who has to act when the roof leaks{of}?
# pets: Animals | Pets | Keeping of animals
rule = Cats and small animals may be kept; a dog needs written consent | No animals may be kept, except fish | One dog or one cat is allowed | Animals are allowed as long as no neighbour objects
> [[{rule}]].
> As to animals the following is agreed: [[{rule}]].
~ Animals of visitors stay no longer than a weekend.
? Are pets allowed{of}?
? May I bring my dog{of}?
? rules on keeping animals{of}
? What about a cat{of}?
? I own a terrier. Would that be a problem{of}?
# sublet: Subletting | Passing on the use
rule = only with the Landlord's prior written consent | for up to eight weeks a year without asking | not at all | to family members only
> The Tenant may sublet [[{rule}]].
> The {thing} may be passed on to others [[{rule}]].
> Giving the use to third parties is permitted [[{rule}]].
~ Guests who stay for a short while are not subtenants.
? May the tenant sublet{of}?
? subletting conditions{of}
? Can someone else live there while I am abroad{of}?
? Under which condition can the rooms be handed to a third person{of}?
# costs: Service charges | Additional costs | Utilities
v = money 40 620 5
list = water, waste and cleaning of the stairs | heating, water and lift | refuse, lighting of common parts and insurance | heating, chimney sweep and garden
> In addition [[{v}]] a month is paid towards [[list:{list}]]. Accounts are settled once a year.
> The service charge covers [[list:{list}]]; the advance is [[{v}]] monthly.
> For [[list:{list}]] the Tenant makes a monthly advance of [[{v}]].
~ Electricity is bought by the Tenant from a supplier of choice.
? What is the monthly advance on service charges{of}?
? additional costs per month{of}
? How much comes on top of the rent{of}?
?list Which costs does the service charge cover{of}?
?list What is included in the extra charges{of}?
?list list of utilities in the advance{of}
# late: Late payment | Arrears | Interest
v = percent 2 9
days = span 3 21 days
> If rent is more than [[days:{days}]] late, interest of [[{v}]] a year is charged.
> Arrears bear [[{v}]] interest a year after [[days:{days}]] of delay.
> A delay of up to [[days:{days}]] has no consequence; from then on the sum owed bears interest at [[{v}]] per annum.
~ A reminder is sent by post; its cost is borne by the party in default.
? What interest is charged on late rent{of}?
? interest rate on arrears{of}
? What does it cost to pay too late{of}?
?days How many days of grace are there{of}?
?days After which delay is interest charged{of}?
# use!: Use of the premises | Permitted use
rule = as a dwelling only | as an office and for storage | for retail of goods that do not smell | as a workshop for bicycles and light machines
> The {thing} is let [[{rule}]].
> The Tenant uses the premises [[{rule}]] and for nothing else.
~ A change of use is also a matter for the building authority.
? For what purpose may the premises be used{of}?
? permitted use{of}
? What am I allowed to do in the rooms{of}?
? Would running a different kind of business there break the lease{of}?
# keys: Keys | Handing over
v = span 2 6 keys
fee = money 25 140 5
> The Tenant receives [[{v}]]. A lost one is replaced for [[fee:{fee}]].
> On the first day [[{v}]] are handed over; replacing a lost key costs [[fee:{fee}]].
~ Keys are not copied without asking.
? How many keys are handed over{of}?
? number of keys{of}
?fee What does a lost key cost{of}?
?fee price of a replacement key{of}
?fee I cannot find my key any more. What will I be charged{of}?
# padding: General provisions | Final provisions
> Changes of this document are made in writing. Should a clause be void, the others remain in force.
~ Notices go to the addresses above until another is named.
~ The annexes are part of the lease.
~ Each party has received one signed copy.
"""


def documents(rng: random.Random) -> Iterator[InventedDocument]:
    """Two or three leases of one landlord."""
    shared = {**style(rng), "landlord": rng.choice((person(rng), firm(rng)))}
    thing = rng.choice(("flat", "shop", "workshop", "office", "garage", "studio", "house"))
    for _ in range(rng.choice((2, 2, 3))):
        address = draw("street", rng, {})
        short = address.split(" ", 1)[1]
        tenant = rng.choice((person(rng), person(rng), firm(rng)))
        yield compose(
            rng,
            genre="lease",
            title=rng.choice((f"Lease – {address}", f"Tenancy agreement {address}", f"{address}: rental contract")),
            topics=read_topics(TOPICS),
            context={**shared, "thing": thing, "address": address, "tenant": tenant},
            of=(f" at {address}", f" in the lease of {address}", f" for {short}", f" under the contract for {short}"),
            names=(short,),
            numbering=("§ {n} {h}", "{n}. {h}", "Clause {n}: {h}", "{h}", "{up}"),
        )
