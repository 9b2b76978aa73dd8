"""Who ties on a ranking's rows: the paired difference decides, and LogME only where that is noise."""

from types import SimpleNamespace

import numpy as np

from rung.core.evidence import RankedBackbone
from rung.metrics.accuracy import accuracy
from rung.metrics.interval import interval_of
from rung.recipes.ranked import Tried, in_order

N = 200
TRUTH = np.arange(N) % 2


def right_on(rows, name, logme, cluster):
    said = np.eye(2, dtype=np.float32)[1 - TRUTH]
    said[rows] = np.eye(2, dtype=np.float32)[TRUTH[rows]]
    score = interval_of(accuracy, TRUTH, said, cluster=cluster)
    return Tried(RankedBackbone(name, "ranked", score=score, logme=logme, hscore=0.0), said)


def ranked(*right, cluster=None):
    """The order of candidates that are right on these rows; LogME likes each better than the one before."""
    rows = SimpleNamespace(metric=accuracy, truth=TRUTH, cluster=np.arange(N) if cluster is None else cluster, seed=0)
    listed, why = in_order([right_on(each, "abc"[i], i / 10, rows.cluster) for i, each in enumerate(right)], rows)
    return "".join(each.id for each in listed), [each.tied for each in listed], why


def test_right_wherever_the_other_is_and_more_is_no_tie_though_the_scores_alone_would_be():
    order, tied, why = ranked(np.arange(148), np.arange(140))  # 74 % and 70 %: unpaired, an error of 4.5 points
    assert (order, tied) == ("ab", [False, False])
    assert "over b" in why


def test_as_much_more_with_each_right_elsewhere_is_a_tie_that_logme_breaks():
    order, tied, why = ranked(np.arange(148), np.arange(60, 200))  # as far apart, on 112 rows one alone is right
    assert (order, tied) == ("ba", [True, True])
    assert "LogME, 0.100, breaks the tie" in why


def test_equal_predictions_are_a_tie():
    assert ranked(np.arange(140), np.arange(140))[:2] == ("ba", [True, True])


def test_rows_that_belong_together_count_once():
    apart = (np.arange(150), np.r_[20:150, 160:170])
    assert ranked(*apart)[1] == [False, False]
    assert ranked(*apart, cluster=np.arange(N) // 10)[1] == [True, True]  # two groups of ten against one


def test_a_tie_of_a_tie_is_none():
    a, b, c = np.arange(160), np.r_[0:130, 160:184], np.arange(150)
    assert ranked(a, b)[1] == ranked(b, c)[1] == [True, True]
    order, tied, _ = ranked(a, b, c)
    assert (order, tied) == ("bac", [True, True, False])  # c comes after both, whatever its LogME
