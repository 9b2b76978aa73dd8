"""Rows that light edits tell apart are tied; rows that only look alike are not; the order of rows does not matter."""

from functools import cache
from io import BytesIO

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from rung.core.types import Clip, Column, Role
from rung.data.bonds import Bonds
from rung.data.near import near_rows
from rung.data.near_sounds import ALIKE, fingerprint, likeness
from rung.data.near_texts import near_texts
from rung.data.typos import edits
from rung.testing.checks_audit import clean_table

BASE = "Please send the signed contract to our office in Hamburg before Friday morning"
OTHERS = clean_table()["text"].to_list()
TEXT = [Column("t", Role.TEXT)]
IMAGE = [Column("t", Role.IMAGE)]


def tied(first, second):
    label = near_texts([*OTHERS, first, second]).label
    return bool(label[-1] == label[-2])


@pytest.mark.parametrize(
    "other",
    [
        BASE.upper() + "!",
        BASE.replace("contract", "contarct"),
        BASE.replace("Hamburg", "Hambourg"),
        BASE.replace("the ", ""),
        BASE.replace("signed contract", "contract signed"),
        "Before Friday morning please send the signed contract to our office in Hamburg",
        BASE.replace(" to", ", to").replace("Hamburg", "HAMBURG"),
    ],
)
def test_a_light_edit_is_a_near_copy(other):
    assert tied(BASE, other)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (f"{BASE} 1234", f"{BASE} 1235"),
        (f"{BASE} 1234", BASE),
        (f"{BASE} for \u20ac 5", f"{BASE} for $ 5"),
        (BASE, BASE.replace("send", "do not send")),
        (BASE, BASE.replace("signed contract", "broken umbrella")),
        ("Where is my card", "Where is my dog"),
        ("disregard", "disregards"),
        ("", "..."),
    ],
)
def test_another_number_a_negation_or_another_thing_is_no_light_edit(first, second):
    assert not tied(first, second)


def test_a_frequent_word_for_another_is_no_light_edit():
    frame = [f"{word} {rest}" for rest in OTHERS[:40] for word in ("lend", "send")]
    assert len(set(near_texts(frame).label.tolist())) == len(frame)


def test_scripts_without_spaces_are_read_by_the_sign():
    first = "请在星期五早上之前把签好的合同寄到我们在汉堡的办公室谢谢"
    assert tied(first, first.replace("好", ""))
    assert not tied(first, "今天的天气非常好我们一起去公园散步吧你觉得怎么样")


def partition(bonds, order):
    found = {}
    for place, row in enumerate(order):
        found.setdefault(int(bonds.label[place]), set()).add(int(row))
    return {frozenset(rows) for rows in found.values()}


@settings(max_examples=8, deadline=None)
@given(st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(random):
    texts = [*OTHERS[:50], *(f"{text.capitalize()}!" for text in OTHERS[:9]), OTHERS[3].replace("a", "", 1), "", None]
    order = list(range(len(texts)))
    random.shuffle(order)
    plain = near_rows(pl.DataFrame({"t": texts}), TEXT)
    mixed = near_rows(pl.DataFrame({"t": [texts[row] for row in order]}), TEXT)
    assert partition(plain, range(len(texts))) == partition(mixed, order)


def apart(a, b):
    """Optimal string alignment by its definition."""

    @cache
    def from_(i, j):
        if not i or not j:
            return i + j
        least = min(from_(i - 1, j) + 1, from_(i, j - 1) + 1, from_(i - 1, j - 1) + (a[i - 1] != b[j - 1]))
        if i > 1 and j > 1 and a[i - 1] == b[j - 2] and a[i - 2] == b[j - 1]:
            least = min(least, from_(i - 2, j - 2) + 1)
        return least

    return from_(len(a), len(b))


@given(st.text("abc", max_size=7), st.text("abc", max_size=7))
def test_edits_are_counted_as_defined(a, b):
    assert edits(a, b) == apart(a, b)


def test_who_shares_a_key_is_compared_and_only_they():
    bonds, asked = Bonds(6), []

    def alike(first, second):
        asked.extend(zip(first.tolist(), second.tolist(), strict=True))
        return first + second != 1

    bonds.within(np.array([1, 1, 1, 2, 3, 3], np.uint64), np.arange(6), alike)
    assert set(asked) <= {(0, 1), (0, 2), (1, 2), (4, 5)}
    assert bonds.label.tolist() == [0, 0, 0, 1, 2, 2]


def drawn(seed, size=96):
    image = Image.new("RGB", (size, size), (90, 120, 160))
    draw, random = ImageDraw.Draw(image), np.random.default_rng(seed)
    for _ in range(14):
        x, y, w, h = random.integers(0, size, 4)
        draw.ellipse((x - w / 3, y - h / 3, x + w / 3, y + h / 3), fill=tuple(random.integers(0, 256, 3).tolist()))
    return image


def as_bytes(image, kind="PNG", **how):
    buffer = BytesIO()
    image.save(buffer, kind, **how)
    return buffer.getvalue()


CHANGES = {
    "smaller": lambda image: as_bytes(image.resize((60, 50))),
    "JPEG": lambda image: as_bytes(image, "JPEG", quality=35),
    "turned": lambda image: as_bytes(image.transpose(Image.Transpose.ROTATE_90)),
    "mirrored": lambda image: as_bytes(image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)),
    "darker": lambda image: as_bytes(image.point(lambda level: level * 0.7)),
    "cut": lambda image: as_bytes(image.crop((4, 3, 95, 96))),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_picture_changed_lightly_is_the_same_picture(change):
    images = [drawn(seed) for seed in range(30)]
    raw = [*map(as_bytes, images), CHANGES[change](images[7])]
    label = near_rows(pl.DataFrame({"t": raw}), IMAGE).label
    assert label[7] == label[30]
    assert len(set(label.tolist())) == 30


def test_blank_unreadable_and_missing_pictures_are_like_nobody():
    blank = [as_bytes(Image.new("RGB", (20, 20), (level, level, level))) for level in (10, 200)]
    frame = pl.DataFrame({"t": [*blank, b"no picture", as_bytes(drawn(0)), None, None]})
    label = near_rows(frame, IMAGE).label.tolist()
    assert len(set(label[:5])) == 5
    assert label[4] == label[5]


def sung(seed, seconds=1.0, rate=16_000):
    random, time = np.random.default_rng(seed), np.arange(int(seconds * rate)) / rate
    notes = [np.sin(2 * np.pi * f * time**p + q) for f, p, q in random.uniform((150, 0.8, 0), (900, 1.3, 6), (5, 3))]
    return (np.sum(notes, axis=0) * np.hanning(len(time)) / 6).astype(np.float32)


def test_a_recording_louder_cut_or_noisy_is_the_same_and_another_is_not():
    plain, random = sung(1), np.random.default_rng(0)
    same = [0.2 * plain, plain[900:], plain[200:-500], plain + 0.005 * random.normal(size=len(plain))]
    wave = fingerprint(Clip(plain, 16_000)).wave
    for each in same:
        assert likeness(wave, fingerprint(Clip(each.astype(np.float32), 16_000)).wave) >= ALIKE
    assert likeness(wave, fingerprint(Clip(plain[::2], 8_000)).wave) >= ALIKE
    assert likeness(wave, fingerprint(Clip(sung(2), 16_000)).wave) < 0.8
    assert likeness(wave, fingerprint(Clip(sung(1)[:3000], 16_000)).wave) < ALIKE


def test_sounds_of_a_table_are_compared():
    soundfile = pytest.importorskip("soundfile")

    def wav(samples):
        buffer = BytesIO()
        soundfile.write(buffer, samples, 16_000, format="WAV")
        return buffer.getvalue()

    raw = [wav(sung(seed)) for seed in range(12)] + [wav(0.5 * sung(3)[500:])]
    label = near_rows(pl.DataFrame({"t": raw}), [Column("t", Role.AUDIO)]).label
    assert label[3] == label[12]
    assert len(set(label.tolist())) == 12


def test_a_row_is_like_another_as_a_whole_only_where_what_stands_beside_a_text_is_equal():
    columns = [*TEXT, Column("n", Role.NUMBER)]
    table = pl.DataFrame({"t": [BASE, BASE + "!", BASE.lower()], "n": [1.0, 1.0, 2.0]})
    assert near_rows(table, columns).whole.tolist() in ([0, 0, 1], [1, 1, 0])
    assert len(set(near_rows(table, [Column("n", Role.NUMBER)]).label.tolist())) == 3


def test_long_texts_beside_other_values_are_copies_too():
    columns = [*TEXT, Column("n", Role.NUMBER)]
    texts = [
        *(f"{BASE} {word}" for word in ("tulip", "marmot", "cobalt", "yes", "lantern")),
        "Yes",
        "Yes",
        BASE,
        BASE + "!",
    ]
    near = near_rows(pl.DataFrame({"t": texts, "n": range(len(texts))}), columns)
    assert len(set(near.whole.tolist())) == len(texts)
    assert near.label[-1] == near.label[-2]
    assert near.label[5] != near.label[6], "a short text comes back by chance"


def test_texts_that_come_back_often_are_a_category():
    columns = [*TEXT, Column("n", Role.NUMBER)]
    texts = [f"{BASE} {word}" for word in ("tulip", "marmot", "cobalt")] * 3
    near = near_rows(pl.DataFrame({"t": texts, "n": range(len(texts))}), columns)
    assert len(set(near.label.tolist())) == len(texts)
