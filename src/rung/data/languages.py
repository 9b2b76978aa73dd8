"""Which language texts are written in, as far as letters and the commonest words tell."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

# ISO 639 codes by the first word of Unicode's name of a letter; Latin ones are told apart by words.
ALPHABETS = {
    "ARABIC": "ar fa ur ps sd ug",
    "ARMENIAN": "hy",
    "BENGALI": "bn as",
    "CJK": "zh ja",
    "CYRILLIC": "ru uk bg sr be mk kk ky mn tg tt",
    "DEVANAGARI": "hi mr ne sa",
    "ETHIOPIC": "am",
    "GEORGIAN": "ka",
    "GREEK": "el",
    "GUJARATI": "gu",
    "GURMUKHI": "pa",
    "HANGUL": "ko",
    "HEBREW": "he yi",
    "HIRAGANA": "ja",
    "KANNADA": "kn",
    "KATAKANA": "ja",
    "KHMER": "km",
    "LAO": "lo",
    "LATIN": "",
    "MALAYALAM": "ml",
    "MYANMAR": "my",
    "ORIYA": "or",
    "SINHALA": "si",
    "TAMIL": "ta",
    "TELUGU": "te",
    "THAI": "th",
    "TIBETAN": "bo",
}
# Words that hold sentences together; none that is common in English stands in another language's list.
COMMON = {
    "en": "the of and to is in that it you for was with are this have be on my what how not i a",
    "cs": "je na se že jsem jsou není jak ale jako po pro ve od co už",
    "da": "og det er jeg ikke på en til med af den har som et vi de kan",
    "de": "der das und ist nicht ein eine ich mit zu auf für von den dem sich auch wie wird oder im zum einen sie es",
    "es": "el los las una y es que por con para del se su como más pero está lo muy mi la de en",
    "fi": "ja ei että se oli ole hän ovat mutta niin kun tämä kuin myös minun olen",
    "fr": "le les des est une et je vous pas pour dans que qui sur avec ce il elle nous mais du la de mon",
    "hu": "az és nem hogy egy van ez meg csak volt ha már de",
    "id": "yang dan di ini itu dengan untuk tidak dari dalam akan pada saya ada",
    "it": "il di che è una per non sono con della gli più ma mi le la si del come anche ho",
    "nl": "het een en van ik niet dat op te zijn voor met maar je de er aan ook wordt",
    "no": "og det er jeg ikke på en til med av den har som et vi de kan",
    "pl": "nie się jest w z na że jak ale co po za od czy tak są",
    "pt": "os uma não é que e com para um por mais em da na ao mas você muito se eu",
    "ro": "și nu este că cu pe din pentru mai sunt care o un la să",
    "sv": "och att det är som en på jag inte med för den av ett har till",
    "tr": "bir ve bu da için çok ne ile değil daha olarak ama gibi var ben",
    "vi": "và là của không có cho này được một với người tôi các những",
}
NAMES = {
    "ar": "Arabic", "cs": "Czech", "da": "Danish", "de": "German", "el": "Greek", "en": "English", "es": "Spanish",
    "fi": "Finnish", "fr": "French", "he": "Hebrew", "hi": "Hindi", "hu": "Hungarian", "id": "Indonesian",
    "it": "Italian", "ja": "Japanese", "ko": "Korean", "nl": "Dutch", "no": "Norwegian", "pl": "Polish",
    "pt": "Portuguese", "ro": "Romanian", "ru": "Russian", "sv": "Swedish", "th": "Thai", "tr": "Turkish",
    "vi": "Vietnamese", "zh": "Chinese",
}  # fmt: skip
WORD = re.compile(r"[^\W\d_]+")
MOST = 1000  # texts looked at
CHARACTERS = 2000  # of each
FEWEST = 30  # words below which nothing is said of a language
COMMON_ENOUGH = 0.12  # of all words: English has two to three times as much of its own
DIFFERENT = 4  # common words of a language that must be there: one that stands in each row is a name
LETTERS = 10  # of another alphabet, from which a text is not of the usual one
FOREIGN = 0.25  # of a text's words that are common in another language
KANA = 0.05  # of the letters, from which signs shared with Chinese are Japanese


@dataclass(frozen=True)
class Written:
    """What texts seem to be written in: ISO 639 codes, any of which it may be, and what gave that away."""

    languages: tuple[str, ...]
    sign: str

    @property
    def name(self) -> str:
        """The language in English words, or the codes that it may be."""
        return NAMES.get(self.languages[0], self.languages[0]) if len(self.languages) == 1 else self.sign


def written(texts: Sequence[str]) -> Written | None:
    """Guess the language of most of the texts; None where letters and words don't tell.

    Other alphabets are told by their letters, languages in Latin letters by their commonest words: those of one
    language, four of them at least, must make up 12 % of all words, and twice as many as those of English.

    >>> written(["Wo ist das Buch, das ich dir für den Kurs gegeben habe?"] * 5).name
    'German'
    >>> written(["你好世界"] * 10).languages
    ('zh',)
    >>> written(["A-17", "B-3"]) is None
    True
    """
    step = max(1, len(texts) // MOST)
    words = Counter(word.lower() for text in texts[::step][:MOST] for word in WORD.findall(text[:CHARACTERS]))
    alphabets = _alphabets(words)
    total = sum(alphabets.values())
    if words.total() < FEWEST and alphabets["LATIN"] * 2 >= total:
        return None
    most = max(alphabets, key=alphabets.__getitem__, default="")
    if not most or alphabets[most] * 2 < total:
        return None
    if most == "LATIN":
        return _by_words(words)
    kana = alphabets["HIRAGANA"] + alphabets["KATAKANA"]
    codes = ALPHABETS[most].split() if most != "CJK" else ["ja" if kana > KANA * total else "zh"]
    return Written(tuple(codes), f"{most.title()} letters" if most != "CJK" else "Chinese signs")


def _alphabets(words: Counter[str]) -> Counter[str]:
    """How many letters there are of each alphabet."""
    letters: Counter[str] = Counter()
    for word, count in words.items():
        for letter in word:
            letters[letter] += count
    found: Counter[str] = Counter()
    for letter, count in letters.items():
        if (name := _alphabet(letter)) in ALPHABETS:
            found[name] += count
    return found


@cache
def _alphabet(letter: str) -> str:
    return unicodedata.name(letter, "").partition(" ")[0]


def _by_words(words: Counter[str]) -> Written | None:
    total = words.total()
    shares = {code: _share(words, common.split(), total) for code, common in COMMON.items()}
    best = max(shares, key=shares.__getitem__)
    there = sum(word in words for word in COMMON[best].split())
    if there < DIFFERENT or shares[best] < COMMON_ENOUGH or (best != "en" and shares[best] < 2 * shares["en"]):
        return None
    return Written((best,), f"{shares[best]:.0%} of the words are {NAMES[best]} ones like {_few(words, best)}")


def _share(words: Counter[str], common: Iterable[str], total: int) -> float:
    return sum(words[word] for word in common) / total


def _few(words: Counter[str], code: str) -> str:
    """The two of a language's common words that stand most often."""
    two = sorted(COMMON[code].split(), key=lambda word: -words[word])[:2]
    return " and ".join(repr(word) for word in two)


@dataclass(frozen=True)
class Stranger:
    """A text by its place, and the name of the language or alphabet that it seems to be in."""

    place: int
    name: str


def strangers(texts: Sequence[str]) -> list[Stranger]:
    """Texts in another language than most of them, as far as letters and common words tell; none where most don't say.

    A text is one where over half of its letters, ten at least, are of another alphabet; or where a quarter of its
    words, four different ones at least, are common in another language, and three times as many as in that of most.

    >>> [each.name for each in strangers(["The cat is on the mat, and not for you."] * 9 + ["Я вас любил: любовь"])]
    ['Cyrillic']
    """
    usual = written(texts)
    if usual is None:
        return []
    main = _main_alphabet(usual)
    found = _by_letters(texts, main)
    if main == "LATIN":
        taken = {each.place for each in found}
        found += [each for each in _by_common_words(texts, usual.languages[0]) if each.place not in taken]
    return sorted(found, key=lambda each: each.place)


def _main_alphabet(usual: Written) -> str:
    if usual.sign.endswith(" letters"):
        return usual.sign.removesuffix(" letters").upper()
    return "CJK" if usual.sign == "Chinese signs" else "LATIN"


def _by_letters(texts: Sequence[str], main: str) -> list[Stranger]:
    own = {main, "HIRAGANA", "KATAKANA", "CJK"} if main in ("CJK", "HIRAGANA", "KATAKANA") else {main}
    found = []
    for place, text in enumerate(texts):
        if main == "LATIN" and text.isascii():
            continue
        counts = Counter(_alphabet(letter) for letter in text[:CHARACTERS] if letter.isalpha())
        other = {name: n for name, n in counts.items() if name in ALPHABETS and name not in own}
        if sum(other.values()) >= LETTERS and 2 * sum(other.values()) > counts.total():
            found.append(Stranger(place, max(other, key=other.__getitem__).title()))
    return found


def _by_common_words(texts: Sequence[str], usual: str) -> list[Stranger]:
    own = set(COMMON[usual].split())
    # A word of two languages counts for both; one of the usual language for none of the others.
    of_word: dict[str, list[str]] = {}
    for code, common in COMMON.items():
        for word in common.split() if code != usual else ():
            if word not in own:
                of_word.setdefault(word, []).append(code)
    found = []
    for place, text in enumerate(texts):
        words = WORD.findall(text[:CHARACTERS].lower())
        hits = [word for word in words if word in of_word]
        if len(hits) < DIFFERENT or len(hits) < FOREIGN * len(words):
            continue
        codes = Counter(code for word in hits for code in of_word[word])
        code, count = codes.most_common(1)[0]
        different = len({word for word in hits if code in of_word[word]})
        mine = sum(word in own for word in words)
        if different >= DIFFERENT and count >= FOREIGN * len(words) and count >= 3 * mine:
            found.append(Stranger(place, NAMES[code]))
    return found
