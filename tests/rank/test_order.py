"""The probe decides; LogME only where noise can't tell two candidates apart."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from rung.rank.latency import milliseconds
from rung.rank.order import ordered
from rung.testing.fakes import FakeEmbedder


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(-2, 2)), min_size=1, max_size=8))
def test_without_noise_the_probe_alone_decides(given_):
    score, logme = zip(*given_, strict=True)
    groups = ordered(score, logme, lambda a, b: False)
    assert [score[group[0]] for group in groups] == sorted(score, reverse=True)


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(-2, 2)), min_size=1, max_size=8), st.floats(0, 1))
def test_every_candidate_has_one_place(given_, width):
    score, logme = zip(*given_, strict=True)
    groups = ordered(score, logme, lambda a, b: abs(score[a] - score[b]) <= width)
    assert sorted(a for group in groups for a in group) == list(range(len(score)))


def test_logme_breaks_ties_and_nothing_else():
    score, logme = [0.90, 0.89, 0.60], [0.1, 0.2, 9.0]
    assert ordered(score, logme, lambda a, b: abs(score[a] - score[b]) < 0.05) == [[1, 0], [2]]


def test_an_unknown_logme_wins_no_tie():
    assert ordered([0.9, 0.9], [np.nan, -3.0], lambda a, b: True) == [[1, 0]]


def test_latency_looks_nothing_up_and_keeps_nothing():
    fake = FakeEmbedder()
    fake(["seen"])
    assert milliseconds(fake, [["seen"]] * 8) > 0
    assert fake.rows == 1
