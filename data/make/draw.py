"""What invented documents are filled with: amounts, dates, names of people, places and firms. All from a generator."""

from __future__ import annotations

import random
from collections.abc import Mapping

MONTHS = "January February March April May June July August September October November December".split()
WEEKDAYS = "Monday Tuesday Wednesday Thursday Friday Saturday".split()
ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
).split()
TENS = "zero ten twenty thirty forty fifty sixty seventy eighty ninety".split()
MONTHS_IN = {
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember".split(),
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre".split(),
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split(),
    "tr": "Ocak Şubat Mart Nisan Mayıs Haziran Temmuz Ağustos Eylül Ekim Kasım Aralık".split(),
    "ar": "يناير فبراير مارس أبريل مايو يونيو يوليو أغسطس سبتمبر أكتوبر نوفمبر ديسمبر".split(),
}
_DATE_IN = {"de": "{d}. {m} {y}", "es": "{d} de {m} de {y}"}
_MONEY_IN = {
    "de": "{} €",
    "es": "{} €",
    "fr": "{} €",
    "tr": "{} TL",
    "ja": "{}円",
    "zh": "{}元",
    "ar": "{} درهم",
}
FIRST = (
    "Agnes Tomas Priya Kwame Ingrid Rafael Mei Oskar Leila Hugo Nadia Samuel Yuki Clara Dmitri Amara Felix Rosa Jonas "
    "Salma Viktor Edith Mateo Hana Colin Beatriz Arjun Sigrid Pavel Noor Greta Ivan Lucia Emeka Astrid Bruno Zofia "
    "Marcus Anneke Farid Judith Kenji Paula Stefan Wanjiru Elif Conor Mirela Theo Ayumi"
).split()
LAST = (
    "Abrams Okoye Lindqvist Moreau Tanaka Becker Novak Ferreira Haddad Castellan Whitcombe Dvorak Iyer Mensah Rossi "
    "Keller Sandoval Petrov Nakamura Holm Fitzgerald Osei Marchetti Yilmaz Brandt Delacroix Vargas Ahlberg Chowdhury "
    "Kowalski Ibarra Stanton Aydin Lefevre Grant Olufsen Parekh Quigley Rahman Schuster Torvald Ueda Weiss Zeman"
).split()
_START = "Al Bren Cor Dal El Fen Gar Hol Ir Jun Kel Lor Mar Nor Or Pel Quin Ros Sel Tar Ul Ven Wex Yar Zel".split()
_END = "den mont vale wick bury field haven stead ford ton mere port ley grove brook stone gate cliff ham side".split()
STREETS = "Road Street Lane Row Avenue Terrace Square Hill Close Quay".split()
_FIRM = "Works Industries Partners Holdings Systems Foods Textiles Logistics Instruments Energy Paper Marine".split()
_FORM = ("Ltd", "Inc.", "plc", "GmbH", "LLC", "AG", "Corp.", "S.A.", "Co-operative", "& Sons")


def word(rng: random.Random) -> str:
    """An invented proper name, such as a town's: "Kelmere"."""
    return rng.choice(_START) + rng.choice(("", "", "a", "in", "o")) + rng.choice(_END)


def person(rng: random.Random) -> str:
    """A first and a last name."""
    return f"{rng.choice(FIRST)} {rng.choice(LAST)}"


def firm(rng: random.Random) -> str:
    """A firm's name with its legal form."""
    name = rng.choice((word(rng), word(rng), rng.choice(LAST), f"{rng.choice(LAST)} {rng.choice(LAST)}"))
    return f"{name} {rng.choice(_FIRM)} {rng.choice(_FORM)}"


def code(rng: random.Random) -> str:
    """A reference such as "KL-4072"."""
    letters = "".join(rng.choice("ABCDEFGHKLMNPRSTVWX") for _ in range(rng.choice((1, 2, 2, 3))))
    return f"{letters}{rng.choice(('-', '', '/', ' '))}{rng.randint(100, 9999)}"


def number(value: float, decimals: int = 0) -> str:
    """With a comma between thousands."""
    return f"{value:,.{decimals}f}"


def spelled(value: int) -> str:
    """0 to 99 in words."""
    if value < 20:
        return ONES[value]
    tens, ones = divmod(value, 10)
    return TENS[tens] + (f"-{ONES[ones]}" if ones else "")


def style(rng: random.Random, lang: str = "en") -> dict[str, str]:
    """What one document does alike throughout: its currency, its way to write dates, its year."""
    return {
        "lang": lang,
        "currency": rng.choice(("$", "€", "£", "CHF ", "USD ", "EUR ", "$", "€")),
        "dates": rng.choice(("dmy", "mdy", "iso", "dmy")),
        "year": str(rng.randint(2009, 2027)),
    }


def written_date(day: int, month: int, year: int | str, how: str) -> str:
    """A date as ``how`` says: dmy "3 May 2024", mdy "May 3, 2024", iso "2024-05-03"."""
    if how == "mdy":
        return f"{MONTHS[month - 1]} {day}, {year}"
    return f"{year}-{month:02d}-{day:02d}" if how == "iso" else f"{day} {MONTHS[month - 1]} {year}"


def _date_in(lang: str, day: int, month: int, year: str) -> str:
    if lang in {"ja", "zh"}:
        return f"{year}年{month}月{day}日"
    return _DATE_IN.get(lang, "{d} {m} {y}").format(d=day, m=MONTHS_IN[lang][month - 1], y=year)


def _money_in(lang: str, amount: int) -> str:
    apart = {"de": ".", "es": ".", "tr": ".", "fr": " "}.get(lang, ",")
    return _MONEY_IN[lang].format(number(amount).replace(",", apart))


def draw(spec: str, rng: random.Random, values: Mapping[str, str]) -> str:
    """One value of a slot.

    ``a | b | c``: one of these. Else the first word says what: ``money LOW HIGH STEP``, ``int LOW HIGH [STEP]``,
    ``year LOW HIGH``, ``decimal LOW HIGH PLACES``, ``percent LOW HIGH``, ``span LOW HIGH UNIT``, ``date``,
    ``time LOW HIGH``, ``month``, ``weekday``, ``person``, ``place``, ``firm``, ``street``, ``code``, ``phone``,
    ``email``.
    """
    if " | " in spec:
        return rng.choice(spec.split(" | ")).format_map(values)
    what, *rest = spec.split()
    lang = values.get("lang", "en")
    match what:
        case "money":
            amount = _step(rest, rng)
            if lang != "en":
                return _money_in(lang, amount)
            return f"{values['currency']}{number(amount, 2 if amount < 100 and rng.random() < 0.5 else 0)}"
        case "int":
            return number(_step(rest, rng)) if lang == "en" else str(_step(rest, rng))
        case "year":
            return str(_step(rest, rng))
        case "decimal":
            return f"{rng.uniform(float(rest[0]), float(rest[1])):.{int(rest[2])}f}"
        case "percent":
            value = rng.choice((_step(rest, rng), _step(rest, rng) + rng.choice((0.25, 0.5, 0.75))))
            return f"{value:g}{rng.choice(('%', ' %', ' per cent', '%'))}"
        case "span":
            value, unit = int(_step(rest[:2], rng)), rest[2]
            unit = unit[:-1] if value == 1 and unit.endswith("s") else unit
            shown = rng.choice((str(value), str(value), spelled(value % 100), f"{spelled(value % 100)} ({value})"))
            return f"{shown if value < 100 else value} {unit}"
        case "date":
            if lang != "en":
                return _date_in(lang, rng.randint(1, 28), rng.randint(1, 12), values["year"])
            return written_date(rng.randint(1, 28), rng.randint(1, 12), values["year"], values["dates"])
        case "time":
            hour, minute = rng.randint(int(rest[0]), int(rest[1])), rng.choice((0, 15, 30, 30, 45, 0))
            if values["dates"] == "mdy":
                return f"{(hour - 1) % 12 + 1}:{minute:02d} {'a.m.' if hour < 12 else 'p.m.'}"
            return f"{hour:02d}:{minute:02d}"
        case "month":
            return rng.choice(MONTHS)
        case "weekday":
            return rng.choice(WEEKDAYS)
        case "person":
            return person(rng)
        case "place":
            return word(rng)
        case "firm":
            return firm(rng)
        case "street":
            return f"{rng.randint(1, 240)} {word(rng)} {rng.choice(STREETS)}"
        case "code":
            return code(rng)
        case "phone":
            return f"0{rng.randint(20, 99)} {rng.randint(200, 999)} {rng.randint(1000, 9999)}"
        case "email":
            return f"{rng.choice(('info', 'office', 'help', 'desk', 'contact'))}@{word(rng).lower()}.example"
    raise ValueError(f"no way to draw {spec!r}")


def _step(bounds: list[str], rng: random.Random) -> int:
    low, high, step = (*map(int, bounds), 1)[:3]
    return rng.randrange(low, high + 1, step)
