"""Text that was written in one encoding and read in another, and what it was meant to be."""

import re

LOST = "\ufffd"
UNUSED = (0x81, 0x8D, 0x8F, 0x90, 0x9D)  # of Windows-1252
_BYTES = {chr(n): n for n in range(256)} | {
    bytes([n]).decode("cp1252"): n for n in range(0x80, 0xA0) if n not in UNUSED
}
_LATER = "".join(letter for letter, n in _BYTES.items() if 0x80 <= n < 0xC0)  # second to fourth byte of a letter
BROKEN = f"[\u00c2-\u00f4][{_LATER}]"
_PIECE = re.compile(f"(?:[\u00c2-\u00f4][{_LATER}]{{1,3}})+")


def repaired(text: str) -> str:
    """The text with each piece of UTF-8 that was read as Windows-1252 read aright; what does not fit stays.

    >>> repaired("cafÃ© isnâ€™t Ångström")
    'café isn’t Ångström'
    """
    return _PIECE.sub(lambda match: _read(match[0]), text)


def _read(piece: str) -> str:
    """The piece read as UTF-8, as far as it is some; a letter that starts none stays."""
    written, place = "", 0
    while place < len(piece):
        whole = next(filter(None, (_decoded(piece[place : place + length]) for length in (4, 3, 2))), piece[place])
        written += whole
        place += 1 if whole == piece[place] else len(whole.encode())
    return written


def _decoded(part: str) -> str:
    """One letter whose UTF-8 these are, byte by byte; "" where they are none."""
    try:
        letter = bytes(_BYTES[each] for each in part).decode()
    except (KeyError, UnicodeDecodeError):
        return ""
    return letter if len(letter) == 1 else ""
