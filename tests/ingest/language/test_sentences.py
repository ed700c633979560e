"""Sentence ends in any script, and lines that become running text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.language.sentences import begins_sentence, ends_sentence, gap, goes_on, sentence_ends, sentences

# "/" stands where a sentence ends.
MARKED = [
    "Dr. J. Smith gave 2.5 mg, i.e. half of it, at 9 a.m. on Monday. / It helped. / See sec. 3.1 for more.",
    "The U.S. economy grew (Fig. 3). / “Yes!” / He left … and came back. / Apple Inc. / The shares rose [3, 4]. / So?",
    "Am 3. Mai 2020 kam Hr. Müller. / Er sagte z. B. nichts. / Ärgerlich!",
    "¿Cuándo vence? / El 3 de mayo. / ¡Sí!",
    "Prof. Dr. Ali geldi. / 1923'te kuruldu. / İyi.",
    "Πότε ιδρύθηκε; / Το 1998. / Ναι.",
    "Завод основан в 1998 году. / Он находится в Москве. / Да!",
    "ما هي الشركة؟ / تأسست عام 1998. / مقرها في القاهرة.",
    "کمپنی قائم ہوئی۔ / صدر دفتر کراچی میں ہے۔",
    "החברה נוסדה ב-1998. / המשרד בתל אביב.",
    "कंपनी 1998 में बनी। / मुख्यालय दिल्ली में है। / क्या?",
    "ኩባንያው ተመሰረተ። / ዋናው መስሪያ ቤት አዲስ አበባ ነው።",
    "ကုမ္ပဏီကို တည်ထောင်ခဲ့သည်။ / ရုံးချုပ်သည် ရန်ကုန်တွင် ရှိသည်။",
    "ក្រុមហ៊ុន។ / ការិយាល័យ។",
    "Ընկերությունը հիմնադրվել է։ / Գտնվում է Երևանում։",
    "회사는 1998년에 설립되었다. / 본사는 서울에 있다.",
    "公司成立于1998年。/总部在北京！/你知道吗？/“他说：好。”/然后走了。",
    "高さは３．５メートル。/彼は「本です。」と言った。/何ですか？",
]


@pytest.mark.parametrize("marked", MARKED)
def test_each_sentence_ends_where_a_reader_says(marked: str) -> None:
    expected = [sentence.strip() for sentence in marked.split("/")]
    assert sentences(marked.replace("/ ", "").replace("/", "")) == expected


@given(st.text(max_size=300))
def test_the_ends_go_up_to_the_end_and_no_letter_is_lost(text: str) -> None:
    ends = sentence_ends(text)
    assert ends == sorted(set(ends))
    assert ends[-1:] == ([len(text)] if text else [])
    assert "".join("".join(sentences(text)).split()) == "".join(text.split())


def test_a_whole_sentence_begins_and_ends_and_a_fragment_does_not() -> None:
    for text in ("The gate closes.", "公司成立于1998年。", "تأسست عام 1998.", "“Yes!” [3]", "कंपनी बनी।"):
        assert begins_sentence(text)
        assert ends_sentence(text)
    assert not begins_sentence("and so on.")
    assert not ends_sentence("The gate closes at")


def test_lines_are_joined_by_a_space_only_where_the_script_has_spaces() -> None:
    assert gap("The", "gate") == " "
    assert gap("東京", "タワー") == ""
    assert gap("高い。", "東京") == ""
    assert gap("東京", "Tower") == " "
    assert gap("회사는", "서울에") == " "


def test_a_line_without_case_may_go_on_with_the_sentence() -> None:
    assert goes_on("closes at nine")
    assert goes_on("成立于")
    assert not goes_on("The gate")
    assert not goes_on("")
    assert not goes_on("12 items")
