"""Alikeness of features and the general probe, against plain versions and known answers."""

import numpy as np
import pytest
from sklearn.linear_model import RidgeClassifier
from sklearn.model_selection import LeaveOneOut, cross_val_predict

from rung.core.rng import generator
from rung.evaluate.forgetting import RIDGE, cka, forgetting, moved, overlap, probe, topics_right


def features(seed, n=120, d=24):
    return generator(seed, "features").normal(size=(n, d)).astype(np.float32)


def test_cka_forgets_rotation_and_scale_and_sees_noise():
    x = features(0)
    turn = np.linalg.qr(features(1, 24, 24))[0]
    assert cka(x, 7 * x @ turn) == pytest.approx(1, abs=1e-5)
    assert cka(x, features(2)) < 0.4
    assert cka(x, np.zeros_like(x)) == 0


def test_cka_is_the_quotient_of_centred_gram_matrices():
    x, y = features(0), features(3) + features(0)
    centre = np.eye(120) - 1 / 120
    k, m = centre @ (x @ x.T) @ centre, centre @ (y @ y.T) @ centre
    assert cka(x, y) == pytest.approx((k * m).sum() / np.sqrt((k * k).sum() * (m * m).sum()), rel=1e-5)


def test_neighbours_that_stay_overlap_whole_and_strangers_by_chance():
    x = features(0)
    assert overlap(x, 3 * x) == 1
    assert overlap(x, features(5)) == pytest.approx(10 / 119, abs=0.04)


def test_the_probe_holds_ten_topics_of_twelve_sentences_each_once():
    assert len(set(probe().texts)) == 120
    assert np.bincount(probe().topic).tolist() == [12] * 10


def test_leave_one_out_in_closed_form_is_leave_one_out():
    x = features(0) + 1.2 * np.eye(10, 24)[probe().topic]
    centred = x - x.mean(0)
    strength = RIDGE * float((centred**2).sum()) / len(x)
    said = cross_val_predict(RidgeClassifier(alpha=strength), x, probe().topic, cv=LeaveOneOut())
    right = topics_right(x.astype(np.float32), probe().topic)
    assert (right == (said == probe().topic)).mean() > 0.97


def test_verdicts_follow_the_probe():
    knows = features(0) + 6 * np.eye(10, 24)[probe().topic].astype(np.float32)
    rows = (features(1), features(1))
    assert forgetting(moved(rows, (knows, knows)), "full").verdict == "no"
    assert forgetting(moved(rows, (knows, features(9))), "full").verdict == "yes"
    stretched = knows * np.geomspace(1, 30, 24).astype(np.float32)
    found = moved(rows, (knows, stretched))
    assert found.probe_cka < 0.9
    assert forgetting(found, "full").verdict == ("yes" if found.high < 0 else "some")
