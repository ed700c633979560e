"""Sentences that fit any paper and answer nothing, and statements that hold no longer: what a reader must pass by."""

from __future__ import annotations

import random
from collections.abc import Mapping

from data.make.draw import draw

SLOTS = (
    ("money", "money 20 90000 10"),
    ("date", "date"),
    ("person", "person"),
    ("place", "place"),
    ("count", "int 2 400"),
    ("code", "code"),
    ("weekday", "weekday"),
    ("month", "month"),
    ("percent", "percent 1 60"),
)
ANYWHERE = (
    "This part was written by {person} and has been read by all who are concerned.",
    "In an earlier draft {money} stood here, which nobody found convincing in the end.",
    "Those who wish to know more will find a fuller account in file {code}.",
    "The wording was settled on {date} after a long exchange of letters.",
    "It has proved useful to keep matters short, and so not every case that may arise is treated here.",
    "Whether this will still be so in a few years depends on much that nobody can foresee today.",
    "A similar text from {place} served as a model, although little of it is left.",
    "Of {count} remarks that were sent in, most concerned spelling.",
    "For reasons of space the history of the matter is not told again.",
    "What is said here holds unless something else is said further on.",
    "Some would have wished for more detail, others for less; what follows is a compromise.",
    "See also page {count}.",
    "Compare what {person} has written on the subject.",
    "A table with all details can be had on request, as can older versions of this text.",
    "In {month} there was some confusion about this point, which has since been cleared up.",
    "Experience shows that about {percent} of all questions concern this part.",
    "Nothing in this paragraph is new to those who have read the earlier ones.",
    "If in doubt, ask before you act, for it is easier to prevent a mistake than to mend it.",
    "Every {weekday} the office looks through what has come in.",
    "We have taken care to use plain words.",
    "The sum of {money} that was named in the press had another background and plays no part here.",
    "Copies have gone to {place} and to {person}.",
    "As elsewhere, good sense is expected of everybody.",
    "There are exceptions, but they are few and are listed where they belong.",
    "Number {code} is the number of the file and means nothing else.",
    "This was also the opinion of {person}, who looked into the matter on {date}.",
    "It would go too far to explain how this came about.",
    "Much of what is usual elsewhere does not fit here, and the other way round.",
    "A shorter version hangs on the notice board in {place}.",
    "Both sides know that circumstances may change, and they will talk to each other if that happens.",
)
NO_LONGER = (
    "Until the last change it said: “{s}”",
    "The previous version, which is void, read: “{s}”",
    "A draft that was never adopted put it thus: “{s}”",
    "For comparison, a text from {place} reads: “{s}”",
    "What could formerly be read here no longer holds: “{s}”",
    "An example from a textbook, with invented values: “{s}”",
)
NO_LONGER_IN = {
    "de": ("In der alten Fassung, die nicht mehr gilt, stand: „{s}“", "In einem Entwurf hieß es: „{s}“"),
    "fr": ("Dans l'ancienne version, désormais caduque, on lisait : « {s} »", "Un projet abandonné disait : « {s} »"),
    "es": ("La versión anterior, que ya no vale, decía: «{s}»", "En un borrador se leía: «{s}»"),
    "tr": ("Artık geçerli olmayan eski metin şöyleydi: “{s}”", "Bir taslakta şu yazıyordu: “{s}”"),
    "ja": ("すでに無効となった旧版には「{s}」とあった。", "採用されなかった案には「{s}」とあった。"),
    "zh": ("已失效的旧版本写道:“{s}”", "未被采用的草案写道:“{s}”"),
    "ar": ("جاء في النص القديم الذي لم يعد ساريا: «{s}»", "جاء في مسودة لم تعتمد: «{s}»"),
}
ANYWHERE_IN = {
    "de": (
        "Weitere Fragen beantwortet {person}.",
        "Dieser Abschnitt wurde am {date} zuletzt durchgesehen.",
        "Einzelheiten stehen in der Akte {code}.",
        "In der Zeitung war von {money} die Rede; das hat hiermit nichts zu tun.",
        "Auf Wunsch wird dieser Text vorgelesen.",
    ),
    "fr": (
        "Pour toute autre question, voir le dossier {code}.",
        "Ce paragraphe a été relu le {date} par {person}.",
        "La somme de {money}, citée dans la presse, n'a aucun rapport avec ce texte.",
        "Une copie est affichée à l'entrée.",
    ),
    "es": (
        "Más detalles figuran en el expediente {code}.",
        "Este párrafo fue revisado el {date} por {person}.",
        "La suma de {money} que citó la prensa no tiene relación con este texto.",
        "Hay una copia en el tablón de anuncios.",
    ),
    "tr": (
        "Ayrıntılar {code} numaralı dosyada yer alır.",
        "Bu bölüm son olarak {date} tarihinde gözden geçirildi.",
        "Basında geçen {money} tutarının bu metinle ilgisi yoktur.",
        "Bir kopyası girişte asılıdır.",
    ),
    "ja": (
        "詳しくは資料{code}を参照してください。",
        "この項目は{date}に見直された。",
        "新聞に載った{money}という金額は、この文書とは関係がない。",
        "写しは入口に掲示してある。",
    ),
    "zh": (
        "详情见{code}号文件。",
        "本段最近一次修订是在{date}。",
        "报纸上提到的{money}与本文无关。",
        "副本张贴在入口处。",
    ),
    "ar": (
        "التفاصيل في الملف {code}.",
        "روجعت هذه الفقرة في {date}.",
        "المبلغ المذكور في الصحف، وهو {money}، لا علاقة له بهذا النص.",
        "توجد نسخة عند المدخل.",
    ),
}
IN_FORCE = (
    "Since the last change it says: “{s}”",
    "The text now in force reads: “{s}”",
    "What holds today is this: “{s}”",
    "In the words that were agreed on: “{s}”",
    "Please note: {s}",
    "To be clear: {s}",
    "In short: {s}",
    "For the record: {s}",
    "Here is what applies: {s}",
    "It bears repeating: {s}",
    "The office adds: {s}",
)


def anywhere(rng: random.Random, context: Mapping[str, str]) -> str:
    """A sentence that fits anywhere; its names and numbers belong to nothing that is asked about."""
    return _drawn(rng.choice(ANYWHERE_IN.get(context["lang"], ANYWHERE)), rng, context)


def no_longer(statement: str, rng: random.Random, context: Mapping[str, str]) -> str:
    """A statement in the words of a true one that does not hold: of an older version, a draft, another paper."""
    return _drawn(rng.choice(NO_LONGER_IN.get(context["lang"], NO_LONGER)), rng, {**context, "s": statement})


def in_force(statement: str, rng: random.Random) -> str:
    """A true statement that something leads up to, also in quotes, so that quotes alone tell nothing."""
    return rng.choice(IN_FORCE).replace("{s}", statement)


def _drawn(form: str, rng: random.Random, context: Mapping[str, str]) -> str:
    drawn = {name: draw(spec, rng, context) for name, spec in SLOTS if f"{{{name}}}" in form}
    return form.format_map({**context, **drawn})
