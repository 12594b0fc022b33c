"""Sentences written for these tests, and documents as the columns that the room takes."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

SENTENCES = {
    "ar": "ذهب الأولاد إلى المدرسة في الصباح الباكر، وعادوا منها بعد الظهر ومعهم كتب جديدة عن تاريخ المدينة.",
    "fa": "بچه‌ها صبح زود به مدرسه رفتند و بعد از ظهر با کتاب‌های تازه‌ای که از معلم گرفته بودند برگشتند.",
    "ur": "بچے صبح سویرے اسکول گئے اور دوپہر کے بعد شہر کی تاریخ کے بارے میں نئی کتابیں لے کر واپس آئے۔",
    "ps": "ماشومان سهار وختي ښوونځي ته لاړل او ماسپښين د ښار د تاريخ په اړه له نويو کتابونو سره راستانه شول.",
    "ckb": "منداڵەکان بەیانی زوو چوون بۆ قوتابخانە و دوای نیوەڕۆ بە کتێبی نوێوە لە بارەی مێژووی شارەوە گەڕانەوە.",
    "ug": "بالىلار ئەتىگەن سەھەردە مەكتەپكە باردى، چۈشتىن كېيىن شەھەر تارىخى توغرىسىدىكى يېڭى كىتابلار بىلەن كەلدى.",
    "pnb": "بچے سویرے سکول گئے تے دوپہر توں بعد شہر دی تریخ بارے نویاں کتاباں نال گھر نوں مڑ آئے نیں۔",
    "sd": "ٻار صبح جو سوير اسڪول ويا ۽ منجھند کان پوءِ شهر جي تاريخ بابت نوان ڪتاب کڻي گهر موٽي آيا آهن.",
    "en": "The children went to school early in the morning and came back with books about the history of the town.",
    "fr": "Les enfants sont partis à l'école tôt le matin et ils ont rapporté des livres sur l'histoire de la ville.",
    "de": "Die Kinder gingen früh am Morgen zur Schule und brachten neue Bücher über die Geschichte der Stadt mit.",
    "tr": "Çocuklar sabah erkenden okula gittiler ve öğleden sonra şehrin tarihi üzerine yeni kitaplarla döndüler.",
    "ru": "Дети рано утром пошли в школу, а после обеда вернулись с новыми книгами об истории города.",
    "he": "הילדים הלכו לבית הספר מוקדם בבוקר וחזרו אחר הצהריים עם ספרים חדשים על תולדות העיר.",
    "zh": "孩子们一大早就去上学，下午带着关于这座城市历史的新书回家了。",
}

VOWELLED = "كَانَ الْوَلَدُ يَذْهَبُ إِلَى السُّوقِ مَعَ أَبِيهِ كُلَّ صَبَاحٍ وَيَشْتَرِي خُبْزًا وَلَبَنًا ثُمَّ يَعُودُ إِلَى بَيْتِهِ."

# Iraq, the Gulf, Egypt and the Maghreb, a sentence a line.
DIALECTS = [
    line
    for file in sorted((Path(__file__).parent / "dialects").glob("*.txt"))
    for line in file.read_text(encoding="utf-8").splitlines()
]


def columns(documents: Sequence[bytes]) -> tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.int64]]:
    """Returns the documents joined as text uint8[m], and the start and end of each, int64[d]."""
    sizes = np.array([len(document) for document in documents], np.int64)
    end = np.cumsum(sizes, dtype=np.int64)
    return np.frombuffer(b"".join(documents), np.uint8), end - sizes, end
