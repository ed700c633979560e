"""Kısa Türkçe metinler: kira sözleşmesi, kullanım kılavuzu."""

from __future__ import annotations

import random
from collections.abc import Iterator

from data.make.family import Kind, family
from data.make.invented import InventedDocument

LEASE = """
# kira: Kira bedeli | Kira
v = money 4000 60000 500
n = int 1 10
> Aylık kira: [[{v}]]. Son ödeme günü her ayın [[gun:{n}. günü]].
> Kiracı her ay [[{v}]] öder; ödeme en geç ayın [[gun:{n}. günü]] yapılır.
~ Elden ödeme kabul edilmez.
? Aylık kira ne kadar{of}?
? kira bedeli{of}
? Kiracı her ay kaç lira öder{of}?
?gun Kira en geç ne zaman ödenir{of}?
?gun son ödeme günü{of}
# depozito: Depozito | Güvence bedeli
v = money 8000 120000 1000
n = int 10 60
> Depozito: [[{v}]]. Bu para taşınmadan sonra [[sure:{n} gün]] içinde geri verilir.
> Güvence bedeli olarak [[{v}]] alınır ve en geç [[sure:{n} gün]] sonra iade edilir.
~ Depozito son ayın kirası yerine geçmez.
? Depozito ne kadar{of}?
? güvence bedeli tutarı{of}
? Hasar olursa diye ev sahibine ne kadar para bırakılır{of}?
?sure Depozito kaç gün içinde geri verilir{of}?
# sure: Süre
d = date
n = int 1 5
> Sözleşme [[gun:{d}]] tarihinde başlar ve [[{n} yıl]] sürer.
> Başlangıç tarihi: [[gun:{d}]]. Süre: [[{n} yıl]].
~ Anahtarlar ofiste teslim edilir.
? Sözleşme kaç yıl sürer{of}?
? sözleşme süresi{of}
?gun Sözleşme ne zaman başlar{of}?
?gun başlangıç tarihi{of}
# fesih: Fesih
n = int 1 6
f = noter yoluyla | imzalı mektupla | e-posta ile
> Fesih için [[{n} ay]] önceden [[yol:{f}]] haber verilir.
> Çıkmak isteyen taraf, [[{n} ay]] önce [[yol:{f}]] bildirimde bulunur.
~ Telefonla yapılan bildirim geçersizdir.
? Çıkmadan kaç ay önce haber vermek gerekir{of}?
? fesih süresi{of}
?yol Fesih nasıl bildirilir{of}?
# hayvan: Evcil hayvanlar
v = kedi beslenebilir | evcil hayvan beslenemez | köpek için yazılı izin gerekir
> Evcil hayvanlar konusunda kural şudur: [[{v}]].
> Bu evde [[{v}]].
~ Ortak alanlar temiz tutulur.
? Evcil hayvan beslenebilir mi{of}?
? Kedimi getirebilir miyim{of}?
# aidat: Aidat
v = money 300 6000 100
l = asansör ve temizlik | su ve ısıtma | bahçe ve güvenlik
> Aylık aidat: [[{v}]]. Aidata dahil olanlar: [[ne:{l}]].
> [[ne:{l}]] için her ay [[{v}]] aidat alınır.
~ Elektrik faturası kiracıya aittir.
? Aidat ne kadar{of}?
? Kiraya ek olarak ne ödenir{of}?
?ne Aidata neler dahildir{of}?
"""
DEVICE = """
# temizlik: Temizlik
v = filtre | su haznesi | tepsi
n = int 2 30
> [[ne:{v}]], her [[{n} saat]] kullanımdan sonra temizlenir.
> Temizlenecek parça: [[ne:{v}]]. Aralık: [[{n} saat]].
~ Önce fişi çekin.
? Cihaz ne sıklıkla temizlenir{of}?
? temizlik aralığı{of}
?ne Hangi parça düzenli olarak temizlenir{of}?
# veri: Teknik veriler
w = int 40 2400 20
k = decimal 1 30 1
> Güç: [[{w} W]]. Ağırlık: [[kg:{k} kg]].
> Cihazın ağırlığı [[kg:{k} kg]], gücü [[{w} W]] olarak verilir.
~ Veriler değişebilir.
? Cihazın gücü ne kadar{of}?
?kg Cihaz kaç kilo{of}?
?kg ağırlık{of}
# garanti: Garanti
n = int 1 6
a = çizikler | piller | don hasarı
> Garanti süresi [[{n} yıl]]. Garanti dışı: [[dis:{a}]].
> Cihaz [[{n} yıl]] garantilidir. Şunlar garanti dışıdır: [[dis:{a}]].
~ Faturayı saklayın.
? Garanti kaç yıl{of}?
? garanti süresi{of}
?dis Garanti neyi kapsamaz{of}?
# isik: Uyarı ışıkları
s = su haznesi boş | kapak açık | pil zayıf
> Kırmızı ışık yanıp sönüyorsa [[{s}]] demektir.
> Kırmızı ışığın anlamı: [[{s}]].
~ Yeşil ışık her şeyin yolunda olduğunu gösterir.
? Kırmızı ışık ne anlama gelir{of}?
? Işık neden kırmızı yanıp sönüyor{of}?
# yas: Güvenlik
n = int 8 16
> Cihazı [[{n} yaşından]] küçükler kullanamaz.
> Kullanım için en az yaş: [[{n}]].
~ Cihazı gözetimsiz bırakmayın.
? Cihazı kaç yaşından küçükler kullanamaz{of}?
? en küçük kullanım yaşı{of}
"""
KINDS = (
    Kind(title="Kira sözleşmesi {mark}", of=(" ({mark})", ", {mark} sözleşmesinde"), marks="code", topics=LEASE),
    Kind(title="Kullanım kılavuzu: {mark}", of=(" ({mark})", ", {mark} modelinde"), marks="code", topics=DEVICE),
)


def documents(rng: random.Random) -> Iterator[InventedDocument]:
    """Two or three siblings of one kind."""
    yield from family(rng, genre="turkish", lang="tr", kinds=KINDS, numbering=("Madde {n}: {h}", "{n}. {h}", "{h}"))
