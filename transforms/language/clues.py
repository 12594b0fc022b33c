"""The clues to a language, its alphabet and its frequent words, and their tables for the kernels."""

import unicodedata

import numpy as np
from numpy.typing import NDArray

from transforms.language import kernels

# The languages that words can vote for, a column of votes each. In a tie the first wins. "und" is any other language.
ARABIC_SCRIPT = ("ar", "fa", "ur", "pnb", "sd", "ps", "ckb", "ug", "und")
LATIN_SCRIPT = ("en", "fr")
LANGUAGES = ARABIC_SCRIPT + LATIN_SCRIPT

_SHARED = "ابتجخدرزسشغفقلمنو"  # the letters of all of them
_ARABIC = _SHARED + "ءآأؤئثحذصضطظع"
_URDU = _ARABIC + "پٹچڈڑژکگںہۂۃھیےۓ"

# The letters that a language is written with; also ي and ك where older keyboards gave them for ی and ک.
ALPHABETS = {
    "ar": _ARABIC + "إةكهىيٱ",
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
    "ar": "في من على إلى الى عن أن إن هذا هذه ذلك تلك التي الذي الذين كان كانت لا لم لن ما هو هي هم قد ليس نحن كيف فقط"
    " كل بعد قبل بين حيث عند مع أو ثم غير أي منها فيها عليه له لها به بها فيه وقد كما لقد وفي ومن وعلى وهو وهي ولا وأن"
    " وإن قال الله هل يمكن تم عليك بن ابن عبد ان انه اذا او يا د اللي ده دي مش ديال هاد شي",
    "fa": "که از به در را این است با برای آن های می شود شده کند کرد کرده هم خود تا یک بر شما نیست باید نمی باشد ها یا"
    " اگر هر دو دی كه اين براي هاي مي يك",
    "ur": "کے کی میں ہے سے کو کا ہیں نے اور یہ پر کر ہو نہیں اس ایک کیا بھی جو تو گیا کریں لیے ہوا جا رہا رہے آپ",
    "pnb": "دے دی دا نوں وچ تے نیں ایہہ ایہ اے سی توں نال جے کیتا تاں نئیں اوہ تہاڈے ہور",
    "sd": "جي جو جا ۾ ۽ آهي کي تي کان آهن ته سان ڪري هي اهو هن اوهان جنهن",
    "ps": "د په چې ته او کې دي دی نه سره له شي کړئ تاسو کول دا يا لپاره شوی شو دې پر څخه وي لري پورې",
    "ckb": "لە بە بۆ ئەم ئەو کە لەگەڵ دەکات هەیە نییە یان ئه وه یه",
    "ug": "ۋە بىلەن ئۈچۈن بۇ بىر ياكى قىلىش",
    "en": "the of and to that is with this for from which are have by it be or you your was not can will if has when an"
    " on as at their they been all should must these any only there",
    "fr": "les des et est une dans pour qui sur pas du le cette ce vous votre au aux avec ou par ne ont il à sont être"
    " nous elle leur comme ses cet peut tous doit",
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

    Syriac, which lies between them, has no entries.
    """
    table = np.zeros(kernels.LAST - kernels.FIRST + 1, np.uint32)
    for point in (*range(kernels.FIRST, 0x700), *range(0x750, kernels.LAST + 1)):
        category = unicodedata.category(chr(point))
        if category in ("Mn", "Lm"):
            table[point - kernels.FIRST] = kernels.MARK
        elif category == "Lo" or chr(point) in "۽۾":
            table[point - kernels.FIRST] = kernels.LETTER
    for language, letters in ALPHABETS.items():
        for letter in set(letters):
            table[ord(letter) - kernels.FIRST] |= np.uint32(bit(language))
    return table


def word_table() -> tuple[NDArray[np.uint64], NDArray[np.uint32]]:
    """Returns uint64[1024] and uint32[1024], the hashes and the languages of the word table of `kernels`."""
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
