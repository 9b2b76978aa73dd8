"""A split holds near copies together; a chain of them that is too long is said, and left loose."""

import polars as pl
import pytest

from rung.recipes.audited import noticed
from rung.recipes.fit import fit
from rung.recipes.options import checked
from rung.recipes.prepare import prepare
from rung.report.sentences import closing
from rung.testing.checks_audit import clean_table


def edited(text):
    return text.capitalize().replace(" ", ", ", 1) + "!"


@pytest.fixture
def doubled():
    frame = clean_table(100).select("text", "label")
    return pl.concat([frame, frame.with_columns(text=pl.Series([edited(text) for text in frame["text"]]))])


@pytest.mark.parametrize("seed", range(3))
def test_near_copies_never_straddle_a_split(doubled, seed):
    prepared = prepare(doubled, checked(target="label", seed=seed))
    sides = [set((part.row % 100).tolist()) for part in (prepared.pool, prepared.test)]
    assert not sides[0] & sides[1]
    assert len(prepared.test.row) == pytest.approx(40, abs=4)
    source = prepared.pool.row % 100
    for fold in prepared.plan.folds:
        assert not set(source[fold.train].tolist()) & set(source[fold.validation].tolist())


@pytest.mark.parametrize("seed", range(3))
def test_what_stands_beside_a_text_parts_no_near_copies(doubled, seed):
    """A ticket sent again: the same words, another amount and another date."""
    rows = len(doubled)
    beside = {
        "amount": [round(1.7 * row, 2) for row in range(rows)],
        "on": [f"2024-{1 + row % 12:02}-03" for row in range(rows)],
    }
    prepared = prepare(
        doubled.with_columns(**{k: pl.Series(v) for k, v in beside.items()}), checked(target="label", seed=seed)
    )
    sides = [set((part.row % 100).tolist()) for part in (prepared.pool, prepared.test)]
    assert not sides[0] & sides[1]
    (found,) = [each for each in noticed(prepared, checked(target="label")).findings if each.check == "near_duplicates"]
    assert len(found.rows) == len(prepared.pool.row) // 2
    assert f"{len(found.rows)} of them beside other values" in found.what


def test_a_column_that_copies_the_target_parts_no_near_copies(doubled):
    told = doubled.with_columns(told=pl.col("label") + "!")
    prepared = prepare(told, checked(target="label"))
    sides = [set((part.row % 100).tolist()) for part in (prepared.pool, prepared.test)]
    assert not sides[0] & sides[1]


@pytest.mark.parametrize("seed", range(3))
def test_rows_that_a_copy_of_the_target_alone_parted_are_on_one_side(seed):
    """Short texts are copies only with all else equal, and nothing else is once the copy is left out."""
    frame = pl.DataFrame({"text": [f"no {row % 60}" for row in range(120)], "label": ["a"] * 60 + ["b"] * 60})
    told = frame.with_columns(told=pl.col("label") + "!")
    prepared = prepare(told, checked(target="label", seed=seed), None)
    sides = [set((part.row % 60).tolist()) for part in (prepared.pool, prepared.test)]
    assert not sides[0] & sides[1]
    assert len(prepared.pool.row) + len(prepared.test.row) == 120


def test_in_time_near_copies_stay_where_they_are(doubled):
    dated = doubled.with_columns(day=pl.date(2024, 1, 1) + pl.duration(days=pl.int_range(200)))
    prepared = prepare(dated, checked(target="label", time="day"))
    assert prepared.test.row.tolist() == list(range(160, 200))


def test_a_given_test_file_stays_as_it_is(doubled):
    prepared = prepare(doubled[:100], checked(target="label"), doubled[100:])
    assert len(prepared.pool.row) == len(prepared.test.row) == 100


def test_a_long_chain_is_said_and_left_loose():
    words = [f"{a}{b}{c}" for a in "bdfgkl" for b in "aeiou" for c in "mnprst"]
    texts = [" ".join(words[: 60 + more]) for more in range(100)]
    frame = pl.DataFrame({"text": texts, "label": ["a", "b"] * 50})
    prepared = prepare(frame, checked(target="label"))
    (found,) = [each for each in prepared.findings if each.check == "near_chains"]
    assert len(found.rows) > 50
    assert len(prepared.test.row) == pytest.approx(20, abs=2)


@pytest.mark.journey
def test_a_fit_tells_what_copies_in_the_test_add(doubled, fake, tmp_path):
    fresh = clean_table(60, seed=3).select("text", "label")
    test = pl.concat([doubled[100:130], doubled[:10], fresh])
    run = fit(doubled[:100], target="label", test=test, max_rung="classic", out=tmp_path / "run")
    found = run.evidence.leak
    assert (found.rows, found.of) == (40, 100)
    assert found.without.low < found.without.value < found.without.high
    assert found.price == pytest.approx(run.evidence.test["accuracy"].value - found.without.value)
    assert any("repeat training rows" in sentence for sentence in closing(run.evidence))
