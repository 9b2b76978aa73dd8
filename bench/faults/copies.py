"""Copies planted in real sets: exact ones, and near ones by light edits of texts, images and sounds.

Truth is what was planted. What a check finds beside it is real: pairs of the original data, of which a drawn sample
was judged by eye and stands in judged_copies.json with the reason of each that is no copy; they count in precision.
A light edit of a text changes one word of ten or more, no number and no negation.
"""

import json
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import polars as pl

from rung.audit.duplicates import duplicates
from rung.audit.near_duplicates import near_duplicates
from rung.core.types import Role
from rung.data.bags import NEGATIONS, words_of
from rung.data.near import near_rows
from rung.data.read import read
from rung.testing.checks_audit import audited

TEXTS = ("trec6", "banking77", "sms_spam", "tweet_emotion")
IMAGES = ("ants_bees", "cifar10_small", "neu_steel_defects")
SOUNDS = ("spoken_digits_fsdd", "speech_commands_6")
PLANTED, MEDIA_PLANTED = 100, 40  # copies a set and edit
WORDS = 10  # of a text that is edited, at least
REACH = {"near": {"reach_recall": 0.95, "reach_precision": 0.98}, "exact": {"reach_recall": 1, "reach_precision": 1}}
JUDGED = json.loads(Path(__file__).with_name("judged_copies.json").read_text(encoding="utf-8"))
Draw = np.random.Generator


def suites(data: Path, *, quick: bool) -> Iterator[dict[str, Any]]:
    """One row a set and edit: copies planted, rows found beside those that were there before, how many are right."""
    yield from _tables(data)
    for name in TEXTS[: 1 if quick else None]:
        frame = pl.concat([read(str(data / name / f"{part}.csv")).frame[["text", "label"]] for part in PARTS])
        yield from _planted(name, frame.drop_nulls(), Role.TEXT, TEXT_EDITS, PLANTED, quick=quick)
    for names, role, edits in ((IMAGES, Role.IMAGE, IMAGE_EDITS), (SOUNDS, Role.AUDIO, SOUND_EDITS)):
        for name in names[: 1 if quick else None]:
            own = [path for part in PARTS for path in sorted((data / name / part).rglob("*")) if path.is_file()]
            raw = {"text": [path.read_bytes() for path in own], "label": [path.parent.name for path in own]}
            yield from _planted(name, pl.DataFrame(raw), role, edits, MEDIA_PLANTED, quick=quick)


PARTS = ("train", "test")


def _tables(data: Path) -> Iterator[dict[str, Any]]:
    """Rows of a table written twice, from few to half of them, beside those that were there twice before."""
    frame = (
        read(str(data / "airbnb_asheville" / "train.csv")).frame.drop("name", "last_review").unique(maintain_order=True)
    )
    roles = dict.fromkeys(frame.columns, Role.NUMBER) | {"room_type": Role.CATEGORY, "price": Role.TARGET}
    already = _pairs(duplicates, frame, roles)
    for share in (0.05, 0.25, 1.0):
        rows = np.random.default_rng(0).choice(len(frame), int(share * len(frame)), replace=False).tolist()
        begun = perf_counter()
        found = _pairs(duplicates, pl.concat([frame, frame[rows]]), roles)
        told = [row for row in found if row not in already]
        true = sum(row >= len(frame) for row in told)
        yield {
            "check": "duplicates: table",
            "set": "airbnb_asheville",
            "strength": f"{share:.0%} of the rows again",
            "planted": len(rows),
            "found": len(told),
            "true": true,
            "already": len(already),
            "precision": true / max(1, len(told)),
            "recall": true / len(rows),
            "seconds": perf_counter() - begun,
            **REACH["exact"],
        }


def _planted(
    name: str, frame: pl.DataFrame, role: Role, edits: dict[str, Callable[..., Any]], most: int, *, quick: bool
) -> Iterator[dict[str, Any]]:
    frame = frame.unique("text", maintain_order=True)
    roles = {"text": role, "label": Role.TARGET}
    already = {find: _pairs(find, frame, roles) for find in (duplicates, near_duplicates)}
    for edit, change in [("exact copy", lambda each, _: each), *edits.items()]:
        find = duplicates if edit == "exact copy" else near_duplicates
        draw = np.random.default_rng(0)
        free = [row for row, each in enumerate(frame["text"]) if role is not Role.TEXT or _long(each, draw)]
        rows = sorted(draw.choice(free, min(most, len(free)), replace=False).tolist())
        if quick:
            rows = rows[:30]
        copies = frame[rows].with_columns(pl.Series("text", [change(each, draw) for each in frame["text"][rows]]))
        begun = perf_counter()
        found = _pairs(find, pl.concat([frame, copies]), roles)
        seconds = perf_counter() - begun
        there = already[find]
        source = {len(frame) + place: row for place, row in enumerate(rows)}
        told = {row: twin for row, twin in found.items() if there.get(row) is None}
        true = [row for row, twin in told.items() if row in source and _same(twin, source[row], there)]
        yield {
            "check": "duplicates: exact" if find is duplicates else f"near_duplicates: {role}",
            "set": name,
            "strength": edit,
            "planted": len(rows),
            "found": len(told),
            "true": len(true),
            "already": len(there),
            "precision": len(true) / max(1, len(told)),
            "recall": len(true) / len(rows),
            "seconds": seconds,
            **REACH["exact" if find is duplicates else "near"],
            **(_judged(name) if edit == next(iter(edits)) else {}),
        }


def _judged(name: str) -> dict[str, int]:
    """How many pairs of the data as it is were judged, and how many of them are copies."""
    own = JUDGED.get(name, {"judged": 0, "false": []})
    return {"judged_found": own["judged"], "judged_true": own["judged"] - len(own["false"])}


def _same(twin: int, source: int, there: dict[int, int]) -> bool:
    """A copy may be named after a row that its source was like already."""
    return there.get(source, source) == there.get(twin, twin)


def _pairs(find: Any, frame: pl.DataFrame, roles: dict[str, Role]) -> dict[int, int]:
    """Row -> the row that it is said to repeat."""
    seen = audited(frame, roles=roles, near=near_rows, vectors=lambda *_: None)
    found = [each for each in find(seen) if each.check in ("duplicates", "near_duplicates")]
    return {row: int(name.split()[-1]) for each in found for row, name in zip(each.rows, each.names, strict=True)}


def _word(text: str, draw: Draw, least: int) -> tuple[list[str], int]:
    words = text.split(" ")
    kept = [
        place
        for place, word in enumerate(words)
        if len(word) >= least and word.isalpha() and words_of(word) and words_of(word)[0] not in NEGATIONS
    ]
    return words, int(draw.choice(kept)) if kept else -1


def _long(text: str, draw: Draw) -> bool:
    return len(words_of(text)) >= WORDS and _word(text, draw, 5)[1] >= 0


def _typo(text: str, draw: Draw) -> str:
    words, place = _word(text, draw, 5)
    word, at = words[place], int(draw.integers(1, len(words[place]) - 1))
    kind = int(draw.integers(4))
    swapped = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    other = word[:at] + str(draw.choice(list("etaoinshr"))) + word[at + 1 :]
    doubled = word[:at] + word[at] + word[at:]
    changed = (swapped, word[:at] + word[at + 1 :], doubled, other)[kind]
    words[place] = changed if changed != word else doubled
    return " ".join(words)


def _dressed(text: str, draw: Draw) -> str:
    case = (str.upper, str.lower, str.title)[int(draw.integers(3))]
    return f"{case(text).rstrip('?!.').replace(', ', ' ')} {draw.choice(['!', '...', '?!', ' -', '.'])}"


def _dropped(text: str, draw: Draw) -> str:
    words, place = _word(text, draw, 1)
    return " ".join(words[:place] + words[place + 1 :]) if place >= 0 else f"{text} ."


def _swapped(text: str, draw: Draw) -> str:
    words = [word for word in text.split() if words_of(word)]
    other = [place for place in range(len(words) - 1) if words_of(words[place]) != words_of(words[place + 1])]
    place = int(draw.choice(other))
    words[place : place + 2] = words[place + 1], words[place]
    return " ".join(words)


TEXT_EDITS = {
    "typo": _typo,
    "case, punctuation": _dressed,
    "dropped word": _dropped,
    "swapped words": _swapped,
    "typo and case": lambda text, draw: _dressed(_typo(text, draw), draw),
}


def _image(change: Callable[[Any], Any], kind: str = "PNG", **how: Any) -> Callable[[bytes, Draw], bytes]:
    def edit(raw: bytes, _: Draw) -> bytes:
        from PIL import Image, ImageOps

        with Image.open(BytesIO(raw)) as opened:
            made, buffer = change(ImageOps.exif_transpose(opened).convert("RGB")), BytesIO()
        made.save(buffer, kind, **how)
        return buffer.getvalue()

    return edit


def _resized(image: Any, share: float) -> Any:
    return image.resize((max(8, round(image.width * share)), max(8, round(image.height * share))), 2)


def _cut(image: Any, *shares: float) -> Any:
    w, h = image.size
    left, top, right, bottom = (round(share * side) for share, side in zip(shares, (w, h, w, h), strict=True))
    return image.crop((left, top, w - right, h - bottom))


def _bright(image: Any, factor: float) -> Any:
    return image.point(lambda level: min(255, round(level * factor)))


IMAGE_EDITS = {
    "resized to 0.6": _image(lambda image: _resized(image, 0.6)),
    "resized to 1.5": _image(lambda image: _resized(image, 1.5)),
    "JPEG 40": _image(lambda image: image, "JPEG", quality=40),
    "rotated 90": _image(lambda image: image.transpose(2)),
    "rotated 180": _image(lambda image: image.transpose(3)),
    "mirrored": _image(lambda image: image.transpose(0)),
    "cut 3 % all round": _image(lambda image: _cut(image, 0.03, 0.03, 0.03, 0.03)),
    "cut 5 % of a side": _image(lambda image: _cut(image, 0.05, 0, 0, 0)),
    "brighter by 0.2": _image(lambda image: _bright(image, 1.2)),
    "darker by 0.3": _image(lambda image: _bright(image, 0.7)),
}


def _sound(change: Callable[[Any, int, Draw], Any], kind: str = "WAV") -> Callable[[bytes, Draw], bytes]:
    def edit(raw: bytes, draw: Draw) -> bytes:
        import soundfile

        samples, rate = soundfile.read(BytesIO(raw), dtype="float32")
        made, buffer = change(samples, rate, draw), BytesIO()
        made, rate = made if isinstance(made, tuple) else (made, rate)
        soundfile.write(buffer, made, rate, format=kind)
        return buffer.getvalue()

    return edit


def _at(samples: Any, rate: int, new: int) -> tuple[Any, int]:
    import soxr

    return soxr.resample(samples, rate, new), new


def _noisy(samples: Any, draw: Draw, decibel: float) -> Any:
    spread = np.sqrt(np.square(samples).mean()) * 10 ** (-decibel / 20)
    return (samples + spread * draw.normal(size=len(samples))).astype(np.float32)


SOUND_EDITS = {
    "gain 0.3": _sound(lambda x, *_: 0.3 * x),
    "to 6 kHz": _sound(lambda x, rate, _: _at(x, rate, 6000)),
    "to 22.05 kHz": _sound(lambda x, rate, _: _at(x, rate, 22050)),
    "5 % of the start cut": _sound(lambda x, *_: x[round(0.05 * len(x)) :]),
    "3 % of both ends cut": _sound(lambda x, *_: x[round(0.03 * len(x)) : -round(0.03 * len(x))]),
    "MP3": _sound(lambda x, rate, _: _at(x, rate, 16000), "MP3"),
    "Ogg Vorbis": _sound(lambda x, rate, _: _at(x, rate, 16000), "OGG"),
    "noise at 30 dB": _sound(lambda x, _, draw: _noisy(x, draw, 30)),
    "noise at 20 dB": _sound(lambda x, _, draw: _noisy(x, draw, 20)),
}
