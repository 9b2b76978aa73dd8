"""Kernels over series: the convolution and its features against plain loops, and what changes nothing."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rung.bundle.kernels import FEATURES, PLACES, TENSORS, Kernels, fit_kernels
from rung.core.blank import Blank
from rung.core.errors import BadShape
from rung.testing.curves import Curve, curves

KIND = np.arange(12) % 2


def plainly(kernels, raw):
    """Every feature by a loop over kernels and steps."""
    found = []
    for p, (dilation, triple) in enumerate(zip(kernels.dilation, kernels.triple, strict=True)):
        weight = np.full(9, -1.0)
        weight[PLACES[triple]] = 2.0
        x = raw[kernels.adds[p]].sum(0)
        reach = 4 * dilation
        padded = np.pad(x, reach)
        conv = np.array([weight @ padded[t : t + 8 * dilation + 1 : dilation] for t in range(len(x))])
        if (p // 84 + p % 84) % 2 and len(x) > 2 * reach:
            conv = conv[reach:-reach]
        found += [(conv > bias).mean() for bias in kernels.bias[kernels.begin[p] : kernels.begin[p + 1]]]
    return np.array(found)


@pytest.mark.parametrize(("steps", "channels"), [(5, 1), (40, 1), (300, 1), (30, 3)])
def test_features_are_shares_of_steps_above_each_bias(steps, channels):
    items = curves(KIND, steps=steps, channels=channels)
    kernels = fit_kernels("x", items, seed=1, features=84 * 4)
    found = kernels.apply(items[:2])
    for row, item in zip(found, items, strict=False):
        assert np.abs(row[:-2] - plainly(kernels, item.values().astype(np.float64))).max() <= 2.01 / steps  # rounding


def test_there_are_119_features_a_kernel_and_dilations_reach_over_the_series():
    kernels = fit_kernels("x", curves(KIND, steps=150), seed=0)
    assert len(kernels.bias) == FEATURES == 84 * 119
    assert kernels.dilation.max() == (150 - 1) // 8
    assert (np.bincount(kernels.triple, np.diff(kernels.begin)) == 119).all()


def test_biases_lie_within_the_convolutions_of_training_rows():
    kernels = fit_kernels("x", curves(KIND), seed=0)
    shares = kernels.apply(curves(KIND))[:, :-2]
    assert 0.2 < shares.mean() < 0.8
    assert ((shares >= 0) & (shares <= 1)).all()


def test_the_order_of_rows_does_not_matter():
    items = curves(KIND, steps=20)
    one, other = (fit_kernels("x", some, seed=3, features=84 * 2) for some in (items, items[::-1]))
    assert all(np.array_equal(one.tensors()[name], other.tensors()[name]) for name in TENSORS)


@pytest.fixture(scope="module")
def two_channels():
    return fit_kernels("x", curves(KIND, channels=2), seed=0, features=84 * 3)


@settings(max_examples=10)
@given(rows=st.lists(st.integers(1, 70), min_size=1, max_size=9))
def test_a_row_has_the_same_features_alone_and_among_rows_of_other_lengths(two_channels, rows):
    kernels = two_channels
    items = [curves(KIND[:1], seed=i, steps=steps, channels=2)[0] for i, steps in enumerate(rows)]
    together = kernels.apply(items)
    assert np.array_equal(together, np.concatenate([kernels.apply([item]) for item in items]))
    assert np.isfinite(together).all()


def test_another_seed_draws_other_biases():
    one, other = (fit_kernels("x", curves(KIND), seed=seed, features=84) for seed in (0, 1))
    assert not np.array_equal(one.bias, other.bias)


def test_gaps_are_bridged_and_their_share_is_a_feature():
    kernels = fit_kernels("x", curves(KIND, steps=40), seed=0, features=84)
    ramp = np.linspace(0, 1, 40, dtype=np.float32)[None]
    gaps = ramp.copy()
    gaps[0, 10:14] = np.nan
    whole, holed = kernels.apply([Curve(ramp), Curve(gaps)])
    assert np.abs(whole[:-2] - holed[:-2]).max() <= 2 / 40
    assert (whole[-2], holed[-2]) == (0, np.float32(0.1))


def test_a_missing_series_is_flagged_and_else_like_the_average(two_channels):
    shown = curves(KIND, channels=2)
    gone = two_channels.apply([Blank()])[0]
    assert gone[-2:].tolist() == [1, 0]
    assert np.abs(gone[:-2].mean() - two_channels.apply(shown)[:, :-2].mean()) < 0.1
    again = fit_kernels("x", [*shown, Blank()], seed=0, features=84 * 3)
    assert all(np.array_equal(again.tensors()[name], two_channels.tensors()[name]) for name in TENSORS)


def test_another_number_of_channels_is_refused(two_channels):
    with pytest.raises(BadShape, match="wanted 2 channels, got 1"):
        two_channels.apply(curves(KIND[:1]))


def test_tensors_make_the_same_kernels():
    kernels = fit_kernels("x", curves(KIND), seed=0, features=84)
    again = Kernels("x", *(kernels.tensors()[name] for name in TENSORS))
    assert np.array_equal(again.apply(curves(KIND)), kernels.apply(curves(KIND)))
