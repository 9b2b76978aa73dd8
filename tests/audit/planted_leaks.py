"""Planted faults: telltale columns, groups, order, time, shift, outliers, holes."""

from dataclasses import replace
from io import BytesIO

import numpy as np
import polars as pl
from planted_faults import planted

from rung.core.audited import Vectors
from rung.core.rng import generator
from rung.core.types import Role
from rung.testing.checks_audit import ROLES, audited, clean_table


def spoilt(values, share=0.02):
    """The values, some of them another row's."""
    draw = generator(0, "spoilt")
    return np.where(draw.random(len(values)) < share, draw.permutation(values), values)


@planted
def telltale():
    frame = clean_table(600)
    return audited(frame.with_columns(kind=pl.Series(spoilt(frame["label"].to_numpy())))), ()


@planted
def telltale_word():
    frame = clean_table(200)
    said = ["Left us in May" if label == "yes" else "Still with us" for label in frame["label"]]
    texts = [f"{text} {end}" for text, end in zip(frame["text"], said, strict=True)]
    return audited(frame.with_columns(text=pl.Series(texts))), ()


@planted
def telltale_length():
    frame = clean_table(300).with_columns(
        text=pl.when(pl.col("label") == "yes").then(pl.col("text").str.head(20)).otherwise(pl.col("text"))
    )
    return audited(frame), ()


@planted
def telltale_order():
    frame = clean_table(300).sort("label", maintain_order=True)
    return audited(frame.with_columns(number=pl.Series(np.arange(1000.0, 1300.0)))), ()


def picture(number, size=(8, 8)):
    from PIL import Image

    pixels = generator(number, "picture").integers(256, size=(*size, 3)).astype(np.uint8)
    buffer = BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


@planted
def media_made():
    label = ["ab"[i % 2] for i in range(60)]
    files = [picture(i, (8, 8) if i % 2 else (9, 8)) for i in range(60)]
    frame = pl.DataFrame({"photo": files, "label": label})
    return audited(frame, roles={"photo": Role.IMAGE, "label": Role.TARGET}), ()


@planted
def media_extent():
    frame = pl.DataFrame({"wave": [[0.1] * (20 + 30 * (i % 2) + i % 7) for i in range(100)], "label": ["a", "b"] * 50})
    return audited(frame, roles={"wave": Role.SERIES, "label": Role.TARGET}), ()


@planted
def likely_group():
    frame = clean_table(200)
    user = [f"u{2 * (i // 10) + i % 2}" for i in range(200)]
    test = clean_table(40, seed=1).with_columns(user=pl.Series(["u3", "new"] * 20))
    frame = frame.with_columns(user=pl.Series(user))
    return audited(frame, test, roles=ROLES | {"user": Role.CATEGORY}), tuple(range(0, 40, 2))


@planted
def possible_group():
    """Whoever is behind x7 has one number of their own in all of their rows."""
    draw = generator(0, "unnamed")
    who, weight = draw.permutation(np.arange(200) % 40), draw.normal(size=40).round(3)
    frame = clean_table(200).with_columns(x7=pl.Series(who + 100), weight=pl.Series(weight[who]))
    test = clean_table(20, seed=1).with_columns(x7=pl.Series([103, 999] * 10), weight=pl.lit(0.5))
    roles = ROLES | {"x7": Role.NUMBER, "weight": Role.NUMBER}
    return audited(frame, test, roles=roles), tuple(range(0, 20, 2))


def voices(rows=200):
    """Sounds named by class, speaker and number, and vectors that lie around the speaker's own."""
    draw = generator(0, "voices")
    who, what = draw.integers(8, size=rows), draw.integers(2, size=rows)
    own = draw.normal(size=(8, 16))
    x_ND = (own[who] + 0.3 * draw.normal(size=(rows, 16))).astype(np.float32)
    names = [f"{what[i]}_s{who[i]}_{i}.wav" for i in range(rows)]
    return pl.DataFrame({"sound": names, "label": [str(each) for each in what]}), x_ND


@planted
def alike_group():
    frame, x_ND = voices()
    test = pl.DataFrame({"sound": ["0_s1_900.wav", "1_new_901.wav"], "label": ["0", "1"]})
    seen = audited(frame, test, roles={"sound": Role.AUDIO, "label": Role.TARGET})
    return replace(seen, vectors=lambda *_: Vectors(np.arange(len(x_ND)), x_ND)), (0,)


@planted
def old_test_rows():
    day = pl.Series([f"2024-01-{1 + i % 28:02}" for i in range(120)])
    test = clean_table(3, seed=1).with_columns(day=pl.Series(["2024-02-01", "2024-01-05", None]))
    frame = clean_table().with_columns(day=day)
    return audited(frame, test, roles=ROLES | {"day": Role.IGNORE}, time="day"), (1,)


@planted
def target_drifts():
    frame = clean_table(200)
    day = pl.Series([f"202{4 + (each == 'yes')}-{1 + i % 12:02}-01" for i, each in enumerate(frame["label"])])
    return audited(frame.with_columns(day=day), roles=ROLES | {"day": Role.DATETIME}), ()


@planted
def column_shift():
    return audited(clean_table(), clean_table(60, seed=1).with_columns(pl.col("number") + 2)), ()


@planted
def label_shift():
    return audited(clean_table(), clean_table(200, seed=1).filter(pl.col("label") == "no")), ()


@planted
def embedding_shift():
    test = clean_table(120, seed=1).with_columns(text=pl.lit("once upon a time ") + pl.col("text"))
    return audited(clean_table(), test), ()


@planted
def outliers():
    frame, x_ND = voices()
    far = generator(1, "far").normal(size=16)
    x_ND = np.concatenate([x_ND, 9 * far[None].astype(np.float32)])
    frame = pl.concat([frame, pl.DataFrame({"sound": ["odd.wav"], "label": ["0"]})])
    seen = audited(frame, roles={"sound": Role.AUDIO, "label": Role.TARGET})
    return replace(seen, vectors=lambda *_: Vectors(np.arange(len(x_ND)), x_ND)), (200,)


@planted
def extreme_number():
    number = clean_table()["number"].to_list()
    number[7], number[9] = 4000.0, -900.0
    return audited(clean_table().with_columns(number=pl.Series(number))), (7, 9)


@planted
def missing_values():
    hole = pl.Series(np.arange(120) % 4 < 2)
    frame = clean_table().with_columns(number=pl.when(hole).then(None).otherwise(pl.col("number")))
    return audited(frame), tuple(i for i in range(120) if i % 4 < 2)


@planted
def missing_tells():
    number = pl.when(pl.col("label") == "yes").then(pl.col("number"))
    return audited(clean_table().with_columns(number=number)), ()


@planted
def missing_shift():
    return audited(clean_table(), clean_table(60, seed=1).with_columns(kind=pl.lit(None, pl.String))), ()
