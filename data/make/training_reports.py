# ruff: noqa: E501  (phrases and their variants read better in one line each)
"""Invented companies and their reports: statements, notes and discussion as a PDF's text reads, and an analyst's questions.

Nothing here is a real company or a real figure; the questions are of our own making. Every line of a document carries
tags of what it answers ("cash:capex"), so that which passage answers a question is known, and so is which only looks alike.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

Line = tuple[str, frozenset[str]]


@dataclass(frozen=True, kw_only=True)
class Section:
    """A heading and its lines; ``table`` sections are cut anywhere, so their tails lose the heading."""

    heading: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, kw_only=True)
class InventedDocument:
    """A document of ``family`` (one company, one product); ``period`` tells its versions apart."""

    title: str
    family: str
    period: str
    sections: tuple[Section, ...]


@dataclass(frozen=True, kw_only=True)
class InventedQuestion:
    """``answers``: tags of the lines that answer it. ``also``: tags that would do too, so are no wrong answers."""

    text: str
    document: InventedDocument
    answers: frozenset[str]
    also: frozenset[str] = field(default_factory=frozenset)


STARTS = (
    "Nor Bel Kar Tri Ves Quil Ald Mer Sol Pax Dor Hal Zen Ost Cal Fen Lum Ryd Var Wex Bran Tor Ell Gan Hex Jor Kel Lor "
    "Myr Nev Orb Pell Ren Sav Thal Und Vor Win Yar Zor Crest Stone Bright Clear Silver North East Red Green Blue"
).split()
MIDDLES = "va len dor mi ta ri so ne ka lu be ro sta vin mar gen ter lo quo ba".split()
ENDS = "ix on ara ent is um ova ell ford wick mont ton dale field water wood well tech line gate ora eon".split()
KINDS = {
    "retail": ("Stores Retail Outfitters Markets".split(), ["stores", "online", "outlets"], "stores"),
    "industrial": (
        "Industries Manufacturing Materials Works".split(),
        ["Coatings", "Filtration", "Fasteners"],
        "plants",
    ),
    "technology": ("Systems Technologies Software Networks".split(), ["Cloud", "Devices", "Licensing"], "data centers"),
    "consumer": ("Foods Brands Beverages Home".split(), ["Snacks", "Beverages", "Household"], "facilities"),
    "utility": ("Energy Utilities Water Power".split(), ["Regulated", "Generation", "Services"], "service areas"),
    "hospitality": (
        "Resorts Hotels Leisure Gaming".split(),
        ["Coastal Resorts", "City Hotels", "Digital"],
        "properties",
    ),
    "health": ("Therapeutics Health Biosciences Medical".split(), ["Diagnostics", "Devices", "Pharma"], "laboratories"),
    "telecom": ("Communications Telecom Wireless Media".split(), ["Consumer", "Business", "Wholesale"], "towers"),
    "packaging": ("Packaging Containers Paper Glass".split(), ["Flexibles", "Rigid", "Specialty"], "plants"),
    "finance": ("Payments Financial Exchange Lending".split(), ["Merchants", "Consumers", "Subscriptions"], "offices"),
}
SUFFIXES = ["Inc.", "Corporation", "plc", "Group", "Holdings", "Co.", "Ltd."]
REGIONS = ["North America", "Europe", "Asia Pacific", "Latin America", "Middle East and Africa"]
PEOPLE_FIRST = "Anna Marcus Elena David Priya Tomas Grace Henrik Julia Samuel Mei Carlos Ruth Ivan Nadia Owen".split()
PEOPLE_LAST = (
    "Halvorsen Okafor Brandt Quigley Moreau Tanaka Silva Lindqvist Abara Novak Whitlock Farrow Ibsen Castell".split()
)

# label variants a report may use, and the words a question may use; the two differ on purpose
LABELS: dict[str, tuple[list[str], list[str]]] = {
    "revenue": (
        ["Net sales", "Total revenue", "Revenues", "Net revenues", "Revenue", "Operating revenues", "Turnover"],
        ["revenue", "total revenue", "net sales", "top line", "sales"],
    ),
    "cogs": (
        ["Cost of sales", "Cost of goods sold", "Cost of revenue", "Cost of products sold"],
        ["COGS", "cost of goods sold", "cost of sales", "cost of revenue"],
    ),
    "gross": (["Gross profit", "Gross margin"], ["gross profit"]),
    "sga": (
        [
            "Selling, general and administrative expenses",
            "Selling, general and administrative",
            "SG&A",
            "Administrative expenses",
        ],
        ["SG&A", "selling, general and administrative expense", "SG&A expenses"],
    ),
    "rnd": (
        ["Research and development", "Research, development and related expenses", "Technology and development"],
        ["R&D expense", "research and development spending"],
    ),
    "operating": (
        ["Operating income", "Income from operations", "Operating profit", "Earnings from operations"],
        ["operating income", "operating profit", "EBIT", "income from operations"],
    ),
    "interest": (["Interest expense", "Interest expense, net", "Finance costs"], ["interest expense", "interest cost"]),
    "pretax": (
        ["Income before income taxes", "Earnings before taxes", "Profit before tax"],
        ["pretax income", "profit before tax"],
    ),
    "tax": (
        ["Income tax expense", "Provision for income taxes", "Income taxes"],
        ["income tax expense", "tax provision"],
    ),
    "net": (
        ["Net income", "Net earnings", "Net income attributable to the company", "Profit for the year"],
        ["net income", "net profit", "bottom line", "net earnings"],
    ),
    "eps": (["Diluted earnings per share", "Diluted"], ["diluted EPS", "diluted earnings per share"]),
    "cash": (["Cash and cash equivalents", "Cash and equivalents"], ["cash and cash equivalents", "cash balance"]),
    "receivables": (
        ["Accounts receivable, net", "Trade receivables, net", "Receivables, net"],
        ["accounts receivable", "receivables", "trade receivables"],
    ),
    "inventories": (
        ["Inventories", "Merchandise inventories", "Inventories, net", "Inventory"],
        ["inventories", "inventory", "total inventory"],
    ),
    "current_assets": (["Total current assets"], ["total current assets", "current assets"]),
    "ppe": (
        ["Property, plant and equipment, net", "Property and equipment, net", "Property, plant and equipment – net"],
        ["net PP&E", "net property, plant and equipment", "PPNE", "fixed assets"],
    ),
    "goodwill": (["Goodwill"], ["goodwill"]),
    "assets": (["Total assets"], ["total assets"]),
    "payables": (
        ["Accounts payable", "Trade payables", "Accounts payable, trade"],
        ["accounts payable", "trade payables"],
    ),
    "current_liabilities": (["Total current liabilities"], ["total current liabilities", "current liabilities"]),
    "debt": (
        ["Long-term debt", "Long-term debt, net", "Long-term borrowings"],
        ["long-term debt", "long-term borrowings"],
    ),
    "liabilities": (["Total liabilities"], ["total liabilities"]),
    "equity": (
        ["Total shareholders' equity", "Total equity", "Total stockholders’ equity"],
        ["shareholders' equity", "total equity", "book value"],
    ),
    "cfo": (
        [
            "Net cash provided by operating activities",
            "Cash flows from operating activities",
            "Net cash from operating activities",
        ],
        ["cash flow from operations", "operating cash flow", "cash from operating activities"],
    ),
    "da": (
        ["Depreciation and amortization", "Depreciation and amortisation"],
        ["depreciation and amortization", "D&A"],
    ),
    "capex": (
        [
            "Purchases of property, plant and equipment",
            "Capital expenditures",
            "Additions to property and equipment",
            "Purchases of property and equipment",
            "Payments for property, plant and equipment",
        ],
        ["capital expenditure", "capex", "capital spending", "capital expenditures"],
    ),
    "cfi": (["Net cash used in investing activities"], ["cash used in investing", "investing cash flow"]),
    "dividends": (
        ["Dividends paid", "Cash dividends paid", "Payment of dividends", "Dividends paid to shareholders"],
        ["cash dividends", "dividends paid", "dividend payments to shareholders"],
    ),
    "buyback": (
        ["Repurchase of common stock", "Purchases of treasury stock", "Share repurchases"],
        ["share repurchases", "stock buybacks"],
    ),
    "cff": (["Net cash used in financing activities"], ["cash used in financing", "financing cash flow"]),
}
STATEMENT_OF = {
    **dict.fromkeys("revenue cogs gross sga rnd operating interest pretax tax net eps".split(), "income"),
    **dict.fromkeys(
        "cash receivables inventories current_assets ppe goodwill assets payables current_liabilities debt liabilities equity".split(),
        "balance",
    ),
    **dict.fromkeys("cfo da capex cfi dividends buyback cff".split(), "cash"),
}
STATEMENT_NAMES = {
    "income": [
        "income statement",
        "statement of income",
        "P&L",
        "statement of operations",
        "profit and loss statement",
        "statement of earnings",
    ],
    "balance": ["balance sheet", "statement of financial position", "year-end balance sheet"],
    "cash": ["cash flow statement", "statement of cash flows", "cash flows statement"],
}
STATEMENT_HEADINGS = {
    "income": [
        "Consolidated Statements of Income",
        "Consolidated Statements of Operations",
        "Consolidated Statements of Earnings",
        "Consolidated Income Statement",
    ],
    "balance": [
        "Consolidated Balance Sheets",
        "Consolidated Balance Sheet",
        "Consolidated Statement of Financial Position",
    ],
    "cash": [
        "Consolidated Statements of Cash Flows",
        "Consolidated Statement of Cash Flows",
        "Consolidated Cash Flow Statement",
    ],
}
RATIOS: dict[str, tuple[list[str], str]] = {
    "quick ratio": (
        ["cash", "receivables", "current_assets", "current_liabilities"],
        "(current assets less inventories) over current liabilities",
    ),
    "current ratio": (
        ["current_assets", "current_liabilities"],
        "total current assets divided by total current liabilities",
    ),
    "working capital": (["current_assets", "current_liabilities"], "current assets minus current liabilities"),
    "working capital ratio": (["current_assets", "current_liabilities"], "current assets over current liabilities"),
    "gross margin": (["revenue", "cogs", "gross"], "gross profit as a share of revenue"),
    "operating margin": (["revenue", "operating"], "operating income divided by revenue"),
    "net profit margin": (["revenue", "net"], "net income divided by revenue"),
    "effective tax rate": (["tax", "pretax"], "income tax expense over pretax income"),
    "interest coverage ratio": (["operating", "interest"], "EBIT over interest expense"),
    "EBITDA": (["operating", "da"], "operating income plus depreciation and amortization"),
    "unadjusted EBITDA margin": (
        ["operating", "da", "revenue"],
        "operating income plus D&A from the cash flow statement, over revenue",
    ),
    "inventory turnover": (["cogs", "inventories"], "cost of goods sold over average inventory"),
    "days payable outstanding (DPO)": (["payables", "cogs", "inventories"], "365 x average payables over purchases"),
    "days sales outstanding": (["receivables", "revenue"], "365 x average receivables over revenue"),
    "return on assets": (["net", "assets"], "net income over average total assets"),
    "return on equity": (["net", "equity"], "net income over shareholders' equity"),
    "debt-to-equity ratio": (["debt", "equity"], "long-term debt over equity"),
    "capex as a percentage of revenue": (["capex", "revenue"], "capital expenditure over revenue"),
    "free cash flow": (["cfo", "capex"], "operating cash flow less capital expenditure"),
    "fixed asset turnover": (["revenue", "ppe"], "revenue over average net PP&E"),
    "asset turnover": (["revenue", "assets"], "revenue over average total assets"),
    "dividend payout ratio": (["dividends", "net"], "dividends paid over net income"),
    "cash conversion": (["cfo", "net"], "operating cash flow over net income"),
}
FILLER = [
    "Our capital expenditures may exceed our plans, and we may be unable to fund them on acceptable terms. Delays in construction or in obtaining permits could reduce the expected benefits of our investments.",
    "Inventories are stated at the lower of cost and net realizable value. Cost is determined by the first-in, first-out method. We write down inventories that are obsolete or in excess of expected demand.",
    "Property, plant and equipment are recorded at cost and depreciated on a straight-line basis over their useful lives: buildings 20 to 40 years, machinery 3 to 15 years. Repairs and maintenance are expensed as incurred.",
    "Revenue is recognized when control of the promised goods or services is transferred to the customer, in an amount that reflects the consideration we expect to receive. Variable consideration includes rebates and returns.",
    "Our gross margin may fluctuate because of changes in product mix, raw material prices, freight rates and pricing actions by competitors, and past results should not be taken as an indication of future performance.",
    "We maintain disclosure controls and procedures designed to ensure that information required to be disclosed is recorded, processed, summarized and reported within the time periods specified.",
    "We are exposed to changes in foreign currency exchange rates, interest rates and commodity prices. We may use derivative instruments to reduce these exposures, and we do not hold them for trading.",
    "The declaration of dividends is at the discretion of the board of directors and depends on our earnings, financial condition, cash requirements and other factors. There can be no assurance that dividends will continue.",
    "Cybersecurity incidents could disrupt our operations, compromise confidential information and expose us to liability. We rely on third parties for important parts of our information systems.",
    "Goodwill is tested for impairment annually, or more often if events indicate that the carrying amount may not be recoverable. The fair value of reporting units is estimated from discounted cash flows.",
    "Income taxes are accounted for under the asset and liability method. Deferred tax assets are reduced by a valuation allowance when it is more likely than not that they will not be realized.",
    "We compete with larger companies that have greater financial resources. Competition is based on price, quality, service, brand recognition and innovation. Failure to compete would harm our sales and earnings.",
    "Our indebtedness could limit our ability to obtain financing, require us to dedicate cash flow to interest payments and restrict our flexibility. Our credit agreements contain covenants on leverage and interest coverage.",
    "In our opinion, the consolidated financial statements present fairly, in all material respects, the financial position of the Company, and the results of its operations and its cash flows, in conformity with generally accepted accounting principles.",
    "We believe that cash on hand, cash generated by operations and available borrowing capacity will be sufficient to meet working capital needs, capital expenditures, dividends and debt service for at least the next twelve months.",
    "Accounts receivable are recorded at the invoiced amount and do not bear interest. The allowance for credit losses is our best estimate of expected losses over the contractual life of the receivables.",
    "The preparation of financial statements requires management to make estimates and assumptions that affect the reported amounts of assets, liabilities, revenue and expenses. Actual results could differ.",
    "We recognize the cost of share-based compensation over the vesting period based on the fair value of awards at the grant date. Unvested awards are forfeited on termination of employment.",
    "This report contains forward-looking statements. Words such as expects, anticipates, intends and plans identify them. Actual results may differ materially from those expressed or implied.",
    "Our supply chain depends on a limited number of suppliers for certain components. Shortages, price increases or quality problems could interrupt production and increase our cost of sales.",
    "We lease certain land, buildings and equipment. At inception we determine whether a contract contains a lease. Right-of-use assets are recognized at the present value of lease payments.",
    "Restructuring charges consist mainly of severance, asset impairments and exit costs. Liabilities are recognized when incurred and measured at fair value, and are reviewed each quarter.",
    "Operating income is our main measure of segment performance. Segment results exclude corporate costs, amortization of acquired intangible assets, restructuring and other items that management does not consider.",
    "The Audit Committee of the Board of Directors meets regularly with management, the internal auditors and the independent accountants to review accounting, auditing and financial reporting matters.",
    "We sponsor defined benefit pension plans and other postretirement benefits. Obligations are measured using assumptions on discount rates, mortality and the expected long-term return on plan assets.",
    "Seasonality affects our business: the fourth quarter has historically produced a larger share of annual sales and operating income, and working capital needs rise ahead of it.",
]
DRIVERS_UP = [
    "favorable product mix",
    "higher selling prices",
    "productivity savings",
    "higher volumes",
    "lower freight costs",
    "the lapping of one-time charges",
    "leverage of fixed costs on higher sales",
]
DRIVERS_DOWN = [
    "raw material inflation",
    "litigation charges",
    "unfavorable currency translation",
    "increased promotional activity",
    "wage increases",
    "supply chain disruption",
    "divestiture-related charges",
    "the exit of a product line",
]


def invented_name(rng: random.Random) -> str:
    """A company's short name that is very unlikely to be anyone's."""
    parts = [rng.choice(STARTS), *(rng.choice(MIDDLES) for _ in range(rng.choice([0, 1, 1, 2]))), rng.choice(ENDS)]
    return "".join(parts)


class Company:
    """An invented company with a consistent series of yearly accounts, in millions."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.kind = rng.choice(list(KINDS))
        words, self.segments, self.sites = KINDS[self.kind]
        base = invented_name(rng)
        self.short = base if rng.random() < 0.35 else f"{base} {rng.choice(words)}"
        self.full = f"{self.short} {rng.choice(SUFFIXES)}"
        self.segments = (
            list(self.segments)
            if rng.random() < 0.5
            else [
                f"{a} {b}"
                for a, b in zip(rng.sample(["Advanced", "Global", "Core", "Premium"], 3), self.segments, strict=True)
            ]
        )
        self.end = rng.choice(["December 31", "January 31", "June 30", "September 30", "February 1"])
        self.symbol = rng.choice(["$", "$", "$", "€", "£"])
        self.labels = {key: rng.choice(values[0]) for key, values in LABELS.items()}
        self.first = rng.randint(2010, 2020)
        self.years = {self.first - 2 + i: figures for i, figures in enumerate(self._accounts(7))}
        self.style = rng.randrange(4)

    def _accounts(self, count: int) -> list[dict[str, float]]:
        rng = self.rng
        revenue = 10 ** rng.uniform(2.3, 4.9)
        gm, sga, rnd, da, cap = (
            rng.uniform(0.2, 0.65),
            rng.uniform(0.08, 0.15),
            rng.uniform(0, 0.06),
            rng.uniform(0.02, 0.08),
            rng.uniform(0.02, 0.12),
        )
        out = []
        for _ in range(count):
            v: dict[str, float] = {"revenue": revenue}
            v["cogs"] = revenue * (1 - gm - rng.gauss(0, 0.015))
            v["gross"] = revenue - v["cogs"]
            v["sga"], v["rnd"], v["da"] = (
                revenue * sga * rng.uniform(0.9, 1.1),
                revenue * rnd,
                revenue * da * rng.uniform(0.9, 1.1),
            )
            v["operating"] = v["gross"] - v["sga"] - v["rnd"]
            v["interest"] = revenue * rng.uniform(0.005, 0.025)
            v["pretax"] = v["operating"] - v["interest"]
            v["tax"] = v["pretax"] * rng.uniform(0.15, 0.3)
            v["net"] = v["pretax"] - v["tax"]
            v["eps"] = v["net"] / rng.uniform(80, 120)
            v["cash"], v["receivables"], v["inventories"] = (
                revenue * rng.uniform(0.03, 0.2),
                revenue * rng.uniform(0.06, 0.18),
                revenue * rng.uniform(0.05, 0.2),
            )
            v["other_current"] = revenue * rng.uniform(0.01, 0.05)
            v["current_assets"] = v["cash"] + v["receivables"] + v["inventories"] + v["other_current"]
            v["ppe"], v["goodwill"] = revenue * rng.uniform(0.2, 0.9), revenue * rng.uniform(0.05, 0.5)
            v["assets"] = v["current_assets"] + v["ppe"] + v["goodwill"]
            v["payables"], v["current_liabilities"] = revenue * rng.uniform(0.05, 0.15), revenue * rng.uniform(0.2, 0.4)
            v["debt"] = revenue * rng.uniform(0.1, 0.5)
            v["liabilities"] = v["current_liabilities"] + v["debt"] + revenue * 0.05
            v["equity"] = v["assets"] - v["liabilities"]
            v["cfo"] = v["net"] + v["da"] + revenue * rng.gauss(0, 0.01)
            v["capex"], v["dividends"], v["buyback"] = (
                revenue * cap * rng.uniform(0.8, 1.2),
                v["net"] * rng.uniform(0.2, 0.6),
                max(0.0, v["net"]) * rng.uniform(0, 0.5),
            )
            v["cfi"], v["cff"] = (
                -v["capex"] * rng.uniform(0.9, 1.6),
                -(v["dividends"] + v["buyback"]) * rng.uniform(0.8, 1.3),
            )
            out.append(v)
            revenue *= 1 + rng.gauss(0.05, 0.1)
        return out

    def amount(self, value: float, *, dollar: bool = False) -> str:
        """A figure as a table prints it."""
        text = f"{abs(value):,.0f}" if abs(value) >= 10 else f"{abs(value):,.2f}"
        text = f"({text})" if value < 0 else text
        return f"{self.symbol} {text}" if dollar else text


def _row(company: Company, key: str, years: list[int], sign: float = 1, dollar: bool = False) -> str:
    return " ".join(
        [company.labels[key], *(company.amount(sign * company.years[y][key], dollar=dollar) for y in years)]
    )


def statement(company: Company, which: str, year: int, rng: random.Random) -> Section:
    """A primary statement: two or three columns, newest first, tags ``which:key`` on each line."""
    columns = [year - i for i in range(2 if which == "balance" else 3)]
    heading = rng.choice(STATEMENT_HEADINGS[which])
    unit = rng.choice(
        [
            "(in millions)",
            "(Dollars in millions, except per share amounts)",
            "In millions",
            "(Millions)",
            "(in thousands)",
        ]
    )
    head = [
        heading,
        f"{unit} Year ended {company.end}, {' '.join(map(str, columns))}"
        if which != "balance"
        else f"{unit} {' '.join(f'{company.end}, {y}' for y in columns)}",
    ]
    if rng.random() < 0.4:
        head.insert(0, f"{company.full} and Subsidiaries")
    lines: list[Line] = [(text, frozenset()) for text in head]

    def add(key: str, sign: float = 1, dollar: bool = False) -> None:
        lines.append((_row(company, key, columns, sign, dollar), frozenset({f"{which}:{key}"})))

    def note(text: str, low: float = 0.002, high: float = 0.04, signed: bool = False) -> None:
        values = [
            company.years[y]["revenue"] * rng.uniform(low, high) * (rng.choice([1, -1]) if signed else 1)
            for y in columns
        ]
        lines.append((" ".join([text, *(company.amount(v) for v in values)]), frozenset()))

    def plain(text: str) -> None:
        lines.append((text, frozenset()))

    if which == "income":
        if rng.random() < 0.3:
            note("Product sales", 0.6, 0.8)
            note("Service revenue", 0.2, 0.4)
        add("revenue", dollar=True), add("cogs"), add("gross"), plain("Operating expenses:"), add("sga")
        if company.years[year]["rnd"] > 1:
            add("rnd")
        note("Restructuring and other charges", 0.001, 0.01)
        (
            add("operating"),
            plain("Other income (expense):"),
            add("interest", -1),
            note("Other income, net", 0.0005, 0.004, True),
        )
        (
            add("pretax"),
            add("tax"),
            add("net", dollar=True),
            plain("Earnings per share:"),
            note("Basic", 0.0005, 0.002),
            add("eps", dollar=True),
        )
        note("Weighted-average shares outstanding – diluted", 0.01, 0.03)
    elif which == "balance":
        (
            plain("ASSETS"),
            plain("Current assets:"),
            add("cash", dollar=True),
            note("Marketable securities", 0.01, 0.05),
            add("receivables"),
            add("inventories"),
        )
        (
            note("Prepaid expenses and other current assets", 0.01, 0.04),
            add("current_assets"),
            add("ppe"),
            note("Operating lease right-of-use assets", 0.02, 0.1),
            add("goodwill"),
        )
        note("Intangible assets, net", 0.02, 0.2), note("Other assets", 0.01, 0.05), add("assets", dollar=True)
        (
            plain("LIABILITIES AND SHAREHOLDERS' EQUITY"),
            plain("Current liabilities:"),
            note("Short-term borrowings and current portion of long-term debt", 0.01, 0.05),
            add("payables", dollar=True),
        )
        (
            note("Accrued payroll", 0.01, 0.04),
            note("Accrued income taxes", 0.003, 0.01),
            note("Other current liabilities", 0.02, 0.08),
            add("current_liabilities"),
            add("debt"),
        )
        (
            note("Pension and postretirement benefits", 0.01, 0.06),
            note("Deferred income taxes", 0.005, 0.03),
            add("liabilities"),
            plain("Commitments and contingencies"),
        )
        (
            note("Additional paid-in capital", 0.05, 0.2),
            note("Retained earnings", 0.1, 0.6),
            note("Accumulated other comprehensive loss", 0.01, 0.05),
            add("equity"),
            note("Total liabilities and equity", 0.7, 1.4),
        )
    else:
        (
            plain("Cash flows from operating activities"),
            note("Net income including noncontrolling interest", 0.03, 0.12),
            plain("Adjustments to reconcile net income to cash:"),
            add("da"),
        )
        (
            note("Share-based compensation", 0.003, 0.02),
            note("Deferred income taxes", 0.002, 0.01, True),
            plain("Changes in operating assets and liabilities:"),
            note("Accounts receivable", 0.002, 0.02, True),
        )
        (
            note("Inventories", 0.002, 0.02, True),
            note("Accounts payable", 0.002, 0.02, True),
            add("cfo"),
            plain("Cash flows from investing activities"),
            add("capex", -1),
        )
        (
            note("Acquisitions, net of cash acquired", 0.01, 0.05, True),
            note("Proceeds from sale of investments", 0.002, 0.03),
            add("cfi"),
            plain("Cash flows from financing activities"),
        )
        (
            note("Proceeds from issuance of debt", 0.01, 0.1),
            note("Repayment of debt", 0.01, 0.1),
            add("buyback", -1),
            add("dividends", -1),
            add("cff"),
        )
        (
            note("Effect of exchange rate changes on cash", 0.0005, 0.003, True),
            note("Net increase (decrease) in cash", 0.003, 0.02, True),
            note("Cash and cash equivalents at end of year", 0.03, 0.2),
        )
    plain("The accompanying notes are an integral part of these consolidated financial statements.")
    return Section(heading=f"Item 8. {heading}" if rng.random() < 0.3 else heading, lines=tuple(lines))


def _change(old: float, new: float) -> str:
    return f"{'increased' if new >= old else 'decreased'} {abs(new / old - 1) * 100:.1f}%"


def discussion(company: Company, year: int, rng: random.Random) -> list[Section]:
    """Management's discussion: what moved and why, segment and region tables, non-GAAP, liquidity."""
    now, before = company.years[year], company.years[year - 1]
    sections: list[Section] = []

    def tagged(text: str, *tags: str) -> Line:
        return text, frozenset(tags)

    up = now["operating"] / now["revenue"] >= before["operating"] / before["revenue"]
    drivers = rng.sample(DRIVERS_UP if up else DRIVERS_DOWN, 3)
    sections.append(
        Section(
            heading="Results of Operations",
            lines=(
                tagged(
                    f"{company.labels['revenue']} for {year} were {company.symbol}{now['revenue']:,.0f} million and {_change(before['revenue'], now['revenue'])} compared with {year - 1}, reflecting {rng.choice(['organic volume', 'pricing', 'store openings', 'currency', 'acquisitions'])} and {rng.choice(['demand in ' + r for r in REGIONS])}.",
                    "mda:revenue",
                    "why:revenue",
                ),
                tagged(
                    f"Operating margin was {now['operating'] / now['revenue'] * 100:.1f}% in {year} against {before['operating'] / before['revenue'] * 100:.1f}% in {year - 1}. The change was driven by {drivers[0]}, {drivers[1]} and {drivers[2]}.",
                    "why:operating",
                    "mda:operating",
                ),
                tagged(
                    f"Gross profit as a percentage of sales {'rose' if now['gross'] / now['revenue'] > before['gross'] / before['revenue'] else 'fell'} to {now['gross'] / now['revenue'] * 100:.1f}%, mainly because of {rng.choice(DRIVERS_UP + DRIVERS_DOWN)} and {rng.choice(DRIVERS_UP + DRIVERS_DOWN)}.",
                    "why:gross",
                    "mda:gross",
                ),
                tagged(
                    f"{company.labels['sga']} as a percentage of sales was {now['sga'] / now['revenue'] * 100:.1f}% compared with {before['sga'] / before['revenue'] * 100:.1f}% in {year - 1}, due to {rng.choice(['lower marketing expense', 'higher incentive compensation', 'store payroll', 'information systems costs', 'corporate overhead'])} and {rng.choice(['leverage from higher sales', 'wage investments', 'professional fees', 'reduced travel'])}.",
                    "why:sga",
                    "mda:sga",
                ),
                tagged(
                    f"Inventories at year end {_change(before['inventories'], now['inventories'])}, driven by {rng.choice(['the opening of new ' + company.sites, 'higher input costs', 'support of expected demand', 'earlier receipt of goods', 'new product launches'])}.",
                    "why:inventories",
                ),
                tagged(
                    f"The effective tax rate was {now['tax'] / now['pretax'] * 100:.1f}% in {year} and {before['tax'] / before['pretax'] * 100:.1f}% in {year - 1}, the change being due to {rng.choice(['the mix of earnings by country', 'discrete items', 'changes in tax law', 'share-based compensation deductions'])}.",
                    "mda:tax_rate",
                    "why:tax_rate",
                ),
            ),
        )
    )
    rows: list[Line] = [tagged(f"Segment results (in millions) {year} {year - 1} % change")]
    shares = [rng.uniform(0.15, 0.6) for _ in company.segments]
    for name, share in zip(company.segments, shares, strict=True):
        a, b = now["revenue"] * share / sum(shares), before["revenue"] * share / sum(shares) * rng.uniform(0.85, 1.15)
        rows.append(
            tagged(
                f"{name} net sales {company.amount(a, dollar=True)} {company.amount(b, dollar=True)} {(a / b - 1) * 100:.1f}%",
                "segment:sales",
            )
        )
        rows.append(
            tagged(
                f"{name} operating income {company.amount(a * rng.uniform(0.05, 0.25))} {company.amount(b * rng.uniform(0.05, 0.25))}",
                "segment:income",
            )
        )
        rows.append(
            tagged(
                f"Organic sales change {rng.uniform(-6, 8):.1f}% Acquisitions {rng.uniform(0, 3):.1f}% Divestitures {-rng.uniform(0, 2):.1f}% Translation {rng.uniform(-4, 3):.1f}%",
                "segment:sales",
                "segment:organic",
            )
        )
    sections.append(
        Section(
            heading=rng.choice(["Performance by Business Segment", "Segment Information", "Business Segments"]),
            lines=tuple(rows),
        )
    )
    rows = [tagged(f"Net sales by geographic area (in millions) {year} {year - 1}")]
    for region in rng.sample(REGIONS, 4):
        rows.append(
            tagged(
                f"{region} {company.amount(now['revenue'] * rng.uniform(0.1, 0.4), dollar=True)} {company.amount(before['revenue'] * rng.uniform(0.1, 0.4), dollar=True)} {rng.uniform(-12, 15):.1f}%",
                "region:sales",
            )
        )
    rows.append(tagged(f"Long-lived assets are located mainly in {rng.choice(REGIONS)}."))
    sections.append(Section(heading="Geographic Areas", lines=tuple(rows)))
    adjusted = now["operating"] + now["da"]
    sections.append(
        Section(
            heading="Non-GAAP Financial Measures",
            lines=(
                tagged(f"Reconciliation of adjusted EBITDA (in millions) {year} {year - 1}"),
                tagged(
                    f"Net income as reported {company.amount(now['net'], dollar=True)} {company.amount(before['net'], dollar=True)}",
                    "nongaap",
                ),
                tagged(
                    f"Income taxes, interest, depreciation and amortization {company.amount(adjusted - now['net'])} {company.amount(adjusted - before['net'])}",
                    "nongaap",
                ),
                tagged(
                    f"Restructuring, litigation and acquisition-related items {company.amount(adjusted * 0.06)} {company.amount(adjusted * 0.04)}",
                    "nongaap",
                ),
                tagged(
                    f"Adjusted EBITDA {company.amount(adjusted * 1.06, dollar=True)} {company.amount(adjusted, dollar=True)}",
                    "nongaap",
                ),
                tagged(
                    f"Adjusted earnings per share {company.symbol} {now['eps'] * 1.1:.2f} {company.symbol} {before['eps'] * 1.1:.2f}",
                    "nongaap",
                ),
            ),
        )
    )
    sections.append(
        Section(
            heading="Liquidity and Capital Resources",
            lines=(
                tagged(
                    f"Net cash provided by operating activities was {company.symbol}{now['cfo']:,.0f} million in {year}, compared with {company.symbol}{before['cfo']:,.0f} million in {year - 1}.",
                    "mda:cfo",
                ),
                tagged(
                    f"Capital expenditures were {company.symbol}{now['capex']:,.0f} million and were directed to {rng.choice(['capacity', 'new ' + company.sites, 'information systems', 'maintenance'])}. We expect to spend {company.symbol}{now['capex'] * 1.1:,.0f} million in {year + 1}.",
                    "mda:capex",
                    "guide:capex",
                ),
                tagged(
                    f"At {company.end}, {year} we had {company.symbol}{now['revenue'] * 0.1:,.0f} million available under our revolving credit facility, which matures in {year + rng.randint(2, 5)}.",
                    "facility",
                ),
                tagged(
                    f"The board authorized the repurchase of up to {company.symbol}{now['revenue'] * 0.05:,.0f} million of common stock; we bought back {rng.uniform(0.5, 20):.1f} million shares during the year, of which {rng.uniform(0.1, 0.4) * 100:.0f}% in the fourth quarter.",
                    "buyback",
                    "mda:buyback",
                ),
            ),
        )
    )
    return sections


def notes(company: Company, year: int, rng: random.Random) -> list[Section]:
    """Notes to the statements: acquisitions, restructuring, debt, pensions, derivatives, inventories, dividends, litigation."""
    now = company.years[year]
    s, revenue = company.symbol, now["revenue"]

    def n(low: float, high: float) -> str:
        return f"{revenue * rng.uniform(low, high):,.0f}"

    def tagged(text: str, *tags: str) -> Line:
        return text, frozenset(tags)

    target = invented_name(rng)
    made = [
        Section(
            heading="Acquisitions and Divestitures",
            lines=(
                tagged(
                    f"In {rng.choice(['March', 'May', 'August', 'November'])} {year}, the Company completed the acquisition of 100% of the equity of {target}, a maker of {rng.choice(['specialty films', 'sensors', 'frozen meals', 'billing software', 'skin care'])} based in {rng.choice(REGIONS)}, for {s}{n(0.01, 0.06)} million in cash.",
                    "note:acquisitions",
                ),
                tagged(
                    f"The fair value of net assets acquired included intangible assets of {s}{n(0.005, 0.02)} million and goodwill of {s}{n(0.005, 0.02)} million.",
                    "note:acquisitions",
                ),
                tagged(
                    f"In {year - 1} the Company sold its {rng.choice(['labels', 'legacy hardware', 'wholesale'])} business for {s}{n(0.005, 0.03)} million.",
                    "note:acquisitions",
                ),
            ),
        ),
        Section(
            heading="Restructuring",
            lines=(
                tagged(
                    f"Restructuring liability (in millions) Employee costs Fixed asset costs Other Total. Balance at beginning of {year} {n(0.002, 0.01)} {n(0.001, 0.004)} {n(0.0005, 0.002)} {n(0.004, 0.015)}",
                    "note:restructuring",
                ),
                tagged(
                    f"Net charges to earnings {n(0.002, 0.01)} {n(0.001, 0.004)} {n(0.0005, 0.002)} {n(0.004, 0.015)} Cash paid ({n(0.001, 0.01)}) Balance at {company.end}, {year} {n(0.002, 0.01)} {n(0.001, 0.004)} {n(0.0003, 0.001)} {n(0.004, 0.015)}",
                    "note:restructuring",
                ),
                tagged(
                    "The liability is included in other current liabilities and will be paid mainly in severance within the next twelve months.",
                    "note:restructuring",
                ),
            ),
        ),
        Section(
            heading="Debt",
            lines=(
                tagged(
                    f"Notes due {year + 3}, {rng.uniform(1, 6):.2f}% {s} {n(0.02, 0.1)} Notes due {year + 7}, {rng.uniform(2, 6):.2f}% {n(0.03, 0.1)} Term loan {n(0.01, 0.05)} Less current portion ({n(0.005, 0.02)}) Total long-term debt {s} {now['debt']:,.0f}",
                    "note:debt",
                    "note:debt_total",
                ),
                tagged(
                    f"Maturities of long-term debt for the next five years are: {year + 1}, {s}{n(0.01, 0.03)} million; {year + 2}, {s}{n(0.01, 0.03)} million; {year + 3}, {s}{n(0.01, 0.03)} million; {year + 4}, {s}{n(0.01, 0.03)} million; {year + 5}, {s}{n(0.01, 0.03)} million.",
                    "note:maturities",
                ),
            ),
        ),
        Section(
            heading="Pension and Postretirement Benefits",
            lines=(
                tagged(
                    f"Net periodic benefit cost: service cost {n(0.001, 0.004)} interest cost {n(0.002, 0.006)} expected return on plan assets ({n(0.002, 0.006)}). Discount rate {rng.uniform(2, 6):.2f}%."
                ),
                tagged(
                    f"Expected future benefit payments Pension Health care and life: {year + 1} {s} {n(0.003, 0.01)} {s} {n(0.001, 0.003)}; {year + 2} {n(0.003, 0.01)} {n(0.001, 0.003)}; {year + 3} {n(0.003, 0.01)} {n(0.001, 0.003)}; {year + 4} {n(0.003, 0.01)} {n(0.001, 0.003)}",
                    "note:benefits",
                ),
            ),
        ),
        Section(
            heading="Derivatives and Hedging",
            lines=(
                tagged(
                    f"Notional amounts of derivatives at {company.end} {year} {year - 1}: interest rate swaps {s} {n(0.05, 0.3)} {n(0.05, 0.3)} cross currency swaps {n(0.05, 0.5)} {n(0.05, 0.5)} forward interest rate swaps {n(0.01, 0.1)} {n(0.01, 0.1)} foreign exchange forwards {n(0.01, 0.2)} {n(0.01, 0.2)}",
                    "note:derivatives",
                ),
                tagged(
                    "Gains and losses on fair value hedges are recognized in interest expense together with the change in the hedged debt."
                ),
            ),
        ),
        Section(
            heading="Dividends",
            lines=(
                tagged(
                    f"The Company paid quarterly dividends of {s}{rng.uniform(0.05, 1.5):.2f} per share in each quarter of {year}, and in {rng.choice(['January', 'February'])} {year + 1} declared a dividend of {s}{rng.uniform(0.05, 1.5):.2f} per share.",
                    "note:dividends",
                ),
            ),
        ),
        Section(
            heading="Supplemental Balance Sheet Information",
            lines=(
                tagged(
                    f"Inventories (in millions) {year} {year - 1} Finished goods {n(0.03, 0.1)} {n(0.03, 0.1)} Work in process {n(0.01, 0.04)} {n(0.01, 0.04)} Raw materials and supplies {n(0.01, 0.04)} {n(0.01, 0.04)}",
                    "note:inventories",
                ),
                tagged(
                    f"Property, plant and equipment at cost: Land {n(0.01, 0.03)} Buildings {n(0.1, 0.3)} Machinery {n(0.2, 0.8)} Construction in progress {n(0.01, 0.05)} Less accumulated depreciation ({n(0.2, 0.5)})",
                    "note:ppe",
                ),
            ),
        ),
        Section(
            heading="Legal Proceedings",
            lines=(
                tagged(
                    f"The Company is a defendant in approximately {rng.randint(3, 900)} lawsuits alleging {rng.choice(['injury from a discontinued product', 'infringement of patents', 'wage and hour violations', 'environmental contamination'])}. A reserve of {s}{n(0.002, 0.03)} million was recorded at {company.end}, {year}.",
                    "note:legal",
                ),
            ),
        ),
        Section(
            heading="Properties",
            lines=(
                tagged(
                    f"At {company.end}, {year} we operated {rng.randint(20, 2000)} {company.sites}, compared with {rng.randint(20, 2000)} a year earlier: opened {rng.randint(1, 60)}, closed {rng.randint(1, 60)}.",
                    "properties",
                ),
                tagged(f"Our headquarters is in a leased building of {rng.randint(50, 900)},000 square feet."),
            ),
        ),
        Section(
            heading="Business",
            lines=(
                tagged(
                    f"{company.full} is a {rng.choice(['leading', 'global', 'diversified'])} {company.kind} company. It operates through {len(company.segments)} segments: {', '.join(company.segments)}. Founded in {rng.randint(1890, 2008)}, it employs about {rng.randint(1, 200)},{rng.randint(0, 9)}00 people.",
                    "business",
                ),
                tagged(
                    f"Our largest customers include distributors and {rng.choice(['retail chains', 'public agencies', 'manufacturers', 'hospitals'])}; one customer accounted for {rng.randint(8, 22)}% of {year} sales.",
                    "customers",
                ),
            ),
        ),
    ]
    rng.shuffle(made)
    return made


def annual_report(company: Company, year: int, rng: random.Random) -> InventedDocument:
    """The yearly report: contents, business, risks, discussion, statements, notes."""
    title = [
        f"{company.short.upper().replace(' ', '')} {year} 10K",
        f"{company.short} {year} Annual Report",
        f"{company.short}_{year}_10K",
        f"{company.full} Form 10-K {year}",
    ][company.style]
    contents = " ".join(
        f"{h} {rng.randint(2, 140)}"
        for h in [
            "Item 1. Business",
            "Item 1A. Risk Factors",
            "Item 2. Properties",
            "Item 7. Management's Discussion and Analysis",
            "Results of Operations",
            "Liquidity and Capital Resources",
            "Item 8. Financial Statements",
            "Consolidated Statement of Income",
            "Consolidated Balance Sheet",
            "Consolidated Statement of Cash Flows",
            "Notes to Consolidated Financial Statements",
            "Capital Expenditures",
            "Segment Information",
            "Income Taxes",
        ]
    )
    selected = [
        f"Selected financial data (in millions) {' '.join(str(year - i) for i in range(4) if year - i in company.years)}"
    ]
    columns = [year - i for i in range(4) if year - i in company.years]
    data: list[Line] = [(selected[0], frozenset())]
    for key in ("revenue", "operating", "net", "assets", "debt", "capex", "dividends"):
        data.append((_row(company, key, columns), frozenset({f"selected:{key}"})))
    fillers = rng.sample(FILLER, 12)
    sections = [
        Section(heading="Table of Contents", lines=((contents, frozenset()),)),
        Section(heading="Item 1A. Risk Factors", lines=tuple((f, frozenset[str]()) for f in fillers[:6])),
        Section(heading="Item 6. Selected Financial Data", lines=tuple(data)),
        *discussion(company, year, rng),
        *(statement(company, which, year, rng) for which in ("income", "balance", "cash")),
        Section(
            heading="Note 1. Significant Accounting Policies", lines=tuple((f, frozenset[str]()) for f in fillers[6:])
        ),
        *notes(company, year, rng),
    ]
    return InventedDocument(title=title, family=company.full, period=str(year), sections=tuple(sections))


def current_report(company: Company, year: int, rng: random.Random) -> InventedDocument:
    """A short report of one event: a new chief, a vote, an indenture, results."""
    day, month = rng.randint(1, 28), rng.choice(["February", "May", "July", "October"])
    name = f"{rng.choice(PEOPLE_FIRST)} {rng.choice(PEOPLE_LAST)}"
    others = [f"{rng.choice(PEOPLE_FIRST)} {rng.choice(PEOPLE_LAST)}" for _ in range(4)]
    votes = " ".join(
        f"{o} {rng.randint(40, 90)},{rng.randint(100, 999)},{rng.randint(100, 999)} {rng.randint(0, 30)},{rng.randint(100, 999)},{rng.randint(100, 999)} {rng.randint(10, 99)},{rng.randint(100, 999)}"
        for o in others
    )
    sections = (
        Section(
            heading="Current Report",
            lines=(
                (
                    f"FORM 8-K CURRENT REPORT pursuant to Section 13 or 15(d). Date of report: {month} {day}, {year}. {company.full}. Check the appropriate box below. Securities registered: common stock.",
                    frozenset(),
                ),
            ),
        ),
        Section(
            heading="Item 5.02 Departure and Appointment of Officers",
            lines=(
                (
                    f"On {month} {day}, {year} the board appointed {name} as Chief Executive Officer. {name.split()[0]} previously served as {rng.choice(['chief executive', 'president', 'chief operating officer'])} of {invented_name(rng)}, a {rng.choice(list(KINDS))} company, and succeeds {others[0]}, who retires.",
                    frozenset({"ceo"}),
                ),
            ),
        ),
        Section(
            heading="Item 5.07 Submission of Matters to a Vote",
            lines=(
                (
                    f"At the annual meeting shareholders elected the nominees. Nominee For Against Abstain {votes}",
                    frozenset({"votes"}),
                ),
            ),
        ),
        Section(
            heading="Item 1.01 Entry into a Material Agreement",
            lines=(
                (
                    f"On {month} {day}, {year} a subsidiary of {company.full} entered into a supplemental indenture relating to its senior notes due {year + 4} and {year + 6}, under which {invented_name(rng)} Finance is substituted as issuer and assumes the covenants of the former issuer.",
                    frozenset({"indenture"}),
                ),
            ),
        ),
        Section(
            heading="Signatures",
            lines=(
                (
                    "Pursuant to the requirements of the Securities Exchange Act of 1934, the registrant has duly caused this report to be signed on its behalf by the undersigned hereunto duly authorized.",
                    frozenset(),
                ),
            ),
        ),
    )
    return InventedDocument(
        title=f"{company.short} {year} 8K dated {year}-{rng.randint(1, 12):02d}-{day:02d}",
        family=company.full,
        period=str(year),
        sections=sections,
    )


def _said(company: Company, rng: random.Random) -> str:
    return rng.choice([company.short, company.short, company.full, company.short.split()[0]])


def _when(year: int, rng: random.Random) -> str:
    return rng.choice([f"FY{year}", f"FY{year}", f"fiscal {year}", f"{year}", f"FY {year}", f"the year {year}"])


def _instruction(statements: list[str], rng: random.Random) -> tuple[str, str]:
    """(before, after): ways of naming the statements to rely on; one of the two is empty."""
    names = " and the ".join(rng.choice(STATEMENT_NAMES[s]) for s in statements)
    before = [
        f"Going by the {names}, ",
        f"You are an analyst who can see only the {names}. ",
        f"Looking at nothing but the {names}: ",
        f"From the {names}, ",
        f"Considering what the {names} shows, ",
    ]
    after = [
        f" Take the figures from the {names}.",
        f" The answer should rest on the {names}.",
        f" Please work from line items of the {names}.",
        f" Use primarily the {names}.",
        f" (see the {names})",
    ]
    return (rng.choice(before), "") if rng.random() < 0.5 else ("", rng.choice(after))


ASIDES = [
    "",
    "",
    "",
    " Answer in millions.",
    " Round to two decimal places.",
    " State it in USD millions.",
    " Give a percentage with one decimal.",
    " If this measure means little for such a company, say so.",
]


def report_questions(
    company: Company, year: int, annual: InventedDocument, rng: random.Random
) -> list[InventedQuestion]:
    """An analyst's questions on one yearly report: figures, ratios, trends, reasons and notes."""
    asked: list[InventedQuestion] = []
    said, when = _said(company, rng), _when(year, rng)

    def ask(text: str, answers: set[str], also: set[str] | None = None) -> None:
        if rng.random() < 0.08:
            text = text.lower()
        asked.append(
            InventedQuestion(text=text, document=annual, answers=frozenset(answers), also=frozenset(also or set()))
        )

    keys = [k for k in STATEMENT_OF if k != "rnd" or company.years[year]["rnd"] > 1]
    for key in rng.sample(keys, 6):
        which = STATEMENT_OF[key]
        name = rng.choice(LABELS[key][1])
        before, after = _instruction([which], rng) if rng.random() < 0.6 else ("", "")
        core = rng.choice(
            [
                f"what was the {name} of {said} in {when}?",
                f"how much {name} did {said} report for {when}?",
                f"what is {said}'s {when} {name}?",
                f"what is the {when} {name} for {said}?",
                f"{said} {name} {year}",
                f"how large was {name} at {said} at the end of {when}?"
                if which == "balance"
                else f"by how much did {name} change at {said} between {year - 1} and {year}?",
            ]
        )
        text = before + core if before.endswith((", ", ": ")) else before + core[0].upper() + core[1:]
        also = set() if (before or after) and rng.random() < 0.5 else {f"mda:{key}", f"selected:{key}", f"note:{key}"}
        ask(text[0].upper() + text[1:] + after + rng.choice(ASIDES), {f"{which}:{key}"}, also)
    for ratio in rng.sample(list(RATIOS), 4):
        needed, meaning = RATIOS[ratio]
        statements = sorted({STATEMENT_OF[k] for k in needed})
        before, after = _instruction(statements, rng) if rng.random() < 0.5 else ("", "")
        core = rng.choice(
            [
                f"what is the {ratio} of {said} for {when}?",
                f"what was {said}'s {ratio} in {when}?",
                f"did {said}'s {ratio} improve or worsen between {year - 1} and {year}?",
                f"what is the three-year average {ratio} of {said} from {year - 2} to {year}?",
                f"does {said} have a healthy {ratio} as of {when}?",
                f"is {said} a capital-intensive business judging by {when}?"
                if "capex" in needed or "ppe" in needed
                else f"how did the {ratio} of {said} develop in {when}?",
            ]
        )
        define = f" {ratio[0].upper() + ratio[1:]} means {meaning}." if rng.random() < 0.4 else ""
        text = before + core if before.endswith((", ", ": ")) else before + core[0].upper() + core[1:]
        tags = {f"{STATEMENT_OF[k]}:{k}" for k in needed}
        ask(
            text[0].upper() + text[1:] + define + after + rng.choice(ASIDES),
            tags,
            {f"mda:{k}" for k in needed} | {f"selected:{k}" for k in needed} | {"mda:tax_rate"},
        )
    segment, region = rng.choice(company.segments), rng.choice(REGIONS)
    told: list[tuple[list[str], set[str], set[str]]] = [
        (
            [
                f"What drove the change in operating margin at {said} in {when}?",
                f"Why did {said}'s profitability move in {when}?",
            ],
            {"why:operating"},
            {"mda:operating", "why:gross"},
        ),
        (
            [
                f"Why did gross margin change for {said} in {when}?",
                f"What explains the gross margin of {said} in {when}?",
            ],
            {"why:gross"},
            {"mda:gross"},
        ),
        (
            [
                f"What drove SG&A as a percent of sales at {said} in {when}?",
                f"Why did overhead costs move relative to sales in {when} at {said}?",
            ],
            {"why:sga"},
            {"mda:sga"},
        ),
        (
            [f"What caused the change in inventory balance at {said} at the end of {when}?"],
            {"why:inventories"},
            {"balance:inventories"},
        ),
        (
            [
                f"How much did the effective tax rate of {said} change between {year - 1} and {year}?",
                f"Why was {said}'s tax rate different in {when}?",
            ],
            {"mda:tax_rate"},
            {"income:tax"},
        ),
        (
            [
                f"Which segment of {said} grew the most in {when}?",
                f"Excluding acquisitions, which segment held back growth at {said} in {year}?",
                f"How did the {segment} segment of {said} perform in {when}?",
                f"which business segment did worst by sales, {said} {year}",
            ],
            {"segment:sales"},
            {"segment:income", "segment:organic"},
        ),
        (
            [
                f"Which region contributed most to {said}'s sales in {when}?",
                f"How much did {said} sell in {region} in {when}?",
                f"Which geography had the weakest top line for {said} during {when}?",
            ],
            {"region:sales"},
            set(),
        ),
        (
            [
                f"What was {said}'s adjusted EBITDA in {when}?",
                f"What is the adjusted, non-GAAP EPS of {said} for {when}?",
            ],
            {"nongaap"},
            set(),
        ),
        (
            [
                f"How much does {said} plan to invest in {year + 1}?",
                f"What capital spending does {said} expect for {year + 1}?",
            ],
            {"guide:capex"},
            set(),
        ),
        (
            [
                f"How much can {said} still borrow under its credit facility at the end of {when}?",
                f"When does {said}'s revolver mature?",
            ],
            {"facility"},
            set(),
        ),
        (
            [
                f"What share of {said}'s {when} buybacks took place in the last quarter?",
                f"How many shares did {said} repurchase in {when}?",
            ],
            {"buyback"},
            {"cash:buyback"},
        ),
        (
            [
                f"Which companies did {said} acquire in {when}?",
                f"What major acquisitions has {said} made in {year} and {year - 1}?",
            ],
            {"note:acquisitions"},
            set(),
        ),
        (
            [
                f"What makes up {said}'s restructuring liability at the end of {when}?",
                f"How much severance does {said} still owe under restructuring in {when}?",
            ],
            {"note:restructuring"},
            set(),
        ),
        (
            [
                f"How much of {said}'s debt falls due in {year + 2}?",
                f"What are the debt maturities of {said} after {when}?",
            ],
            {"note:maturities"},
            {"note:debt"},
        ),
        (
            [
                f"Did {said} raise or cut its debt between {year - 1} and {year}?",
                f"How much debt does {said} carry at the end of {when}?",
            ],
            {"balance:debt"},
            {"note:debt", "note:debt_total", "selected:debt"},
        ),
        (
            [
                f"As of {when}, what does {said} expect to pay its retirees in {year + 3}?",
                f"What pension payments are expected in {year + 2} at {said}?",
            ],
            {"note:benefits"},
            set(),
        ),
        (
            [
                f"Which derivative of {said} had the largest notional amount in {when}?",
                f"How much notional in cross currency swaps did {said} hold in {when}?",
            ],
            {"note:derivatives"},
            set(),
        ),
        (
            [
                f"Has {said} paid dividends to common shareholders in {when}?",
                f"What dividend per share did {said} pay in {when}?",
            ],
            {"note:dividends"},
            {"cash:dividends"},
        ),
        ([f"How much of {said}'s inventory was raw materials in {when}?"], {"note:inventories"}, set()),
        (
            [
                f"What legal cases is {said} facing in {when}?",
                f"How large is {said}'s litigation reserve at the end of {when}?",
            ],
            {"note:legal"},
            set(),
        ),
        (
            [
                f"How many {company.sites} did {said} have at the end of {when}?",
                f"Did the number of {company.sites} of {said} change in {when}?",
            ],
            {"properties"},
            set(),
        ),
        (
            [f"What industry does {said} operate in?", f"What does {said} do?", f"What are the segments of {said}?"],
            {"business"},
            {"segment:sales"},
        ),
        ([f"Does {said} depend on a single customer in {when}?"], {"customers"}, set()),
        (
            [f"Among operating, investing and financing activities, which brought {said} the most cash in {when}?"],
            {"cash:cfo", "cash:cfi", "cash:cff"},
            {"mda:cfo"},
        ),
        (
            [f"Was there a drop in cash and cash equivalents at {said} between {year - 1} and {year}?"],
            {"balance:cash"},
            {"cash:cff"},
        ),
    ]
    for texts, answers, also in rng.sample(told, 9):
        ask(rng.choice(texts) + (rng.choice(ASIDES) if rng.random() < 0.1 else ""), answers, also)
    return asked


def event_questions(
    company: Company, year: int, report: InventedDocument, rng: random.Random
) -> list[InventedQuestion]:
    """Questions on one short report."""
    said = _said(company, rng)
    pairs = [
        (
            [
                f"Does {said}'s new CEO have experience as chief executive?",
                f"Who became chief executive of {said} in {year}?",
            ],
            "ceo",
        ),
        (
            [
                f"Which board nominee of {said} had the most votes against in {year}?",
                f"How did {said} shareholders vote on the nominees in {year}?",
            ],
            "votes",
        ),
        (
            [
                f"What was the purpose of {said}'s {year} 8-K on its notes?",
                f"What agreement did {said}'s subsidiary enter into in {year}?",
            ],
            "indenture",
        ),
    ]
    return [
        InventedQuestion(text=rng.choice(texts), document=report, answers=frozenset({tag}))
        for texts, tag in rng.sample(pairs, 2)
    ]
