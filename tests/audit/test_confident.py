"""Confident learning against the paper's formulas, and the share of wrong labels against what was planted."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from rung.audit.confident import confident_joint, noise_in, thresholds
from rung.audit.label_errors import label_errors, ranked
from rung.core.audited import Judged
from rung.core.types import Target, Task
from rung.testing.checks_audit import audited, clean_table


@st.composite
def judgements(draw, most=25):
    """Probabilities (N, C) of a few distinct values, so that ties happen, and given classes."""
    n, classes = draw(st.integers(1, most)), draw(st.integers(2, 5))
    weight = draw(st.lists(st.lists(st.integers(0, 4), min_size=classes, max_size=classes), min_size=n, max_size=n))
    raised = np.array(weight, np.float64) + 0.25
    given_N = draw(st.lists(st.integers(0, classes - 1), min_size=n, max_size=n))
    return raised / raised.sum(axis=1, keepdims=True), np.array(given_N, np.int64)


def slow_joint(p, given):
    """Equations 1 and 2 of Northcutt, Jiang and Chuang, set by set."""
    classes = range(len(p[0]))
    t = {}
    for j in classes:
        own = [row[j] for row, label in zip(p, given, strict=True) if label == j]
        t[j] = sum(own) / len(own) if own else None
    joint = [[0] * len(p[0]) for _ in classes]
    for row, label in zip(p, given, strict=True):
        over = [j for j in classes if t[j] is not None and row[j] >= t[j] - 1e-15]
        if over:
            joint[label][max(over, key=lambda j: (row[j], -j))] += 1
    return joint


@given(judgements())
def test_the_joint_is_that_of_the_paper(made):
    p_NC, given_N = made
    own = thresholds(p_NC, given_N)
    for j in range(p_NC.shape[1]):
        rows = [i for i in range(len(given_N)) if given_N[i] == j]
        assert own[j] == pytest.approx(np.mean([p_NC[i, j] for i in rows])) if rows else np.isinf(own[j])
    if all(abs(p_NC[:, j] - own[j]).min() > 1e-9 for j in range(p_NC.shape[1])):  # no tie that rounding would decide
        assert confident_joint(p_NC, given_N).tolist() == slow_joint(p_NC.tolist(), given_N.tolist())


@settings(max_examples=25)
@given(judgements())
def test_noise_is_a_share_with_its_interval_and_a_chance_a_row(made):
    p_NC, given_N = made
    noise = noise_in(p_NC.astype(np.float32), given_N)
    assert 0 <= noise.low <= noise.share + 1e-9
    assert noise.share <= noise.high + 1e-9
    assert noise.evidence >= 0
    assert ((noise.chance_N >= 0) & (noise.chance_N <= 1)).all()
    assert noise.share == pytest.approx(noise.chance_N.mean())
    assert sorted(ranked(noise, given_N).tolist()) == list(range(len(given_N)))


def drawn(rows, classes, sharp, share, seed=0):
    """Calibrated probabilities, labels drawn from them, and then wrong in `share` of the rows."""
    draw = np.random.default_rng(seed)
    logits = sharp * draw.normal(size=(rows, classes))
    p_NC = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    true_N = (p_NC.cumsum(axis=1) > draw.random((rows, 1))).argmax(axis=1)
    wrong = draw.random(rows) < share
    given_N = np.where(wrong, (true_N + draw.integers(1, classes, size=rows)) % classes, true_N)
    return p_NC.astype(np.float32), given_N.astype(np.int64), wrong


def test_the_fit_is_the_likeliest():
    p_NC, given_N, _ = drawn(1500, 3, 4.0, 0.06)
    noise = noise_in(p_NC, given_N)

    def loss(at):
        temperature, share = np.exp(at[0]), 1 / (1 + np.exp(-at[1]))
        q = p_NC.astype(np.float64) ** (1 / temperature)
        q /= q.sum(axis=1, keepdims=True)
        own = q[np.arange(len(q)), given_N]
        return -np.log((1 - share) * own + share / 3).sum()

    best = minimize(loss, [0.0, -2.0], method="Nelder-Mead")
    s = 1 / (1 + np.exp(-best.x[1]))
    q = p_NC.astype(np.float64) ** (1 / np.exp(best.x[0]))
    own = (q / q.sum(axis=1, keepdims=True))[np.arange(len(q)), given_N]
    chance = s / 3 * (1 - own) / ((1 - s) * own + s / 3)
    assert noise.share == pytest.approx(chance.mean(), rel=0.1)
    assert np.corrcoef(noise.chance_N, chance)[0, 1] > 0.999


@pytest.mark.parametrize("share", [0.02, 0.05, 0.1])
@pytest.mark.parametrize(("classes", "sharp"), [(2, 6.0), (10, 5.0)])
def test_the_planted_share_is_inside_the_interval(share, classes, sharp):
    p_NC, given_N, wrong = drawn(2000, classes, sharp, share)
    noise = noise_in(p_NC, given_N)
    assert noise.shown
    assert noise.low * 0.9 <= wrong.mean() <= noise.high * 1.1
    named = ranked(noise, given_N)[: wrong.sum() // 2]
    assert wrong[named].mean() > 0.6


@pytest.mark.parametrize(("classes", "sharp"), [(2, 1.0), (2, 6.0), (10, 1.0), (10, 5.0)])
def test_hard_rows_are_no_wrong_labels(classes, sharp):
    shown = 0
    for seed in range(5):
        p_NC, given_N, _ = drawn(1500, classes, sharp, 0.0, seed)
        shown += noise_in(p_NC, given_N).shown
        off = confident_joint(p_NC, given_N)
        assert off.sum() > off.diagonal().sum()  # where counting alone would have named some
    assert shown <= 1  # a level of 1 %


def test_labels_that_are_wrong_in_one_class_only_are_seen_through_the_joint():
    p_NC, given_N, _ = drawn(3000, 2, 6.0, 0.0)
    p_NC, given_N = p_NC[(keep := (given_N == 1) | (np.arange(3000) % 6 == 0))], given_N[keep].copy()
    few = np.flatnonzero(given_N == 0)
    given_N[few[: len(few) // 3]] = 1
    noise = noise_in(p_NC, given_N)
    assert noise.shown
    assert np.isin(ranked(noise, given_N)[:40], few[: len(few) // 3]).mean() > 0.8


def multilabel(p_NL, value):
    seen = audited(clean_table())
    target = Target(Task.MULTILABEL, value, ("sad", "glad", "mad"))
    return replace(seen, target=target, judged=lambda: Judged(np.arange(len(value)), p_NL))


def test_labels_of_a_set_are_judged_one_by_one():
    draw = np.random.default_rng(0)
    p_NL = (1 / (1 + np.exp(-draw.normal(0, 6, size=(120, 3))))).astype(np.float32)
    value = (draw.random((120, 3)) < p_NL).astype(np.uint8)
    p_NL[[3, 50, 70, 71]], value[[3, 50, 70, 71]] = [0.9999, 0.0001, 0.0001], [1, 0, 0]
    value[[3, 70], 0], value[[50, 71], 1] = 0, 1
    (found,) = label_errors(multilabel(p_NL, value))
    assert {3, 50, 70, 71} <= set(found.rows)
    said = dict(zip(found.rows, found.names, strict=True))
    assert said[3].startswith("looks like 'sad' too (")
    assert said[50].startswith("given 'glad', looks like none (")


def test_the_sentence_says_how_many_and_what_each_looks_like():
    p_NC, given_N, wrong = drawn(400, 2, 8.0, 0.05)
    frame = pl.DataFrame({"number": np.arange(400.0), "label": [["no", "yes"][g] for g in given_N]})
    seen = audited(frame, judged=lambda: Judged(np.arange(400), p_NC))
    (found,) = label_errors(seen)
    assert found.severity == "warn"
    assert found.sure == "likely"
    assert set(found.names[0].split("'")) & {"no", "yes"}
    assert wrong[list(found.rows)].mean() > 0.6
    assert f"{len(found.rows)} rows of 400" in found.what


@pytest.mark.parametrize(("sharp", "says"), [(2.5, ["note", "possible"]), (1.0, [])])
def test_a_model_that_errs_itself_does_not_accuse_for_sure(sharp, says):
    p_NC, given_N, _ = drawn(6000, 4, sharp, 0.08)
    frame = pl.DataFrame({"number": np.arange(6000.0), "label": [f"c{g}" for g in given_N]})
    found = list(label_errors(audited(frame, judged=lambda: Judged(np.arange(6000), p_NC))))
    assert [word for each in found for word in (each.severity, each.sure)] == says
    assert all("will be its own errors" in each.what and "%" in each.what for each in found)
    assert not any("Of all labels" in each.what for each in found)


def test_a_sample_is_called_one():
    p_NC, given_N, _ = drawn(400, 2, 8.0, 0.05)
    frame = pl.DataFrame({"number": np.arange(400.0), "label": [["no", "yes"][g] for g in given_N]})
    rows = np.arange(0, 400, 2)
    (found,) = label_errors(audited(frame, judged=lambda: Judged(rows, p_NC[rows])))
    assert "of 200 looked at" in found.what
    assert set(found.rows) <= set(rows.tolist())


def test_heavy_tails_are_no_odd_values():
    draw = np.random.default_rng(0)
    value = np.exp(draw.normal(5, 0.7, size=2000))
    judged = Judged(np.arange(2000), np.full((2000, 1), np.median(value), np.float32))
    frame = pl.DataFrame({"number": draw.normal(size=2000), "label": value})
    assert not list(label_errors(audited(frame, judged=lambda: judged)))


def test_dear_ones_are_no_odd_values_and_a_slipped_point_is():
    draw = np.random.default_rng(0)
    value = np.exp(draw.normal(5, 0.4, size=2000))
    said = value * np.exp(draw.normal(0, 0.3, size=2000))
    value[3], said[3] = 1900, 500  # dear
    frame = pl.DataFrame({"number": draw.normal(size=2000)})
    judged = Judged(np.arange(2000), said.astype(np.float32)[:, None])
    dear = list(label_errors(audited(frame.with_columns(label=pl.Series(value)), judged=lambda: judged)))
    value[3] *= 100
    (found,) = label_errors(audited(frame.with_columns(label=pl.Series(value)), judged=lambda: judged))
    assert found.rows == (3,)
    assert "a value of 'label'" in found.what
    assert not dear
