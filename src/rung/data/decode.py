"""Bytes of a text file, whatever wrote them, as UTF-8: what was assumed is said, what can't be read is refused."""

import codecs
import re
from dataclasses import dataclass

from rung.core.errors import BadEncoding
from rung.core.types import Finding

MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
FIX = "Save the file as UTF-8, or check that it is a text file at all."
BINARY = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
MULTIBYTE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
HIGH = re.compile(rb"[\x80-\xff]")
# Signs that Western European text hardly holds: when half of the accents are these, the guess is wrong.
UNLIKELY = re.compile(rb"[\xff\xac\xa4\xa6\xa8\xaf\xb8\xb6\xb9\xf7\xd7\x87\x88\x89\x8b]")


@dataclass(frozen=True)
class Decoded:
    """Valid UTF-8 without a byte-order mark, and what was noticed."""

    raw: bytes
    findings: tuple[Finding, ...] = ()


def to_utf8(raw: bytes, where: str) -> Decoded:
    """The same text as UTF-8 bytes.

    UTF-8, UTF-16 and UTF-32 by their marks, UTF-8 without one, else Latin-1 / Windows-1252 with a finding that
    quotes a line, so that a wrong guess is seen.
    Raises BadEncoding for binary data, for damaged UTF-8 and for bytes that are no Western European text.

    >>> to_utf8("café".encode("latin-1"), "menu.csv").raw.decode()
    'café'
    """
    for mark, encoding in MARKS:
        if raw.startswith(mark):
            return _marked(raw[len(mark) :], encoding, where)
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError as error:
        return _western(raw, where, error.start)
    _refuse_binary(raw, where)
    return Decoded(raw)


def _marked(raw: bytes, encoding: str, where: str) -> Decoded:
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError as error:
        got = f"bytes that are not, at byte {error.start}"
        raise BadEncoding(where, wanted=f"{encoding}, as its first bytes say", got=got, fix=FIX) from error
    out = raw if encoding == "utf-8" else text.encode("utf-8", "replace")
    _refuse_binary(out, where)
    if encoding == "utf-8":
        return Decoded(out)
    return Decoded(out, (_said(f"{where} is {encoding.upper()}, not UTF-8", text.partition("\n")[0]),))


def _refuse_binary(raw: bytes, where: str) -> None:
    found = BINARY.search(raw)
    # A stray control sign inside real text is the user's; a null byte or many of them are no text.
    if found and (b"\0" in raw or len(BINARY.findall(raw)) > len(raw) / 100):
        got = f"binary data (byte 0x{found[0][0]:02x} at {_place(raw, found.start())})"
        raise BadEncoding(where, wanted="text", got=got, fix=FIX)


def _western(raw: bytes, where: str, start: int) -> Decoded:
    _refuse_binary(raw, where)
    high = len(HIGH.findall(raw))
    valid = [len(found) for found in MULTIBYTE.findall(raw)]
    if len(valid) > high - sum(valid):
        got = f"UTF-8 that is damaged at {_place(raw, start)}"
        raise BadEncoding(where, wanted="UTF-8", got=got, fix="Save the file again, or mend that line.")
    foreign = high > 0.3 * len(raw) or len(UNLIKELY.findall(raw)) >= high / 2
    try:
        text = raw.decode("cp1252")
    except UnicodeDecodeError:
        foreign, text = True, ""
    if foreign:
        got = f"bytes that are neither (0x{raw[start]:02x} at {_place(raw, start)})"
        raise BadEncoding(where, wanted="UTF-8 or Latin-1", got=got, fix=FIX)
    name = "Windows-1252" if re.search(rb"[\x80-\x9f]", raw) else "Latin-1"
    sample = next(line for line in text.splitlines() if not line.isascii())
    return Decoded(text.encode("utf-8"), (_said(f"{where} is not UTF-8; it was read as {name}", sample),))


def _said(what: str, sample: str) -> Finding:
    short = sample if len(sample) <= 60 else sample[:60] + "..."
    fix = "Look at the quoted line; save the file as UTF-8 if it is wrong."
    return Finding("encoding", f"{what}, for example: {short!r}", (), "note", fix)


def _place(raw: bytes, at: int) -> str:
    line = raw.count(b"\n", 0, at) + 1
    return f"line {line}, byte {at}"
