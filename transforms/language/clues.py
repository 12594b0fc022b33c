"""The clues to a language, its alphabet and its frequent words, and their tables for the kernels."""

import re
import unicodedata
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from langdetect import detector_factory
from langdetect.lang_detect_exception import LangDetectException
from numpy.typing import NDArray

from transforms.characters.table import LETTERS, PASSED_OVER, mask
from transforms.language import kernels

# The languages that words can vote for, a column of votes each. In a tie the first wins. "und" is any other language.
ARABIC_SCRIPT = ("ar", "fa", "ur", "pnb", "sd", "ps", "ckb", "ug", "und")
LATIN_SCRIPT = ("en", "fr")
LANGUAGES = ARABIC_SCRIPT + LATIN_SCRIPT

_SHARED = "ابتجخدرزسشغفقلمنو"  # the letters of all of them
_KEYBOARD = {"ی": "يى", "ک": "ك"}  # letters of a Persian keyboard for Arabic ones
_BORROWED = "گچپڤڨژڭ"  # in use for the g, ch, p, v and zh of Iraq, the Gulf, Egypt and the Maghreb
_BORROWED_SHARE = 30  # of 10,000 Arabic letters, of each
_ARABIC = _SHARED + "ءآأؤئثحذصضطظع"
_URDU = _ARABIC + "پٹچڈڑژکگںہۂۃھیےۓك"

# The letters that a language is written with; also ي and ك for ی and ک, and the reverse, where keyboards gave them.
ALPHABETS = {
    "ar": _ARABIC + "إةكهىيٱ" + _BORROWED + "".join(_KEYBOARD),
    "fa": _ARABIC + "پچژکگهیۀكي",
    "ur": _URDU,
    "pnb": _URDU + "ݨ",
    "sd": _ARABIC + "ٻڀٿٽٺپڄڃچڇڌڏڊڍڙڦڪکگڳڱڻهھي۾۽",
    "ps": _ARABIC + "پټځچڅډړږژښکګڼهۀيېیۍىك",
    "ckb": _SHARED + "ئپچحڕژعڤکگڵهەھۆیێۊكي",
    "ug": _SHARED + "ئەپچژكگڭھۇۆۈۋېىي",
}

# Frequent words of at most 6 letters that tell a language from its neighbours; some are listed for several.
WORDS = {
    "ar": "في من على إلى الى عن أن إن هذا هذه ذلك تلك التي الذي الذين كان كانت لا لم لن ما هو هي هم قد ليس نحن كيف"
    " فقط كل بعد قبل بين حيث عند مع أو ثم غير أي منها فيها عليه له لها به بها فيه وقد كما لقد وفي ومن وعلى"
    " وهو وهي ولا وأن وإن قال الله هل يمكن تم عليك بن ابن عبد ان انه اذا او يا د اللي ده دي مش ديال هاد شي فى"
    " اللى بس لو باش دى لي لك ممكن انا انت انتي احنا إذا أنا أنت أنه إنه إنها حتى هناك هنا عندما أكثر مثل لكن"
    " يكون تكون يجب منه عنه عنها وقال قالت فقال قلت كنت أريد يعني لما عشان علشان الي يلا والله ليه ليك ليها"
    " ليهم وين وش ايش شنو شلون شو ليش كده كدا كمان عايز عاوز حاجة دابا ديالك ديالي ديالها بزاف واش علاش كاين"
    " كاينة غادي مزيان راح زي ناس اني انو احد اوي قوي طيب خلاص دلوقتي بتاع بتاعي اكتر كتير هسه هسة اكو ماكو"
    " هيج هواي شوية كثير صار معه معاه معايا عندي عنده عندك عندنا بدي هيك هون كيفك توا هلق يبي ابغى ابي مره"
    " جدا اللهم يارب صلى وسلم أبي أبو رسول محمد أحد دون بعض ايه جاي تاني تانى احلى حلو اهو دول كنا كانوا فين"
    " عليهم عليها عليكم لكم منك لسه برضه ازاي امتى مين والا ياريت وانا وانت انها دا گال گلت گلي اگول يگول"
    " تگول شگد چان چنت چذي احچي يحچي باچر اگدر يگدر تگدر گاع ڭاع گدام فوگ وياك وياه",
    "fa": "که از به در را این است با برای آن های می شود شده کند کرد کرده هم خود تا یک بر شما نیست باید نمی باشد ها"
    " یا اگر هر دو دی كه اين براي هاي مي يك شد بود دارد داده روی کنید کنند کنم هستند هستم دیگر چه تواند شوند"
    " اند آنها همه دهد نیز خواهد تنها خیلی بسیار بیشتر یکی دارم دارند داشت بین وقتی چرا همین اینکه امروز ولی"
    " من تو او ما بی پس نه بوده گفت آقای آیا هایی هستی هنگام انجام دست برنامه دوست خانه بزرگ دوباره هرگز چیزی"
    " شدن مانند ندارد گرفته داشته همچنان درباره زبان فقط میان سپس جهان کار گروه آب هیچ کسی زیر پیش ایران سوی"
    " خوب مرد زن چون زندگی مردم کشور دولت نشان بخش پدر مادر",
    "ur": "کے کی میں ہے سے کو کا ہیں نے اور یہ پر کر ہو نہیں اس ایک کیا بھی جو تو گیا کریں لیے ہوا جا رہا رہے آپ کہ"
    " وہ كے کرنے كو ہم ہی لئے جس ساتھ دیا جب تھا اسے تھے کچھ پھر كی کرتے کہا جائے ہوں ہر انہیں تھی اسی كا دیں"
    " لیکن کام بہت سکتے مگر یہاں میرے ہمارے كریں ایك ہوتا ہوتی ہوگا مجھے آج والے والا والی گئے گئی دی لیا"
    " سکتا سکتی چاہیے یعنی بعد کوئی کئی اگر ان ہمیں تک پہلے دن لوگ",
    "pnb": "دے دی دا نوں وچ تے نیں ایہہ ایہ اے سی توں نال جے کیتا تاں نئیں اوہ تہاڈے ہور لئی ناں تسیں اک چ ایس کرو"
    " وی فیر دیاں دتا کسے دتی تسی ہووے اوس نہیں جدوں ایتھے کم",
    "sd": "جي جو جا ۾ ۽ آهي کي تي کان آهن ته سان ڪري هي اهو هن اوهان جنهن لاء ڪريو ٿو ڪرڻ توهان توھان ٿا ٿي آھي وڃي"
    " واري ويو آھن ڪنھن ھن ھي هڪ ئي سگهي جيڪي جيڪو وڌيڪ ٻين پنھنجي انهن جڏهن ڪو ٿيو هئا هيو مان صفحي صفحو"
    " تائين وارو نموني ناهي هجي ڏيو ٻيو پر ڀي اڳ گهڻو سڀ هئي هو ھو وٽ مٿي هيٺ نئين ڄڻ اسان پوء ويندو ڏئي ڪئي",
    "ps": "د په چې ته او کې دي دی نه سره له شي کړئ تاسو کول دا يا لپاره شوی شو دې پر څخه وي لري پورې يو هغه تاسې"
    " شوي شوې يې یې يوه وکړئ خپل توګه ستاسې نو کړی شئ ډول ستاسو بايد کړي بیا شوه يوې وخت کوي خو موږ څه هغې"
    " ځکه باندې ټول کله دلته زما دوه وو وه نشي لاندې نورو خبرو ځان کسان خلک خلکو هم وروسته ورته ډېر ډیر چا"
    " کوی کېږي لکه نن پوري کال کلونو مهال دوی دوي",
    "ckb": "لە بە بۆ ئەم ئەو کە لەگەڵ دەکات هەیە نییە یان ئه وه یه ی لەسەر تۆ لەم هەر هەموو وەک لەو زۆر خۆی بێت سەر"
    " ئەمە دوای بوو ناو چەند دوو یەک بەم وا تەنها ئەوە پێ بەو من هیچ نیە دەبێت بۆی بەڵام نەک ئێمە ئەوان لێ چی"
    " هەبوو بووە کرد کردن کات کاتی ڕۆژ ساڵ دەبێ ناکات لای",
    "ug": "ۋە بىلەن ئۈچۈن بۇ بىر ياكى قىلىش نى يوق نىڭ سىز يېڭى ئەڭ باشقا ھەممە ئۆز ئەمەس بولغان كۆپ چوڭ ئۇنى ئۇ"
    " ئەمما كېرەك ئىككى ئۇنىڭ ھەم مەن دەپ كېيىن يەنە بولىدۇ كۈن يىل يول چۈنكى ئانداق قانداق سەن بىز ئۇلار شۇ"
    " مەلۇم ئاندىن قىلىپ دۇنيا كىشى",
    "en": "the of and to that is with this for from which are have by it be or you your was not can will if has"
    " when an on as at their they been all should must these any only there",
    "fr": "les des et est une dans pour qui sur pas du le cette ce vous votre au aux avec ou par ne ont il à sont"
    " être nous elle leur comme ses cet peut tous doit",
}

# How many of 10,000 letters of a language each letter is, as tests/benchmarks/letter_frequencies.py counts them; those
# of one or less are left out. Punjabi (pnb) is written with Urdu's.
FREQUENCIES = {
    "ar": "ا1470 ل1152 م699 ي690 ت607 ن419 ر418 و391 د365 ة338 ع333 ب291 ف273 س250 ح241 ق201 ه197 ك193 أ181"
    " خ151 ج147 ص135 ط118 إ111 ذ101 ى79 ش76 ض68 ز59 غ57 ث55 ئ44 ظ36 ء34 آ10 ؤ9",
    "fa": "ا1507 ی1090 ر827 د775 ن718 ه672 م498 ت494 و473 ب427 ک319 س306 ش276 ز200 ل191 ف171 گ129 خ125 پ104 ج99"
    " ع95 ح83 ق79 ص76 ط64 آ53 چ31 ذ26 غ22 ظ20 ض19 ث9 ژ7 ئ6 أ3 ي2 ء2",
    "ur": "ا1082 ی1055 ر667 و527 ے495 ن487 ک470 م441 ہ435 ت391 س368 ل366 ك304 ں281 د248 ب232 پ221 ف172 ئ159"
    " ج158 ٹ148 گ107 ص102 ھ102 ح98 ع97 خ91 آ86 ش86 ق84 ڈ76 ز73 چ58 ط51 ظ35 ذ35 غ22 ض22 ڑ20 ث19 ؤ11 ء4 ژ4 ۃ3 أ3 ۂ3",
    "sd": "ي1282 ا1089 و903 ن898 ر617 ل440 ڪ390 ج330 ت307 س300 ه289 م271 د187 پ167 ئ165 ف140 ڻ137 ٽ135 ب134"
    " گ131 ک121 ھ120 ء101 ش93 ٿ89 آ84 ڊ84 چ81 ڏ76 ع73 ح69 ۾68 ڙ67 ق67 ص60 ڳ49 ز41 خ39 ط33 ڌ33 ۽32 ڍ30 ظ25 ٻ24"
    " ڇ21 ڀ20 ڃ15 ٺ15 ث12 ڄ9 غ9 ض9 ذ7 ڱ5 ڦ5",
    "ps": "و1242 ا832 ه729 ن690 ل636 د608 ې572 ر541 ي536 ک484 ت418 م327 پ306 س295 ب192 ړ181 ی176 خ166 ش152 چ116"
    " ښ100 ټ84 غ81 ئ68 ځ67 ز67 ډ57 ږ42 ۍ42 څ41 ڼ31 ج27 ګ18 ژ14 ح11 ف11 ع8 ص7 ط7 آ5 ق3 ث2 ظ2",
    "ckb": "ە1626 ا926 ی840 ن682 و658 ر612 ک576 ت526 ب465 د400 ێ364 ه235 س228 پ206 ڕ202 ۆ188 م179 ل175 گ150"
    " ئ141 ش114 ڵ91 چ70 ز66 خ65 ھ52 ژ44 ج36 ف18 ق18 ڤ10 ك9 غ8 ح8 ع7 ي4",
    "ug": "ى1631 ا781 ە643 ل604 ن588 ت549 ر451 ۇ373 ك354 ئ339 ق317 س315 م307 د295 ش236 ب223 ي202 و191 ۈ191 ز174"
    " چ154 ڭ152 ې147 ۆ127 گ124 غ124 پ122 ۋ84 ھ81 خ63 ج50 ف8",
}


def bit(language: str) -> int:
    """Returns the bit that stands for a language in the tables."""
    return 1 << LANGUAGES.index(language)


def hash_word(word: str) -> int:
    """Returns the hash of a word, given in lower case and without marks.

    For each code point c, h = (h ^ c) * HASH_MULTIPLIER mod 2^64.
    """
    value = kernels.HASH_SEED
    for character in word:
        value = (value ^ ord(character)) * kernels.HASH_MULTIPLIER % (1 << 64)
    return value


def letter_table() -> NDArray[np.uint32]:
    """Returns uint32[384], the letter table of `kernels`, for the Arabic block and its supplement.

    Syriac, which lies between them, has no letters.
    """
    table = np.zeros(kernels.LAST - kernels.FIRST + 1, np.uint32)
    table[mask(LETTERS)[kernels.FIRST : kernels.LAST + 1]] = kernels.LETTER
    table[[ord(sign) - kernels.FIRST for sign in "۽۾"]] = kernels.LETTER
    table[0x700 - kernels.FIRST : 0x750 - kernels.FIRST] = 0
    table[mask(PASSED_OVER)[kernels.FIRST : kernels.LAST + 1]] = kernels.MARK
    for language, letters in ALPHABETS.items():
        for letter in set(letters):
            table[ord(letter) - kernels.FIRST] |= np.uint32(bit(language))
    return table


def surprise_table() -> NDArray[np.uint64]:
    """Returns uint64[384 * SCORED / 2], the surprise table of `kernels`; 0 for what is no letter.

    The columns are Arabic, Arabic that is typed with a Persian keyboard, and the others of FREQUENCIES in their order.

    A letter is taken to be at least one of 10,000 in a language, and a borrowed one at least _BORROWED_SHARE in Arabic.
    """
    letters = np.flatnonzero(letter_table() & kernels.LETTER)
    share = np.ones((kernels.LAST - kernels.FIRST + 1, kernels.SCORED))
    share[[ord(letter) - kernels.FIRST for letter in _BORROWED], 0] = _BORROWED_SHARE
    for column, row in enumerate(FREQUENCIES.values()):
        for entry in row.split():
            share[ord(entry[0]) - kernels.FIRST, column + (column > 0)] = int(entry[1:])
    share[:, 1] = share[:, 0]
    for letter, replaced in _KEYBOARD.items():
        places = [ord(each) - kernels.FIRST for each in replaced]
        share[ord(letter) - kernels.FIRST, 1] = share[places, 0].sum()
        share[places, 1] = 1
    table = np.zeros(share.shape, np.uint64)
    table[letters] = np.rint(-1000 * np.log(share[letters] / 10_000))
    return (table[:, 0::2] | table[:, 1::2] << np.uint64(32)).ravel()


def word_table() -> tuple[NDArray[np.uint64], NDArray[np.uint32]]:
    """Returns uint64[4096] and uint32[4096], the hashes and the languages of the word table of `kernels`."""
    slots = 1 << kernels.SLOT_BITS
    hashes, languages = np.zeros(slots, np.uint64), np.zeros(slots, np.uint32)
    for language, words in WORDS.items():
        for value in map(hash_word, words.split()):
            slot = value >> (64 - kernels.SLOT_BITS)
            while hashes[slot] not in (0, value):
                slot = (slot + 1) % slots
            hashes[slot] = value
            languages[slot] |= np.uint32(bit(language))
    return hashes, languages


# The languages that langdetect is asked about, by script, in the order they are loaded in. Arabic script is not left to
# it: short text makes it sure of the wrong language.
PROFILED = {
    script: tuple(codes.split())
    for script, codes in {
        "latin": "af ca cs cy da de en es et fi fr hr hu id it lt lv nl no pl pt ro sk sl so sq sv sw tl tr vi",
        "other": "bg bn el gu he hi ja kn ko mk ml mr ne pa ru ta te th uk zh",
    }.items()
}
LONGEST = 500  # characters given to langdetect
_TRIALS = 3  # of 7 that langdetect makes by default to even out its random choice of n-grams

FILES = {"zh": ("zh-cn", "zh-tw")}
_ADDRESS = re.compile(r"(?i:www\.)[^\x00-\x20\xa0]*|[^\x00-\x20\xa0]*(?:@|://)[^\x00-\x20\xa0]*")
# Characters that langdetect is not given.
_LEFT_OUT = {
    "latin": re.compile(r"[^\u0000-\u024f\u1e00-\u1eff]+"),
    "other": re.compile(r"[\u0000-\u024f\u0600-\u077f\u1e00-\u1eff]+"),
}
_LOCK = Lock()


def guess(text: str, script: str) -> tuple[str, float]:
    """Returns the likeliest language and its probability; ("und", 0.0) if the text has nothing to go by.

    The same arguments give the same answer in every thread and process.

    Args:
        text: its first LONGEST characters are read, addresses and other scripts left out.
        script: a key of PROFILED; the answer is one of its languages.
    """
    text = unicodedata.normalize("NFKC", _ADDRESS.sub(" ", text))
    detector = _factory(script).create()
    detector.n_trial = _TRIALS
    detector.append(_LEFT_OUT[script].sub(" ", text)[:LONGEST])
    try:
        best = max(detector.get_probabilities(), key=lambda each: each.prob, default=None)
    except LangDetectException:
        return "und", 0.0
    return (best.lang.split("-")[0], best.prob) if best else ("und", 0.0)


def _factory(script: str) -> Any:
    """Returns the factory of a script; threads load it once."""
    with _LOCK:
        return _load(script)


@cache
def _load(script: str) -> Any:
    """Returns a detector factory of a script's languages; langdetect's global factory and seed are not touched."""
    folder = Path(detector_factory.PROFILES_DIRECTORY)
    names = [name for language in PROFILED[script] for name in FILES.get(language, (language,))]
    factory = detector_factory.DetectorFactory()
    factory.load_json_profile([(folder / name).read_text(encoding="utf-8") for name in names])
    factory.set_seed(0)
    return factory
