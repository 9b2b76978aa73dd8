"""Series from every kind of table, and what of a row can't be read."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rung.core.errors import BadOption, BadTarget, UnreadableFile, UnreadableMedia, UsageError
from rung.core.types import Column, Role
from rung.data.damage import damage
from rung.data.gather import find, gathered
from rung.data.read import read
from rung.data.roles import infer
from rung.data.series import RATE, SIDE, Series, series_of

N, T = 12, 10
X = np.random.default_rng(0).normal(size=(N, T)).round(3)
LABEL = ["a", "b"] * (N // 2)


def wide(names=None):
    names = names or [f"t{i}" for i in range(T)]
    return pl.DataFrame({name: X[:, i] for i, name in enumerate(names)} | {"label": LABEL})


def long(seed=0):
    rows = [{"id": i, "time": t, "value": X[i, t], "label": LABEL[i]} for i in range(N) for t in range(T)]
    return pl.DataFrame(rows).sample(fraction=1, shuffle=True, seed=seed)


LONG = {"id": Role.ID, "time": Role.DATETIME, "value": Role.SERIES}


def values(frame, column):
    return np.stack([each.values()[0] for each in series_of(frame[column])])


def roles(frame, **options):
    return {column.name: column.role.value for column in infer(frame, target="label", **options)}


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ([f"t{i}" for i in range(T)], "t"),
        ([f"step_{i:03}" for i in range(5, 5 + T)], "step"),
        ([str(i) for i in range(T)], "series"),
        ([f"x[{i}" for i in range(T)], "x"),
    ],
)
def test_columns_with_one_stem_and_consecutive_numbers_are_a_series(names, said):
    frame = wide(names)
    columns = infer(frame, target="label")
    assert [(column.name, column.role) for column in columns] == [(said, Role.SERIES), ("label", Role.TARGET)]
    assert np.allclose(values(gathered(frame, columns), said), X, atol=1e-6)


@given(order=st.permutations(range(T)))
def test_the_order_of_wide_columns_does_not_matter(order):
    frame = wide()
    columns = infer(frame, target="label")
    shuffled = frame.select("label", *(f"t{i}" for i in order), pl.lit(1).alias("more"))
    assert np.allclose(values(gathered(shuffled, columns), "t"), X, atol=1e-6)


@pytest.mark.parametrize(
    ("frame", "overrides"),
    [
        (wide().drop("t4"), {}),  # a gap in the numbers
        (wide().select([f"t{i}" for i in range(7)] + ["label"]), {}),  # too few
        (wide(), {"t*": Role.NUMBER}),
        (wide().with_columns(pl.lit("w").alias(f"t{i}") for i in range(3)), {}),  # too many of them words
    ],
)
def test_other_columns_stay_columns(frame, overrides):
    assert "series" not in roles(frame, overrides=overrides).values()


def test_a_wildcard_names_a_series_that_is_not_seen():
    frame = wide().select("t0", "t5", "t9", "label")
    columns = infer(frame, target="label", overrides={"t*": Role.SERIES})
    assert np.allclose(values(gathered(frame, columns), "t"), X[:, [0, 5, 9]], atol=1e-6)


def test_a_column_that_is_ignored_is_no_step():
    assert roles(wide(), overrides={"t9": Role.IGNORE}) == {"t": "series", "t9": "ignore", "label": "target"}


def test_a_name_that_is_taken_is_not_given_to_a_series():
    assert "t0..t9" in roles(wide().with_columns(t=pl.lit("so good")))


def test_missing_steps_are_named():
    frame = wide()
    with pytest.raises(UsageError, match="series 't': wanted all 10 columns, t0 to t9, got none named t3, t7"):
        gathered(frame.drop("t3", "t7"), infer(frame, target="label"))


def test_a_word_in_a_wide_table_is_a_row_that_cannot_be_read():
    frame = wide().with_columns(t3=pl.Series(["abc", "NA", *map(str, X[2:, 3])]))
    columns = infer(frame, target="label")
    usable, found = damage(gathered(frame, columns), columns)
    assert usable.tolist() == [False] + [True] * (N - 1)
    assert "row 0: column 't': 'abc' at step 3, which is no number" in found[0].what
    assert np.isnan(series_of(gathered(frame, columns)["t"])[1].values()[0, 3])


@given(seed=st.integers(0, 9))
def test_a_long_table_has_a_row_an_id_in_order_of_time(seed):
    frame = long(seed)
    columns = infer(frame, target="label", overrides=LONG)
    found = gathered(frame, columns)
    ids = found["id"].to_list()
    assert ids == frame["id"].unique(maintain_order=True).to_list()
    assert np.allclose(values(found, "value"), X[ids], atol=1e-6)
    assert found["label"].to_list() == [LABEL[i] for i in ids]


def test_times_may_be_dates_and_values_several_channels():
    frame = long().with_columns(time=pl.datetime(2024, 1, 1) + pl.duration(days="time"), other=-pl.col("value"))
    columns = infer(frame, target="label", overrides={**LONG, "other": Role.SERIES})
    first = series_of(gathered(frame, columns)["value"])[0].values()
    assert first.shape == (2, T)
    assert np.array_equal(first[0], -first[1])


def test_what_changes_within_an_id_is_left_out():
    frame = long().with_columns(site=pl.col("id") % 3, noise=pl.Series(np.arange(N * T) % 7))
    assert roles(frame, overrides=LONG) == {"id": "id", "label": "target", "site": "number", "value": "series"}


def test_two_labels_of_one_id_are_refused():
    frame = long().with_columns(label=pl.when(pl.col("time") == 3).then(pl.lit("c")).otherwise("label"))
    with pytest.raises(BadTarget, match="wanted one label for each id, got 12 with more, such as 0"):
        infer(frame, target="label", overrides=LONG)


def test_one_column_of_numbers_without_an_id_is_refused():
    with pytest.raises(BadOption, match=r"one number a row\. Say which column is the id"):
        infer(long(), target="label", overrides={"value": Role.SERIES})


CELLS = [
    pl.Series("x", X.tolist()),
    pl.Series("x", X),  # an array of one width
    pl.Series("x", [[row] for row in X.tolist()]),
    pl.Series("x", [{"one": row} for row in X.tolist()]),
    pl.Series("x", [str(row) for row in X.tolist()]),
    pl.Series("x", ["[" + " ".join(map(str, row)) + "]" for row in X.tolist()]),  # as numpy prints it
]


@pytest.mark.parametrize("cells", CELLS, ids=lambda cells: str(cells.dtype)[:20])
def test_lists_in_cells_are_series(cells):
    frame = pl.DataFrame([cells, pl.Series("label", LABEL)])
    assert roles(frame)["x"] == "series"
    assert np.allclose(values(frame, "x"), X, atol=1e-6)


def test_ends_without_values_are_no_steps_and_infinities_are_missing():
    found = series_of(pl.Series([[1.0, float("inf"), 3.0, None], [None, None], [], None]))
    assert np.array_equal(found[0].values(), [[1, np.nan, 3]], equal_nan=True)
    assert found[1:] == [None, None, None]


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ([[[1.0, 2.0], [1.0]]], r"channels of unequal length \(1, 2\)"),
        ([[[1.0], [2.0]]] * 3 + [[[1.0]]], "1 channels where others have 2"),
    ],
)
def test_rows_unlike_the_others_say_why(cells, said):
    with pytest.raises(UnreadableMedia, match=said):
        series_of(pl.Series(cells))[-1].values()


def test_flat_series_are_noticed():
    frame = pl.DataFrame({"x": [[1.0, 1.0], [1.0, 2.0]]})
    _, found = damage(frame, [Column("x", Role.SERIES)])
    assert [(each.check, each.rows) for each in found] == [("flat_series", (0,))]


def test_equal_values_are_equal_wherever_they_came_from():
    made = series_of(gathered(wide(), infer(wide(), target="label"))["t"])
    assert made == series_of(pl.Series(X.tolist()))
    assert len({each.key for each in made}) == N


def test_an_npz_file_has_series_labels_and_lengths(tmp_path):
    lengths = np.arange(N) % 5 + 5
    np.savez(tmp_path / "a.npz", X=X[:, None].astype(np.float32), y=np.array(LABEL), lengths=lengths)
    sheet = read(tmp_path / "a.npz")
    assert sheet.target == "y"
    assert [each.values().shape for each in series_of(sheet.frame["X"])] == [(1, length) for length in lengths]


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"data": X, "y": np.array(LABEL)}, r"data \(12, 10\), y \(12,\). Name them X and y"),
        ({"X": X, "y": np.array(LABEL[:3])}, r"one value each of X's 12 rows, got X \(12, 10\), y \(3,\)"),
        ({"X": X, "y": np.array(LABEL, object)}, "pickled objects, which can run code"),
        ({"X": X, "lengths": np.full(N, 99)}, "whole numbers from 0 to 10"),
    ],
)
def test_other_npz_files_are_refused(tmp_path, arrays, said):
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(UnreadableFile, match=said):
        read(tmp_path / "a.npz")


def test_a_damaged_npz_file_is_refused(tmp_path):
    (tmp_path / "a.npz").write_bytes(b"PK\x03\x04 nothing")
    with pytest.raises(UnreadableFile, match="npz"):
        read(tmp_path / "a.npz")


def test_a_picture_shows_the_series_whatever_its_scale():
    ramp = Series("a", np.linspace(0, 1, 50, dtype=np.float32)[None])
    pixels = np.asarray(ramp.image())
    assert pixels.shape == (SIDE, SIDE, 3)
    assert np.abs(pixels.astype(int) - np.asarray(Series("b", ramp.raw * 9 - 4).image())).max() <= 1
    assert (np.diff(pixels[0, :, 0].astype(int)) <= 0).all()  # ever farther from the first value
    assert np.asarray(Series("c", np.repeat(ramp.raw, 3, axis=0)).image()).shape == (2 * SIDE, 2 * SIDE, 3)


def test_a_tone_rises_with_the_series():
    clip = Series("a", np.linspace(0, 1, 50, dtype=np.float32)[None]).clip()
    assert (len(clip.samples), clip.rate) == (RATE, RATE)
    parts = np.array_split(clip.samples, 4)
    loudest = [np.abs(np.fft.rfft(part)).argmax() for part in parts]
    assert loudest == sorted(loudest)
    assert loudest[-1] > 5 * loudest[0]


def test_numbered_features_that_do_not_follow_each_other_are_no_series():
    draw = np.random.default_rng(0)
    features = {f"V{i}": draw.normal(size=60) for i in range(1, 13)}
    walk = np.cumsum(draw.normal(size=(60, 12)), axis=1)
    steps = {f"V{i + 1}": walk[:, i] for i in range(12)}
    label = {"y": ["a", "b"] * 30}
    assert not find(pl.DataFrame(features | label), {}, target="y").columns
    assert [each.name for each in find(pl.DataFrame(steps | label), {}, target="y").columns] == ["V"]
    named = {name.replace("V", "t"): values for name, values in features.items()}
    assert [each.name for each in find(pl.DataFrame(named | label), {}, target="y").columns] == ["t"]
