"""One passage in each of several languages and scripts, with a question in other forms of its words."""

# language → (passage, question that shares words with it, in another form where the language has forms)
TEXTS = {
    "en": ("The turbines were inspected in Córdoba by two engineers from the harbour.", "turbine inspection CORDOBA?"),
    "de": ("Die Versicherungen zahlen nach dem Sturm für beschädigte Häuser und Straßen.", "Welche Versicherung?"),
    "fr": ("Les assurances remboursent l'eau et les maisons endommagées après la tempête.", "maison endommagée"),
    "tr": ("Fabrikaların çoğu Diyarbakır'da kuruldu ve IŞIK üretimi yıllarca sürdü.", "fabrika ışık"),
    "ru": ("Заводы были построены после войны, и рабочие получили новые квартиры.", "завод"),
    "el": ("Οι εταιρείες ιδρύθηκαν μετά τον πόλεμο και πλήρωσαν τους φόρους τους.", "εταιρεια ΦΟΡΟΥΣ"),
    "ar": ("تأسست الشركات بعد الحرب ودفعت الضرائب في المدينة القديمة.", "الشَّرِكَات؟"),
    "fa": ("این کتاب‌ها پس از جنگ در شهر چاپ شدند و مردم آنها را خواندند.", "كتاب"),
    "he": ("החברות נוסדו אחרי המלחמה ושילמו מסים בעיר העתיקה.", "המלחמה"),
    "hi": ("कंपनियों की स्थापना युद्ध के बाद हुई और उन्होंने कर चुकाया।", "युद्ध"),
    "zh": ("东京塔高三百三十三米，建于一九五八年，是日本的地标。", "东京塔有多高？"),
    "ja": ("東京タワーは高さ333メートルで、1958年に完成した電波塔である。", "東京タワーの高さは？"),
    "ko": ("회사는 1998년에 설립되었고 본사는 서울에 있다.", "회사가 언제?"),
    "th": ("บริษัทก่อตั้งขึ้นในปี ๒๕๔๑ และมีสำนักงานใหญ่อยู่ที่กรุงเทพ", "สำนักงานใหญ่"),
    "am": ("ኩባንያው በ1998 ተመሰረተ። ዋናው መስሪያ ቤት አዲስ አበባ ነው።", "አዲስ አበባ"),
    "ta": ("நிறுவனம் 1998 இல் நிறுவப்பட்டது. தலைமையகம் சென்னையில் உள்ளது.", "சென்னையில்"),
}
