"""Patterns of personal data, each with the arithmetic that its numbers must pass."""

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass

VOWELS_OF_DNI = "TRWAGMYFPDXBNJZSQVHLCKE"
ISSUERS = {  # first digits of a card by its length; ISO/IEC 7812, the ranges that are issued
    13: ("4",),
    14: ("30", "36", "38"),
    15: ("34", "37"),
    16: ("4", "51", "52", "53", "54", "55", "22", "23", "24", "25", "26", "27", "35", "6"),
}
PHONE_DIGITS = range(9, 16)  # ITU-T E.164: at most 15


@dataclass(frozen=True)
class Pattern:
    """One kind of personal data. tag: its placeholder; hint: what texts with one contain; holds: if a match is one."""

    kind: str
    tag: str
    regex: re.Pattern[str]
    hint: str
    holds: Callable[[str], bool]


def luhn(digits: str) -> bool:
    """Whether the last digit checks the others; ISO/IEC 7812-1, annex B.

    >>> luhn("4111111111111111"), luhn("4111111111111112")
    (True, False)
    """
    doubled = [int(d) * (1 + place % 2) for place, d in enumerate(reversed(digits))]
    return sum(d - 9 if d > 9 else d for d in doubled) % 10 == 0


def iban(text: str) -> bool:
    """Whether the two check digits hold; ISO 13616-1, ISO 7064 MOD 97-10.

    >>> iban("GB82 WEST 1234 5698 7654 32"), iban("GB83 WEST 1234 5698 7654 32")
    (True, False)
    """
    bare = re.sub(r"[\s-]", "", text).upper()
    number = "".join(str(int(each, 36)) for each in bare[4:] + bare[:4])
    return 15 <= len(bare) <= 34 and int(number) % 97 == 1


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)


def _card(text: str) -> bool:
    digits = _digits(text)
    issued = digits.startswith(ISSUERS.get(len(digits), ("4", "6")))
    return issued and len(set(digits)) > 1 and luhn(digits)


def _phone(text: str) -> bool:
    digits = _digits(text)
    dated = re.fullmatch(r"\(?(19|20)\d\d[-./ ]\d\d?[-./ ]\d\d?.*", text)  # 2021-03-04 1200
    return len(digits) in PHONE_DIGITS and len(set(digits)) > 2 and not dated


def _address(text: str) -> bool:
    if "." in text:
        text = text.partition(":")[0]  # what follows is a port
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return False
    groups = [group for group in text.split(":") if group]
    if found.version == 6 and (len(groups) < 2 or (len(groups) == 2 and len(groups[0]) < 4) or text.isalpha()):
        return False  # "be::" and the like, as markup has them
    return not (found.is_unspecified or found.is_loopback)


def _social_security(text: str) -> bool:
    area, group, serial = (int(part) for part in re.split(r"[- ]", text))
    return area not in (0, 666) and area < 900 and group > 0 and serial > 0


def _dni(text: str) -> bool:
    bare = re.sub(r"[\s-]", "", text).upper()
    number = int(bare[:-1].translate(str.maketrans("XYZ", "012")))
    return VOWELS_OF_DNI[number % 23] == bare[-1]


def _nir(text: str) -> bool:
    bare = re.sub(r"\s", "", text).upper().replace("2A", "19").replace("2B", "18")
    return 97 - int(bare[:13]) % 97 == int(bare[13:])


def _fiscal(text: str) -> bool:
    """Odd and even places count differently; Italian decree of 23 December 1976, tables A to C."""
    odd = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23]
    code = text.upper()
    places = [int(c) if c.isdigit() else ord(c) - ord("A") for c in code]
    total = sum(odd[value] if place % 2 == 0 else value for place, value in enumerate(places[:15]))
    return total % 26 == places[15]


def _always(_: str) -> bool:
    return True


def _kind(
    kind: str,
    tag: str,
    core: str,
    holds: Callable[[str], bool] = _always,
    *,
    around: tuple[str, str] = (r"\w.-", r"\w"),
    hint: str = "",
) -> Pattern:
    """around: characters that may not stand right before and after. hint: quicker to look for than the core."""
    before, after = around
    whole = f"(?<![{before}]){core}(?![{after}])"
    return Pattern(kind, tag, re.compile(whole, re.IGNORECASE), f"(?i){hint or core}", holds)


ID = ("national id", "[NATIONAL_ID]")
WORD, NUMBER = (r"\w", r"\w"), (r"\w.-", r"\w-")
AT, DOT = (rf"(?: {word} |\s?[(\[]{word}[)\]]\s?)" for word in ("at", "dot"))
NUMBERED = "".join(f"(?<!{word} )" for word in ("section", "chapter", "version", "clause", "release"))
PATTERNS = (  # the first that matches a place has it: a card is no phone
    _kind(
        "e-mail",
        "[EMAIL]",
        r"[\w.+%'-]{1,64}@(?:[a-z0-9](?:[a-z0-9-]{0,62})\.)+[a-z]{2,24}",
        around=(r"\w.+-", r"\w-"),
        hint="@",
    ),
    _kind(
        "e-mail",
        "[EMAIL]",
        rf"[\w.+'-]{{1,64}}{AT}[\w-]+(?:(?:{DOT}|\.)[\w-]+)*{DOT}[a-z]{{2,24}}",
        hint=r"(?: |[(\[])dot(?: |[)\]])",
    ),
    _kind("IBAN", "[IBAN]", r"[a-z]{2}\d{2}(?:[ -]?[a-z0-9]{4}){2,7}(?:[ -]?[a-z0-9]{1,4})?", iban, around=WORD),
    _kind("card", "[CARD]", r"\d(?:[ -]?\d){12,18}", _card),
    _kind(*ID, r"[12]\s?\d{2}\s?\d{2}\s?(?:\d{2}|2[ab])\s?\d{3}\s?\d{3}\s?\d{2}", _nir),
    _kind(*ID, r"\d{3}[- ]\d{2}[- ]\d{4}", _social_security, around=NUMBER),
    _kind(*ID, r"[a-ceghj-pr-tw-z][a-ceghj-npr-tw-z] ?\d{2} ?\d{2} ?\d{2} ?[a-d]", around=WORD),
    _kind(*ID, r"(?:\d{8}|[xyz]\d{7})-?[a-z]", _dni, around=WORD),
    _kind(*ID, r"[a-z]{6}\d{2}[a-ehlmprst]\d{2}[a-z]\d{3}[a-z]", _fiscal, around=WORD),
    _kind(
        "IP address",
        "[IP]",
        rf"{NUMBERED}(?:\d{{1,3}}\.){{3}}\d{{1,3}}(?::\d{{1,5}})?",
        _address,
        around=(r"\w.", r"\w:"),
        hint=r"(?:\d{1,3}\.){3}\d",
    ),
    _kind("IP address", "[IP]", r"(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4}", _address, around=(r"\w.:", r"\w:")),
    _kind(
        "phone",
        "[PHONE]",
        r"(?:\+|00)[1-9]\d{0,2}[ ./-]?(?:\(0\)|\(\d{1,4}\))?(?:[ ./-]?\d){6,12}",
        _phone,
        around=(r"\w.", r"\w"),
    ),
    _kind("phone", "[PHONE]", r"\(?0\d{2,5}\)?(?:[ ./-]?\d){5,8}", _phone, around=NUMBER),
    _kind("phone", "[PHONE]", r"0\d(?:[ .-]\d\d){4}", _phone, around=NUMBER),
    _kind("phone", "[PHONE]", r"(?:1[ .-])?\(?[2-9]\d{2}\)?[ .-]?\d{3}[ .-]\d{4}", _phone, around=NUMBER),
)


def found_in(text: str) -> list[tuple[Pattern, int, int]]:
    """Each piece of personal data in a text, as its pattern, start and end, in order; none overlap.

    >>> [(pattern.kind, start, end) for pattern, start, end in found_in("ann@example.org, +44 20 7946 0958")]
    [('e-mail', 0, 15), ('phone', 17, 33)]
    """
    taken: list[tuple[Pattern, int, int]] = []
    for pattern in PATTERNS:
        for match in pattern.regex.finditer(text):
            start, end = match.span()
            if pattern.holds(match[0]) and all(end <= a or start >= b for _, a, b in taken):
                taken.append((pattern, start, end))
    return sorted(taken, key=lambda each: each[1])


def redacted(text: str) -> str:
    """The text with a typed placeholder for each piece of personal data that the patterns know.

    >>> redacted("Call +44 20 7946 0958, or ann@example.org.")
    'Call [PHONE], or [EMAIL].'
    """
    written, end = [], 0
    for pattern, start, stop in found_in(text):
        written += [text[end:start], pattern.tag]
        end = stop
    return "".join([*written, text[end:]])
