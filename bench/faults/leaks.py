"""Copies of the target, groups, orders, file sizes, shift, outliers and holes, planted in real sets."""

from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import polars as pl

import rung
from rung.audit.battery import checks
from rung.core.audited import Audited
from rung.data.read import read
from rung.recipes.audited import audited
from rung.recipes.options import checked
from rung.recipes.prepare import prepare

TEXTS = (("sms_spam", "label"), ("trec6", "label"), ("banking77", "label"))
NUMBERS = (("airbnb_asheville", "price"), ("clear_readability", "target"))
Code = Callable[[Any, Any], Any]


def suites(data: Path, *, quick: bool) -> Iterator[dict[str, Any]]:
    """One row a fault, set and strength."""
    yield from copies(data, quick=quick)
    yield from groups(data, quick=quick)
    yield from orders(data, quick=quick)
    yield from sizes(data, quick=quick)
    yield from shifts(data, quick=quick)
    yield from holes(data, quick=quick)
    yield from foreign(data, quick=quick)


def row(check: str, name: str, strength: Any, planted: int, found: int, true: int, begun: float) -> dict[str, Any]:
    """One result; target copies and groups have to be found, all of them and nothing else."""
    must = check in ("target copy", "group leak")
    return {
        "check": check,
        "set": name,
        "strength": str(strength),
        "planted": planted,
        "found": found,
        "true": true,
        "precision": true / max(found, 1),
        "recall": true / max(planted, 1),
        "seconds": perf_counter() - begun,
        "reach_recall": 1.0 if must else 0.0,
        "reach_precision": 1.0 if must else 0.0,
    }


def table(data: Path, name: str) -> pl.DataFrame:
    return read(str(data / name)).frame


def seen_of(frame: pl.DataFrame, target: str, test: pl.DataFrame | None = None) -> Audited:
    """The rows as `rung audit` prepares them, without a backbone."""
    return audited(prepare(frame, checked("audit", target=target, test=0.2), test), seed=0)


def alarms(seen: Audited, *names: str) -> list[Any]:
    return [
        finding
        for check in checks()
        if set(check.says) & set(names)
        for finding in check.find(seen)
        if finding.check in names
    ]


def noisy(share: float) -> Code:
    """The target with so many rows wrong: another's, or off by so much of it."""

    def code(y: Any, draw: Any) -> Any:
        if y.dtype.kind == "f":
            return y + share * np.abs(y) * draw.normal(size=len(y))
        return np.where(draw.random(len(y)) < share, _other(y, draw), y)

    return code


def _other(y: Any, draw: Any) -> Any:
    names = np.unique(y)
    place = np.searchsorted(names, y)
    return names[(place + draw.integers(1, len(names), size=len(y))) % len(names)]


WORDS: dict[str, Code] = {
    "renamed": lambda y, _: y,
    "codes": lambda y, _: np.unique(y, return_inverse=True)[1],
    "shuffled codes": lambda y, draw: draw.permutation(1000)[np.unique(y, return_inverse=True)[1]],
    "other words": lambda y, _: np.array([f"k{len(each)}{each[::-1]}" for each in y]),
    "case and spaces": lambda y, draw: np.where(draw.random(len(y)) < 0.5, np.char.upper(y), np.char.add(y, " ")),
    "a class's yes and no": lambda y, _: y == y[0],
    "1 % wrong": noisy(0.01),
    "2 % wrong": noisy(0.02),
    "5 % wrong": noisy(0.05),
    "half filled": lambda y, draw: np.where(draw.random(len(y)) < 0.5, y, None),
}
SCALES: dict[str, Code] = {
    "renamed": lambda y, _: y,
    "scaled": lambda y, _: 2.2 * y + 7,
    "negative": lambda y, _: -y,
    "logarithm": lambda y, _: np.log(y - y.min() + 1),
    "rounded": lambda y, _: np.round(y, -1 if np.ptp(y) > 100 else 1),
    "ranges": lambda y, _: [f"r{each}" for each in np.searchsorted(np.quantile(y, [0.2, 0.4, 0.6, 0.8]), y)],
    "1 % noise": noisy(0.01),
    "2 % noise": noisy(0.02),
    "half filled": lambda y, draw: np.where(draw.random(len(y)) < 0.5, y, np.nan),
}


def copies(data: Path, *, quick: bool) -> Iterator[dict[str, Any]]:
    """A column made of the target beside one of shuffled values; found by any finding that names it."""
    for name, target in (*TEXTS, *NUMBERS)[:: 4 if quick else 1]:
        frame = table(data, name).drop_nulls(target)
        y = frame[target].to_numpy()
        y = y.astype(np.float64) if (name, target) in NUMBERS else y.astype(str)
        for way, code in (SCALES if y.dtype.kind == "f" else WORDS).items():
            draw, begun = np.random.default_rng(0), perf_counter()
            made = np.asarray(code(y, draw))
            column = "is_" + str(y[0]) if made.dtype.kind == "b" else "planted"
            decoy = draw.permutation(made)
            given = frame.with_columns(pl.Series(column, made.tolist()), pl.Series("decoy", decoy.tolist()))
            prepared = prepare(given, checked("audit", target=target, test=0.2))
            told = [each for each in prepared.findings if each.check == "target_copy"]
            told += alarms(audited(prepared, seed=0), "telltale")
            true = {each.what for each in told if repr(column) in each.what}
            yield row("target copy", name, way, 1, len(told), len(true), begun)


def groups(data: Path, *, quick: bool) -> Iterator[dict[str, Any]]:
    """Rows of one person, named by a column or not, that are alike, on both sides of a given test."""
    for name, target in TEXTS if not quick else TEXTS[:1]:
        draw, begun = np.random.default_rng(0), perf_counter()
        frame = table(data, name).sample(600, seed=0)
        who = draw.integers(60, size=600)
        habits = [" ".join(draw.choice(frame["text"].to_list()).split()[:8]) for _ in range(60)]
        texts = [f"{habits[each]} {text}" for each, text in zip(who, frame["text"], strict=True)]
        given = frame.with_columns(text=pl.Series(texts), author=pl.Series([f"u{each}" for each in who]))
        decoy = given.with_columns(patient=pl.Series([f"p{each}" for each in draw.permutation(who)]))
        found = rung.audit(decoy[:480], target=target, test=decoy[480:]).findings
        told = [each for each in found if each.check in ("likely_group", "alike_group")]
        known = set(who[:480].tolist())
        straddle = {at for at, each in enumerate(who[480:].tolist()) if each in known}
        rows = {at for each in told for at in each.rows} if any("'author'" in each.what for each in told) else set()
        wrong = sum("'patient'" in each.what for each in told)
        yield row("group leak", name, "by habit", len(straddle), len(rows) + wrong, len(rows & straddle), begun)
    frame = table(data, "airbnb_asheville").drop_nulls("price").drop("name").sample(600, seed=0)
    draw, begun = np.random.default_rng(1), perf_counter()
    who = draw.integers(120, size=600)
    homes = frame[who.tolist()].with_columns(pl.Series("host_id", 5000 + who * 13))
    homes = homes.with_columns(pl.col("latitude", "longitude").cast(pl.Float64) + pl.Series(draw.normal(0, 1e-4, 600)))
    seen = seen_of(homes[:480], "price", homes[480:])
    known = set(who[:480].tolist())
    straddle = {at for at, each in enumerate(who[480:].tolist()) if each in known}
    told = alarms(seen, "likely_group", "repeated_id")
    rows = {at for each in told for at in (each.rows or range(480, 480) if each.check == "likely_group" else straddle)}
    yield row("group leak", "airbnb_asheville", "host", len(straddle), len(rows), len(rows & straddle), begun)


def orders(data: Path, *, quick: bool) -> Iterator[dict[str, Any]]:
    """Rows sorted by label, numbered from 5,000 in steps of three; beside it the same numbers shuffled."""
    for name, target in (*TEXTS, *NUMBERS)[:: 4 if quick else 1]:
        begun, frame = perf_counter(), table(data, name).drop_nulls(target)
        key = pl.col(target).cast(pl.Float64) if (name, target) in NUMBERS else pl.col(target)
        count = 5000 + 3 * np.arange(len(frame))
        told = alarms(seen_of(frame.sort(key).with_columns(pl.Series("number", count)), target), "telltale_order")
        calm = frame.sample(fraction=1, shuffle=True, seed=0).with_columns(pl.Series("number", count))
        wrong = alarms(seen_of(calm, target), "telltale_order")
        yield row("order", name, "sorted by label", 1, len(told) + len(wrong), len(told), begun)


def sizes(data: Path, *, quick: bool) -> Iterator[dict[str, Any]]:
    """Images of one class in another size or format than the others'; then the same of classes drawn by lot."""
    from PIL import Image

    def stored(path: Path, *, small: bool, form: str) -> bytes:
        buffer = BytesIO()
        image = Image.open(path).convert("RGB")
        (image.resize((24, 24)) if small else image.resize((32, 32))).save(buffer, form)
        return buffer.getvalue()

    for name in ("cifar10_small", "neu_steel_defects")[: 1 if quick else None]:
        paths = sorted((data / name / "train").glob("*/*.*"))[:: 2 if quick else 1]
        label = np.array([path.parent.name for path in paths])
        for way, forms in (("size", ("PNG", "PNG")), ("format", ("PNG", "JPEG"))):
            begun, told = perf_counter(), []
            for odd in (label == label[0], np.random.default_rng(0).permutation(label == label[0])):
                files = [
                    stored(path, small=bool(each) and way == "size", form=forms[int(each)])
                    for path, each in zip(paths, odd, strict=True)
                ]
                told.append(alarms(seen_of(pl.DataFrame({"photo": files, "label": label}), "label"), "media_made"))
            yield row("media made", name, way, 1, min(1, len(told[0])) + len(told[1]), min(1, len(told[0])), begun)


def shifts(data: Path, *, quick: bool) -> Iterator[dict[str, Any]]:
    """A column of numbers moved by so many deviations; classes drawn so that one is rarer by so much."""
    frame = table(data, "airbnb_asheville").drop_nulls("price").sample(fraction=1, shuffle=True, seed=0)
    frame = frame.with_columns(pl.col("latitude", "number_of_reviews").cast(pl.Float64))
    for by in (0.0, 0.25, 1.0) if quick else (0.0, 0.1, 0.25, 0.5, 1.0):
        begun = perf_counter()
        moved = frame[1800:].with_columns(pl.col("latitude") + by * frame["latitude"].std())
        told = alarms(seen_of(frame[:1800], "price", moved), "column_shift")
        true = sum("'latitude'" in each.what for each in told)
        yield row("column shift", "airbnb_asheville", f"{by} sd", int(by > 0), len(told), true * (by > 0), begun)
    frame = table(data, "sms_spam").sample(fraction=1, shuffle=True, seed=0)
    for less in () if quick else (0.0, 0.5, 0.75, 1.0):
        begun = perf_counter()
        keep = (frame[3000:]["label"] == "ham") | pl.Series(np.random.default_rng(0).random(len(frame) - 3000) >= less)
        found = rung.audit(frame[:3000].head(600), target="label", test=frame[3000:].filter(keep).head(400)).findings
        told = [each for each in found if each.check == "label_shift"]
        yield row("label shift", "sms_spam", f"{less:.0%} of spam gone", int(less > 0), len(told), len(told), begun)


def holes(data: Path, *, quick: bool) -> Iterator[dict[str, Any]]:
    """A number missing in so many rows of one class, and in none of the others."""
    for name, target in TEXTS[: 1 if quick else 2]:
        frame = table(data, name)
        one = frame[target].value_counts(sort=True)[target][1]
        for share in (0.0, 0.1, 0.3, 1.0):
            draw, begun = np.random.default_rng(0), perf_counter()
            gone = (frame[target] == one).to_numpy() & (draw.random(len(frame)) < share)
            number = pl.Series("number", np.where(gone, np.nan, draw.normal(size=len(frame)))).fill_nan(None)
            told = alarms(seen_of(frame.with_columns(number), target), "missing_tells")
            yield row("missing tells", name, f"{share:.0%}", int(share > 0), len(told), len(told), begun)


def foreign(data: Path, *, quick: bool) -> Iterator[dict[str, Any]]:
    """Texts of another set among the others (outliers), or as part of the test (shift in embedding space)."""
    pairs = (("trec6", "sms_spam"), ("banking77", "clear_readability"), ("sms_spam", "trec6"))
    for name, other in pairs[: 1 if quick else None]:
        draw, begun = np.random.default_rng(0), perf_counter()
        frame = table(data, name).sample(1000, seed=0)
        strange = table(data, other)["text"].sample(200, seed=0).str.slice(0, 200).to_list()
        rows = sorted(draw.choice(700, 7, replace=False).tolist())
        texts = frame["text"].to_list()
        mixed = [strange[rows.index(at)] if at in rows else text for at, text in enumerate(texts)]
        given = frame.with_columns(text=pl.Series(mixed))[:700]
        found = rung.audit(given, target="label", test=frame[700:]).findings
        told = {at for each in found if each.check == "outliers" for at in each.rows}
        yield row("outliers", name, f"1 % of {other}", len(rows), len(told), len(told & set(rows)), begun)
        for share in (0.0, 0.25, 0.5):
            begun, most = perf_counter(), round(300 * share)
            test = frame[700:].with_columns(text=pl.Series(strange[:most] + texts[700 + most :]))
            found = rung.audit(frame[:700], target="label", test=test).findings
            told_shift = [each for each in found if each.check == "embedding_shift"]
            some = int(share > 0)
            yield row("embedding shift", name, f"{share:.0%} of {other}", some, len(told_shift), len(told_shift), begun)
