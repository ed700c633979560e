"""Other languages than English: the final order finds the passage, and spoils nothing that the words alone found."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from app.application import Application
from app.evaluation import evaluated
from app.settings import read_settings
from app.wiring import open_application
from ingest.read.passages import SUFFIX
from rag.measure.goldens import Golden

# A passage and its question a line. The passages of a language speak of one town, so that words alone do not give
# each question away.
LANGUAGES = {
    "arabic": """
تفتح مكتبة المدينة أبوابها من التاسعة صباحا حتى السادسة مساء. | متى تفتح مكتبة المدينة أبوابها؟
يغلق سوق السمك في المدينة يوم الجمعة بسبب الصلاة. | في أي يوم يغلق سوق السمك؟
ثمن تذكرة الحافلة في المدينة ثلاثة دراهم للكبار. | كم ثمن تذكرة الحافلة؟
بني الجسر القديم فوق النهر سنة ألف وتسعمئة وعشر. | في أي سنة بني الجسر القديم؟
يبيع الخباز في شارع النخيل خبز الشعير كل صباح. | أين يبيع الخباز خبز الشعير؟
تقع المدرسة الثانوية خلف محطة القطار. | أين تقع المدرسة الثانوية؟
يستقبل المستشفى الكبير حالات الطوارئ ليلا ونهارا. | من يستقبل حالات الطوارئ ليلا؟
زرع البستاني في الحديقة العامة أربعين شجرة زيتون. | كم شجرة زيتون زرع البستاني؟
يقام مهرجان الموسيقى في الساحة كل صيف. | أين يقام مهرجان الموسيقى؟
طبيب الأسنان سامي يعمل في عيادة قرب البنك. | أين يعمل طبيب الأسنان سامي؟
يحتاج تجديد جواز السفر إلى صورتين وأسبوعين. | كم صورة يحتاج تجديد جواز السفر؟
تسبح الأسماك الحمراء في بركة الفندق الأزرق. | ما لون الأسماك في بركة الفندق؟
""",
    "japanese": """
町の図書館は午前九時に開き、午後六時に閉まります。 | 図書館は何時に開きますか。
魚市場は毎週水曜日が休みです。 | 魚市場の休みは何曜日ですか。
市内バスの運賃は大人二百円、子供百円です。 | 市内バスの運賃はいくらですか。
川にかかる古い橋は明治時代に建てられました。 | 古い橋はいつの時代に建てられましたか。
駅前のパン屋は朝だけ栗のパンを売ります。 | 栗のパンはどこで売っていますか。
中学校は神社の裏の丘の上にあります。 | 中学校はどこにありますか。
大きな病院は夜中でも急患を受け入れます。 | 急患を受け入れるのはどこですか。
公園には桜の木が四十本植えられています。 | 桜の木は何本ありますか。
夏祭りの花火は海岸で打ち上げられます。 | 花火はどこで打ち上げられますか。
歯医者の田中先生は銀行の隣で働いています。 | 歯医者の田中先生はどこで働いていますか。
旅券の更新には写真二枚と二週間が必要です。 | 旅券の更新に写真は何枚必要ですか。
温泉旅館の池には赤い金魚が泳いでいます。 | 旅館の池の金魚は何色ですか。
""",
    "chinese": """
市图书馆上午九点开门,晚上六点关门。 | 图书馆几点开门?
鱼市场每个星期三休息。 | 鱼市场星期几休息?
公共汽车票成人两元,儿童一元。 | 公共汽车票多少钱?
河上的老桥建于清朝末年。 | 老桥建于什么时候?
火车站前的面包店早上卖栗子面包。 | 哪里卖栗子面包?
中学在寺庙后面的小山上。 | 中学在什么地方?
大医院夜里也接收急诊病人。 | 谁夜里接收急诊病人?
公园里种了四十棵银杏树。 | 公园里有多少棵银杏树?
夏天的音乐节在海边广场举行。 | 音乐节在哪里举行?
牙医王医生在银行旁边的诊所工作。 | 牙医王医生在哪里工作?
办理护照需要两张照片和两个星期。 | 办理护照需要几张照片?
旅馆的池塘里游着红色的金鱼。 | 旅馆池塘里的金鱼是什么颜色?
""",
    "turkish": """
Şehir kütüphanesi sabah dokuzda açılır ve akşam altıda kapanır. | Kütüphane saat kaçta açılır?
Balık pazarı her çarşamba günü kapalıdır. | Balık pazarı hangi gün kapalıdır?
Otobüs bileti yetişkinler için on beş liradır. | Otobüs bileti kaç liradır?
Irmağın üstündeki eski köprü bin dokuz yüz onda yapıldı. | Eski köprü ne zaman yapıldı?
İstasyonun önündeki fırın sabahları kestaneli ekmek satar. | Kestaneli ekmek nerede satılır?
Ortaokul caminin arkasındaki tepededir. | Ortaokul nerededir?
Büyük hastane geceleri de acil hastaları kabul eder. | Acil hastaları kim kabul eder?
Bahçıvan parka kırk zeytin ağacı dikti. | Bahçıvan kaç zeytin ağacı dikti?
Yaz müzik şenliği sahildeki meydanda yapılır. | Müzik şenliği hangi meydanda yapılır?
Diş hekimi Selim bankanın yanındaki klinikte çalışır. | Diş hekimi Selim nerede çalışır?
Pasaport yenilemek için iki fotoğraf ve iki hafta gerekir. | Pasaport yenilemek için kaç fotoğraf gerekir?
Otelin havuzunda kırmızı balıklar yüzer. | Otelin havuzundaki balıklar ne renktir?
""",
    "german": """
Die Stadtbücherei öffnet morgens um neun und schließt abends um sechs. | Wann öffnet die Stadtbücherei?
Der Fischmarkt bleibt jeden Mittwoch geschlossen. | An welchem Tag ist der Fischmarkt geschlossen?
Eine Busfahrkarte kostet für Erwachsene drei Euro. | Was kostet eine Busfahrkarte?
Die alte Brücke über den Fluss wurde im Jahr neunzehnhundertzehn gebaut. | Wann wurde die alte Brücke gebaut?
Der Bäcker vor dem Bahnhof verkauft morgens Kastanienbrot. | Wo gibt es Kastanienbrot zu kaufen?
Die Realschule liegt auf dem Hügel hinter der Kirche. | Wo liegt die Realschule?
Das große Krankenhaus nimmt auch nachts Notfälle auf. | Wer nimmt nachts Notfälle auf?
Der Gärtner hat im Park vierzig Lindenbäume gepflanzt. | Wie viele Lindenbäume hat der Gärtner gepflanzt?
Das Musikfest findet im Sommer auf dem Platz am Ufer statt. | Wo findet das Musikfest statt?
Der Zahnarzt Doktor Weber arbeitet in der Praxis neben der Bank. | Wo arbeitet der Zahnarzt Doktor Weber?
Wer den Reisepass verlängert, braucht zwei Fotos und zwei Wochen. | Wie viele Fotos braucht man für den Reisepass?
Im Teich des Gasthofs schwimmen rote Fische. | Welche Farbe haben die Fische im Teich des Gasthofs?
""",
}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Application]:
    application = open_application(read_settings(home=tmp_path_factory.mktemp("languages")))
    for language, lines in LANGUAGES.items():
        passages = [line.split(" | ")[0] for line in lines.strip().splitlines()]
        rows = "".join(json.dumps({"title": "", "text": text}) + "\n" for text in passages).encode()
        added = application.library.add(rows, f"{language}{SUFFIX}", collection=language)
        assert application.library.wait_for(added.document.id).status == "ready"
    yield application
    application.close()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_final_order_finds_the_passage_and_not_later_than_the_words_alone(app: Application, language: str) -> None:
    document = next(row for row in app.store.documents() if row.name == f"{language}{SUFFIX}")
    questions = [line.split(" | ")[1] for line in LANGUAGES[language].strip().splitlines()]
    chunks = app.store.document_chunks(document.id)
    goldens = [Golden(question=q, chunks=((c.id, 1),)) for q, c in zip(questions, chunks, strict=True)]
    report = evaluated(app, goldens, collections=[language])
    mrr = {stage.name: stage.metrics["mrr"].mean for stage in report.stages}
    assert mrr["precise"] >= 0.8
    assert mrr["precise"] >= mrr["bm25"]
