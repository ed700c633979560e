"""Annual and quarterly reports of companies, with statements, notes and discussion; a family is one company's years."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace

from data.make.draw import firm, style
from data.make.invented import InventedDocument, InventedQuestion, Section, compose, names_in, read_topics
from data.make.tables import Table, TableForms, table_block, table_questions

TOPICS = """
# sales!: Course of business | Sales | Discussion of sales
why = a new plant went on stream | a large customer changed the timing of orders | prices were set anew in spring | the mild winter changed habits | an exhibition was held | freight was scarce | a rival left the market
> In {year} sales {course}, chiefly because [[{why}]].
> Business {course} over the year; the main cause was that [[{why}]].
> That [[{why}]] is the reason for which turnover {course} in {year}.
~ Sales are recognised when goods leave our warehouse.
~ Order books are reviewed every month.
? What explains the course of sales{of}?
? reason for change in sales{of}
? Why did the business develop as it did{of}?
? What was behind the movement of the top line{of}?
? Which event moved turnover{of}?
? How does management account for the development of sales{of}?
# staff: Employees | People
n = int 140 48000 10
p = int 18 52
> At year end [[{n}]] people worked for us; [[women:{p}%]] of them were women.
> The group employed [[{n}]] people at the close of {year}, with a share of women of [[women:{p}%]].
> Headcount stood at [[{n}]]. Women made up [[women:{p}%]].
~ Apprentices are not counted.
~ Our people received training on many occasions.
? How many people were employed{of}?
? headcount{of}
? How big was the workforce at the end of the year{of}?
? number of employees{of}
?women What share of the workforce were women{of}?
?women gender split of staff{of}
# dividend: Dividend | Distribution to shareholders
v = decimal 0.1 4.8 2
day = date
> The board proposes a dividend of [[{currency}{v} per share]], payable on [[day:{day}]].
> Shareholders are to receive [[{currency}{v} per share]] on [[day:{day}]].
> On [[day:{day}]] a dividend of [[{currency}{v} per share]] will be distributed if the meeting agrees.
~ Own shares carry no right to a dividend.
? What dividend is proposed{of}?
? dividend per share{of}
? How much will holders be paid for each share{of}?
?day When is the dividend paid{of}?
?day payment date of the dividend{of}
# outlook: Outlook | Expectations | Guidance
a = int 1 6
b = int 7 14
capex = int 8 900
> For the coming year we expect sales to grow by [[{a}% to {b}%]] and plan to invest [[capex:{currency}{capex} million]].
> We plan investments of [[capex:{currency}{capex} million]] next year. Growth should lie between [[{a}% and {b}%]].
> Management looks for growth of [[{a}–{b}%]]; [[capex:{currency}{capex} million]] is earmarked for plant and equipment.
~ Expectations may prove wrong.
~ Results depend on the weather as well as on exchange rates.
? What growth does management expect{of}?
? guidance for next year{of}
? How fast does the firm think it will get bigger{of}?
?capex How much is to be invested next year{of}?
?capex planned capital expenditure{of}
# deal: Acquisitions | Changes in the group | Business combinations
f = firm
v = int 6 1900
day = date
why = to gain a foothold in the north | for its patents | because it owns the only quarry nearby | to shorten delivery times
> On [[day:{day}]] we bought [[who:{f}]] for [[{currency}{v} million]] [[why:{why}]].
> [[who:{f}]] belongs to the group since [[day:{day}]]. The price was [[{currency}{v} million]]; it was bought [[why:{why}]].
~ Costs of advisers were charged to income.
?who Which company was acquired{of}?
?who name of the acquired business{of}
? What was paid for the acquisition{of}?
? purchase price{of}
? How much did the takeover cost{of}?
?why Why was the other business bought{of}?
?why What did management hope to gain by the purchase{of}?
?day When did the purchase close{of}?
# debt: Borrowings | Financing | Liquidity
v = int 20 2400
r = percent 1 8
y = year 2029 2041
c = decimal 2 4 1
> A bond of [[{currency}{v} million]] was issued at [[rate:{r}]]; it falls due in [[due:{y}]]. Net debt may not exceed [[cov:{c} times EBITDA]].
> We placed notes of [[{currency}{v} million]] maturing in [[due:{y}]], with interest of [[rate:{r}]]. The covenant allows leverage of [[cov:{c} times EBITDA]].
~ Bank lines were not drawn at the balance sheet date.
~ Leverage is watched every quarter.
? What amount was raised by the bond{of}?
? size of the note issue{of}
?rate What interest do the notes bear{of}?
?rate coupon{of}
?due When does the bond mature{of}?
?due In what year must the borrowed money be paid back{of}?
?cov Which covenant applies to leverage{of}?
?cov maximum leverage under the loan terms{of}
# legal: Legal proceedings | Litigation | Contingencies
v = int 1 300
who = a former supplier | the competition authority | a group of residents | a licensor | former employees
why = alleged breach of a delivery contract | dust from a plant | use of a patented valve | agreements on prices | unpaid overtime
> [[who:{who}]] has sued for [[why:{why}]]; [[{currency}{v} million]] was set aside.
> In the matter of [[why:{why}]], brought by [[who:{who}]], a provision of [[{currency}{v} million]] stands in the accounts.
~ We believe that we have good defences.
? How much was provided for the lawsuit{of}?
? litigation provision{of}
?who Who has taken the company to court{of}?
?who claimant{of}
?why What is the lawsuit about{of}?
?why subject of the proceedings{of}
# audit: Tax audit | Taxes of earlier years
v = int 1 90
a = year 1999 2006
n = int 2 5
why = losses abroad were not accepted | transfer prices were disputed | a credit had been claimed twice | a deadline had been missed
> A tax audit covering [[n:{n} years]] from {a} on led to back payments of [[{currency}{v} million]], as [[why:{why}]].
> Because [[why:{why}]], [[{currency}{v} million]] had to be paid after an audit of [[n:{n} years]].
~ Deferred taxes are measured at enacted rates.
? What did the tax audit cost{of}?
? back payments after tax audit{of}
? How much did the tax office claim afterwards{of}?
?why Why did taxes have to be paid afterwards{of}?
?why What did the tax auditors object to{of}?
?n How many years did the tax audit cover{of}?
# buyback: Share repurchases | Own shares
n = int 100 9000
v = int 3 700
> We bought back [[n:{n} thousand shares]] for [[{currency}{v} million]].
> Own shares: [[n:{n} thousand]] were acquired at a cost of [[{currency}{v} million]].
~ The programme may be stopped at any time.
? How much was spent on share repurchases{of}?
? buyback amount{of}
?n How many own shares were bought{of}?
# energy: Energy and climate | Environment
v = int 20 4000
t = int 3 900
p = percent 5 80
y = year 2030 2050
> We used [[{v} GWh]] of energy and gave off [[co:{t} thousand tonnes]] of carbon dioxide; by [[goal:{y}]] we want to reach zero.
> Emissions came to [[co:{t} thousand tonnes]], the use of energy to [[{v} GWh]]. The aim is to be neutral by [[goal:{y}]].
~ Green power is bought where it can be had.
? How much energy was used{of}?
? energy consumption{of}
?co How much carbon dioxide was emitted{of}?
?co CO2 emissions{of}
?co How dirty is the production, in tonnes{of}?
?goal By which year are emissions to be zero{of}?
?goal climate target year{of}
# patents: Innovation | Patents
n = int 3 190
m = int 20 900
> [[n:{n} patents]] were filed; [[{m} people]] work in our laboratories.
> Our laboratories, with [[{m} people]], filed [[n:{n} patents]].
~ Development costs are capitalised where the rules demand it.
?n How many patents were filed{of}?
?n new patents{of}
? How many people work in the laboratories{of}?
? size of the development team{of}
# auditor: Auditor | Audit
f = firm
v = int 80 6000 10
y = year 2003 2024
> The accounts were audited by [[who:{f}]], auditor since [[since:{y}]], for a fee of [[{currency}{v} thousand]].
> [[who:{f}]] has audited us since [[since:{y}]]; its fee was [[{currency}{v} thousand]].
~ The audit committee met several times.
?who Who audited the accounts{of}?
?who audit firm{of}
? What was the audit fee{of}?
?since Since when has the auditor been in office{of}?
# customers: Dependence on customers | Concentration | Customers
v = percent 10 44
n = int 2 9
> [[{v}]] of sales came from [[n:{n} customers]].
> Our largest customers ([[n:{n}]] of them) accounted for [[{v}]] of sales.
~ Receivables are insured in part.
? What share of sales did the largest customers have{of}?
? customer concentration{of}
? How dependent is it on a few buyers{of}?
# management: Management | Changes in management
a = person
b = person
day = date
why = reached the age limit | left for another company | fell ill | wished to return to research
> On [[day:{day}]] [[new:{a}]] followed [[old:{b}]], who [[why:{why}]], as chief executive.
> [[old:{b}]] [[why:{why}]]; the new chief executive, since [[day:{day}]], is [[new:{a}]].
~ The board has a woman in the chair.
?new Who is the new chief executive{of}?
?new current CEO{of}
?old Who led the company before the change{of}?
?why Why did the former head leave{of}?
?day When did the chief executive change{of}?
# sites: Sites | Plants and properties
n = int 3 60
p = place
m2 = int 4 90
> We own [[n:{n} plants]]; the largest, in [[where:{p}]], covers [[area:{m2} thousand square metres]].
> The largest of [[n:{n} plants]] stands in [[where:{p}]] and has [[area:{m2} thousand square metres]].
~ Leased offices are not listed.
?n How many plants are there{of}?
?where Where is the largest plant{of}?
?where location of the biggest factory{of}
?area How large is the main plant{of}?
# padding: General | Basis of preparation
> The accounts follow international standards. Figures are rounded.
~ Totals may differ from sums because of rounding.
~ All subsidiaries have the same balance sheet date.
~ The notes are part of the accounts.
~ Estimates are needed for useful lives and provisions.
"""
LABELS = {
    "revenue": ("Revenue", "Net sales", "Turnover", "Sales"),
    "cost": ("Cost of sales", "Cost of goods sold", "Cost of revenue"),
    "gross": ("Gross profit", "Gross margin"),
    "admin": ("Selling and administrative expenses", "General and administrative", "Overheads"),
    "research": ("Research and development", "Research costs"),
    "operating": ("Operating income", "Operating profit", "Income from operations"),
    "interest": ("Interest expense", "Finance costs", "Net interest"),
    "pretax": ("Income before taxes", "Profit before tax"),
    "tax": ("Income tax expense", "Taxes on income", "Provision for taxes"),
    "net": ("Net income", "Profit for the year", "Net profit"),
    "cash": ("Cash and cash equivalents", "Cash and bank balances"),
    "receivables": ("Trade receivables", "Accounts receivable"),
    "inventories": ("Inventories", "Stocks"),
    "ppe": ("Property, plant and equipment", "Tangible assets"),
    "goodwill": ("Goodwill",),
    "assets": ("Total assets",),
    "payables": ("Trade payables", "Accounts payable"),
    "borrowings": ("Borrowings", "Long-term debt"),
    "pensions": ("Pension obligations", "Provisions for pensions"),
    "equity": ("Total equity", "Shareholders' equity"),
    "cfo": ("Cash from operating activities", "Net cash provided by operations"),
    "capex": ("Purchase of property and equipment", "Capital expenditures", "Investments in tangible assets"),
    "depreciation": ("Depreciation and amortisation", "Depreciation"),
    "dividends": ("Dividends paid",),
    "repaid": ("Repayment of borrowings",),
    "eps": ("Earnings per share, basic", "Basic earnings per share"),
    "diluted": ("Earnings per share, diluted", "Diluted earnings per share"),
    "shares": ("Shares outstanding (thousand)", "Average number of shares (thousand)"),
    "price": ("Share price at year end", "Closing price of the share"),
}
PLAIN = {
    "revenue": ("the top line", "what was sold"), "operating": ("EBIT", "what the business earned before interest and tax"),
    "net": ("the bottom line", "what was left for the owners"), "capex": ("spending on plant and machines", "capex"),
    "cash": ("money in the bank", "liquid funds"), "ppe": ("fixed assets", "PP&E"), "cfo": ("operating cash flow",),
    "borrowings": ("financial debt",), "receivables": ("money owed by customers",), "payables": ("money owed to suppliers",),
    "inventories": ("goods in stock",), "tax": ("the tax bill",), "interest": ("the cost of borrowing",),
    "equity": ("the owners' funds",), "depreciation": ("D&A", "the charge for wear"), "eps": ("EPS", "profit for each share"),
    "cost": ("COGS",), "admin": ("SG&A",), "dividends": ("cash handed to shareholders",),
}  # fmt: skip
STATEMENTS = {
    "income": (("Consolidated statement of income", "Income statement", "Profit and loss account"),
               ("revenue", "cost", "gross", "admin", "research", "operating", "interest", "pretax", "tax", "net")),
    "balance": (("Consolidated balance sheet", "Statement of financial position"),
                ("cash", "receivables", "inventories", "ppe", "goodwill", "assets", "payables", "borrowings", "pensions", "equity")),
    "cashflow": (("Statement of cash flows", "Consolidated cash flows"), ("net", "depreciation", "cfo", "capex", "dividends", "repaid")),
    "share": (("Per-share figures", "The share at a glance"), ("eps", "diluted", "shares", "price")),
}  # fmt: skip
FORMS = TableForms(
    cell=(
        "What was {row} in {col}{of}?", "{row} {col}{of}", "How much did {row} come to in {col}{of}?", "{col} {row}{of}",
        "What figure is reported for {row} for {col}{of}?", "For {col}, what does the company state as {row}{of}?",
        "I am looking for {row}, year {col}{of}.", "Which amount is shown under {row} ({col}){of}?",
        "How high was {row} in the year {col}{of}?", "At what level did {row} stand in {col}{of}?",
    ),
    change=(
        "By how much did {row} change between {col} and {col2}{of}?", "How did {row} move from {col} to {col2}{of}?",
        "growth of {row} {col} {col2}{of}", "Did {row} increase from {col} to {col2}{of}?",
        "By what percentage did {row} differ in {col2} from {col}{of}?", "What is the average of {row} over {col} and {col2}{of}?",
        "Compare {row} in {col} with {col2}{of}.",
    ),
    difference=(
        "What is the ratio of {row} to {row2} in {col}{of}?", "How much larger was {row} than {row2} in {col}{of}?",
        "{row} as a share of {row2}, {col}{of}", "Add {row} and {row2} for {col}{of}.",
        "What per cent of {row2} did {row} amount to in {col}{of}?",
    ),
    between=("Which was higher in {col}{of}, {row} or {row2}?", "Did {row} exceed {row2} in {col}{of}?"),
)  # fmt: skip
PER_SHARE = replace(FORMS, difference=(), between=())  # a price and a number of shares have no sum
SEGMENT_FORMS = TableForms(
    cell=(
        "What did the {row} segment report as {col}{of}?", "{row} segment {col}{of}", "How large was {col} of {row}{of}?",
        "Within the group, what {col} has {row}{of}?", "{col} for the {row} business{of}",
    ),
    most=("Which segment has the highest {col}{of}?", "largest segment by {col}{of}", "Where in the group was {col} greatest{of}?"),
    least=("Which segment has the lowest {col}{of}?", "Which line of business brought the least {col}{of}?"),
    between=("Is {col} higher in {row} or in {row2}{of}?",),
    difference=("How far apart are {row} and {row2} in {col}{of}?", "What do {row} and {row2} have together as {col}{of}?"),
    label=("Which segment shows {value} as {col}{of}?",),
)  # fmt: skip
SEGMENTS = (
    "Packaging", "Pumps", "Coatings", "Retail", "Services", "Fibres", "Garden tools", "Lighting", "Bearings", "Bakery",
    "Frozen fish", "Timber", "Software", "Toys", "Marine engines",
)  # fmt: skip
REGIONS = (
    "Northern Europe",
    "Southern Europe",
    "North America",
    "Latin America",
    "Asia",
    "Africa",
    "Middle East",
    "Oceania",
)
ASSETS = (("Buildings", "20–50 years"), ("Machinery", "5–15 years"), ("Vehicles", "4–8 years"), ("Software", "3–5 years"),
          ("Moulds", "2–6 years"), ("Furniture", "7–12 years"))  # fmt: skip
LIFE_FORMS = TableForms(
    cell=("Over how many years are {row} written off{of}?", "useful life of {row}{of}", "How long does the firm count on using {row}{of}?"),
)  # fmt: skip


def _numbers(rng: random.Random, years: Sequence[int]) -> dict[str, list[float]]:
    """Every line item for every year, so that sums and comparatives agree over the company's reports."""
    rows: dict[str, list[float]] = {name: [] for name in LABELS}
    size = 10 ** rng.uniform(2.0, 4.6)
    for _ in years:
        size *= rng.uniform(0.85, 1.22)
        v = {"revenue": size, "cost": size * rng.uniform(0.45, 0.8)}
        v["gross"] = round(v["revenue"]) - round(v["cost"])
        v["admin"], v["research"] = size * rng.uniform(0.05, 0.16), size * rng.uniform(0.005, 0.06)
        v["operating"] = v["gross"] - round(v["admin"]) - round(v["research"])
        v["interest"] = size * rng.uniform(0.002, 0.02)
        v["pretax"] = v["operating"] - round(v["interest"])
        v["tax"] = v["pretax"] * rng.uniform(0.14, 0.3)
        v["net"] = v["pretax"] - round(v["tax"])
        for name, low, high in (
            ("cash", 0.03, 0.2), ("receivables", 0.08, 0.2), ("inventories", 0.06, 0.2), ("ppe", 0.2, 0.7), ("goodwill", 0.02, 0.4),
            ("payables", 0.05, 0.18), ("borrowings", 0.1, 0.6), ("pensions", 0.01, 0.12), ("equity", 0.2, 0.7), ("cfo", 0.05, 0.18),
            ("capex", 0.02, 0.12), ("depreciation", 0.02, 0.07), ("dividends", 0.005, 0.05), ("repaid", 0.005, 0.1),
        ):  # fmt: skip
            v[name] = size * rng.uniform(low, high)
        v["assets"] = sum(round(v[n]) for n in ("cash", "receivables", "inventories", "ppe", "goodwill"))
        v["shares"] = size * rng.uniform(8, 40)
        v["eps"] = v["net"] * 1000 / v["shares"]
        v["diluted"], v["price"] = v["eps"] * 0.985, abs(v["eps"]) * rng.uniform(8, 24)
        for name, value in v.items():
            rows[name].append(value)
    return rows


def _shown(name: str, value: float, minus: bool) -> str:
    if name in {"eps", "diluted", "price"}:
        return f"{value:,.2f}" if value >= 0 else f"({-value:,.2f})"
    return f"({abs(value):,.0f})" if minus or value < 0 else f"{value:,.0f}"


def documents(rng: random.Random) -> Iterator[InventedDocument]:
    """Two annual reports of one company and, at times, a quarter's."""
    shared = style(rng)
    company = firm(rng)
    short = " ".join(company.split()[:-1]) if not company.endswith("& Sons") else company
    first = rng.randint(2003, 2021)
    years = list(range(first, first + 6))
    numbers = _numbers(rng, years)
    label = {name: rng.choice(choices) for name, choices in LABELS.items()}
    same = {label[name]: name for name in label}
    called = {label[n]: [*(c for c in LABELS[n] if c != label[n]), label[n].lower(), *PLAIN.get(n, ())] for n in LABELS}
    unit = rng.choice(("in millions", f"{shared['currency']}million", "in thousands", f"in {shared['currency']}m"))
    minus = {
        name
        for name in ("cost", "admin", "research", "interest", "tax", "capex", "dividends", "repaid")
        if rng.random() < 0.5
    }
    segments, regions = rng.sample(SEGMENTS, rng.randint(3, 5)), rng.sample(REGIONS, rng.randint(3, 5))
    lives = rng.sample(ASSETS, rng.randint(3, 5))
    for year in rng.sample(years[2:], 2):
        quarter = rng.random() < 0.2
        period = f"{rng.choice(('first', 'second', 'third'))} quarter of {year}" if quarter else str(year)
        title = f"{company} {rng.choice(('quarterly report, ' + period, 'interim report, ' + period)) if quarter else rng.choice((f'annual report {year}', f'report and accounts {year}', f'{year} financial statements'))}"
        of = (f" at {company}", f" ({short})", f" of {short}", f" by {short}")
        at = years.index(year)
        columns = [at - k for k in range(3 if rng.random() < 0.4 else 2)]
        grown = numbers["revenue"][at] > numbers["revenue"][at - 1]
        course = rng.choice(("rose", "grew", "went up") if grown else ("fell", "declined", "went down"))
        sections, asked = [], []
        for name, (captions, items) in STATEMENTS.items():
            if rng.random() < 0.25:
                continue
            rows = [
                item
                for item in items
                if item in {"revenue", "net", "assets", "equity", "cfo", "eps"} or rng.random() < 0.85
            ]
            dated = [f"Q {years[c]}" if quarter else str(years[c]) for c in columns]
            scale = 0.25 if quarter else 1
            cells = [[numbers[r][c] * (1 if name == "balance" else scale) for c in columns] for r in rows]
            table = Table(
                owner=company + ("q" + period if quarter else ""),
                name=f"company_report.{name}",
                head=(rng.choice((f"({unit})", unit, "Year ended 31 December", "For the years ended")), *dated),
                rows=tuple(
                    (label[r], *(_shown(r, v, r in minus) for v in row)) for r, row in zip(rows, cells, strict=True)
                ),
                values=tuple(tuple(row) for row in cells),
                called=called,
                same=same,
            )
            sections.append(Section(heading=rng.choice(captions), blocks=(table_block(table, rng),)))
            gone = [label[i] for i in items if i not in rows and i not in {"dividends", "repaid"}]  # the text has these
            asked += table_questions(
                table,
                PER_SHARE if name == "share" else FORMS,
                rng,
                of=of,
                names=(company, short),
                count=6,
                absent_rows=gone[:1],
                absent_columns=(str(years[0] - 3),) if not quarter else (),
            )
            asked += _ratios(table, rows, same, rng, of, (company, short))
        inside = (f" at {short} in {period}", f" in {short}'s report for {period}", f" ({company}, {period})")
        for thing, rows_, key in (("Segments", segments, "segments"), ("Sales by region", regions, "regions")):
            if rng.random() < 0.6:
                heads = rng.choice(
                    (("Sales", "Result", "Assets"), ("External sales", "Operating result"), ("Sales", "Employees"))
                )
                cells = [[rng.randint(20, 9800) for _ in heads] for _ in rows_]
                table = Table(
                    owner=title,
                    name=f"company_report.{key}",
                    head=(rng.choice((thing[:-1] if thing == "Segments" else "Region", period)), *heads),
                    rows=tuple((r, *(f"{v:,}" for v in row)) for r, row in zip(rows_, cells, strict=True)),
                    values=tuple(tuple(map(float, row)) for row in cells),
                )
                sections.append(Section(heading=thing, blocks=(table_block(table, rng),)))
                pool = SEGMENTS if key == "segments" else REGIONS
                asked += table_questions(
                    table,
                    SEGMENT_FORMS,
                    rng,
                    of=inside,
                    names=(period, short),
                    count=4,
                    absent_rows=rng.sample([s for s in pool if s not in rows_], 1),
                )
        if rng.random() < 0.5:
            table = Table(owner=company, name="company_report.lives", head=("Asset", "Useful life"), rows=tuple(lives))
            sections.append(
                Section(
                    heading=rng.choice(("Depreciation", "Accounting policies: useful lives")),
                    blocks=(table_block(table, rng),),
                )
            )
            asked += table_questions(table, LIFE_FORMS, rng, of=of, names=(company, short), count=2)
        yield compose(
            rng, genre="company_report", title=title, topics=read_topics(TOPICS),
            context={**shared, "year": str(year), "course": course}, of=inside, names=(period, short),
            sections=sections, questions=asked, keep=0.65,
            numbering=("{n}. {h}", "Note {n}: {h}", "{h}", "{up}", "Item {n}. {h}"),
        )  # fmt: skip


RATIOS = (
    ("operating", "revenue", ("operating margin {col}{of}", "What was the operating margin in {col}{of}?")),
    ("gross", "revenue", ("What gross margin, in per cent, was reached in {col}{of}?", "gross margin {col}{of}")),
    ("net", "revenue", ("How much of each unit of sales was left as profit in {col}{of}?", "net margin {col}{of}")),
    ("tax", "pretax", ("Which part of the pre-tax profit went to tax in {col}{of}?", "tax rate by the income statement, {col}{of}")),
    ("equity", "assets", ("equity ratio {col}{of}", "What share of the assets was funded by the owners in {col}{of}?")),
    ("operating", "interest", ("How many times over was interest earned in {col}{of}?", "interest cover {col}{of}")),
    ("cfo", "capex", ("free cash flow {col}{of}", "What remained of operating cash after investment in {col}{of}?")),
    ("inventories", "assets", ("What fraction of the balance sheet was tied up in stock in {col}{of}?",)),
)  # fmt: skip


def _ratios(
    table: Table, rows: Sequence[str], same: dict[str, str], rng: random.Random, of: Sequence[str], names: Sequence[str]
) -> list[InventedQuestion]:
    """Ratios that an analyst works out of two lines of the table."""
    asked = []
    for above, below, forms in RATIOS:
        if above in rows and below in rows and rng.random() < 0.5:
            column = rng.randrange(1, len(table.head))
            keys = [table.key(rows.index(name), column) for name in (above, below)]
            named = rng.random() < 0.6
            form = rng.choice(forms)
            text = form.format(col=table.head[column], of=rng.choice(list(of)) if named else "")
            asked.append(
                InventedQuestion(
                    text=text, form=form, answers=tuple(keys), needs=tuple(keys), names=names_in(text, names) if named else (),
                    kind="ratio", about=table.name,
                )
            )  # fmt: skip
    return asked
