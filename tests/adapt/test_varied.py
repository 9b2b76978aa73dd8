"""What each change does to an image or a sound, and how rows are mixed."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from rung.adapt.training.mix import ALPHA, mix
from rung.adapt.training.varied import GAIN_DB, IMAGE, JITTER, NOISE_DB, SERIES, SHIFT, SOUND, Varied
from rung.data.series import Series
from rung.testing.curves import Curve, curves
from rung.testing.senses import Noise, Picture, noises, pictures

ONE = pictures(np.array([1]))[0]
WAVE = curves(np.array([1]), steps=400, channels=2)[0]
TONE = noises(np.array([1]), seconds=1.0)[0]


def seen(name, seed=0, item=ONE):
    return np.asarray(Varied(item, (name,), seed).image())


def heard(name, seed=0, item=TONE):
    return Varied(item, (name,), seed).clip().samples


def followed(name, seed=0, item=WAVE):
    return Varied(item, (name,), seed).values()


@pytest.mark.parametrize("name", [*IMAGE, *SOUND, *SERIES])
def test_a_view_is_the_same_for_the_same_seed_and_another_for_another(name):
    look = seen if name in IMAGE else heard if name in SOUND else followed
    views = [look(name, seed) for seed in range(8)]
    assert np.array_equal(views[0], look(name, 0))
    assert len({view.tobytes() for view in views}) > (1 if name == "flip" else 7)
    assert {view.shape for view in views} == {views[0].shape}
    assert len({Varied(ONE, (name,), seed).key for seed in range(8)}) == 8


def test_a_crop_is_a_part_of_the_image_enlarged():
    down, across = np.mgrid[:60, :80]
    ramp = np.stack([down * 4, across * 3, down * 0], axis=2).astype(np.uint8)
    for seed in range(20):
        found = seen("crop", seed, Picture(ramp)).astype(float)
        steps = np.diff(found[30, 5:-5, 1]).mean() / 3, np.diff(found[5:-5, 40, 0]).mean() / 4
        assert all(0.4 < step <= 1.01 for step in steps)  # pixels of the old image that one of the new spans
        assert 0.37 < steps[0] * steps[1] <= 1.02


def test_flip_mirrors_about_half_of_the_views():
    mirrored = [np.array_equal(seen("flip", seed), ONE.pixels[:, ::-1]) for seed in range(200)]
    plain = [np.array_equal(seen("flip", seed), ONE.pixels) for seed in range(200)]
    assert all(a != b for a, b in zip(mirrored, plain, strict=True))
    assert 70 < sum(mirrored) < 130


def test_rotation_turns_about_the_middle_by_fifteen_degrees_at_most():
    pixels = np.zeros((61, 61, 3), np.uint8)
    pixels[:, 30] = 255
    turned = []
    for seed in range(40):
        found = seen("rotation", seed, Picture(pixels)).astype(float)[..., 0]
        assert found[30, 30] > 200
        high, low = found[8].argmax(), found[52].argmax()
        turned.append(np.degrees(np.arctan2(low - high, 44)))
    assert 8 < np.abs(turned).max() < 17
    assert min(turned) < 0 < max(turned)


def test_colour_changes_values_and_moves_nothing():
    pixels = np.full((8, 8, 3), (200, 100, 50), np.uint8)
    found = np.stack([seen("colour", seed, Picture(pixels)) for seed in range(30)]).astype(float)
    assert (found.std((1, 2)) == 0).all()
    assert (found.std(0) > 10).any(axis=(0, 1)).all()


def test_a_shifted_sound_is_the_sound_elsewhere():
    x, n = TONE.clip().samples, len(TONE.clip().samples)
    for seed in range(20):
        found = heard("shift", seed)
        inside = np.flatnonzero(found)
        by = inside[0] if found[0] == 0 else inside[-1] + 1 - n
        assert abs(by) <= SHIFT * n + 1
        moved = x[: n - by] if by >= 0 else x[-by:]
        assert np.array_equal(found[max(0, by) : n + min(0, by)], moved)


def test_gain_is_one_factor_within_six_decibels():
    for seed in range(20):
        ratio = heard("gain", seed) / TONE.clip().samples
        assert ratio.std() < 1e-4
        assert abs(20 * np.log10(ratio.mean())) <= GAIN_DB + 1e-3


def test_noise_lies_ten_to_thirty_decibels_below():
    x = TONE.clip().samples
    for seed in range(20):
        added = heard("noise", seed) - x
        level = 10 * np.log10(np.square(x).mean() / np.square(added).mean())
        assert NOISE_DB[0] - 0.3 < level < NOISE_DB[1] + 0.3


def test_specaugment_silences_a_stretch_and_a_band():
    white = Noise(np.random.default_rng(0).normal(size=16_000).astype(np.float32) * 0.1)
    for seed in range(10):
        found = heard("specaugment", seed, white)
        silent = found == 0
        assert silent.mean() <= 0.2
        spoken = np.abs(np.fft.rfft(np.where(silent, 0, found))) ** 2
        kept = spoken.sum() / (np.abs(np.fft.rfft(white.clip().samples)) ** 2).sum()
        assert 0.3 < kept < 1
    strong = [np.abs(np.fft.rfft(heard("specaugment", seed, white))) for seed in range(10)]
    least = [np.convolve(each, np.ones(40) / 40, "valid").min() / each.mean() for each in strong]
    assert np.median(least) < 0.3  # a band where little is left


def test_jitter_is_white_noise_of_a_tenth_of_the_spread():
    added = followed("jitter") - WAVE.values()
    share = added.std(1) / WAVE.values().std(1)
    assert np.allclose(share, JITTER, rtol=0.2)
    assert abs(np.corrcoef(added[0, 1:], added[0, :-1])[0, 1]) < 0.2


def test_scaling_is_a_factor_that_drifts_in_a_straight_line():
    flat = Curve(np.ones((2, 50), np.float32))
    found = np.stack([followed("scaling", seed, flat) for seed in range(40)])
    assert np.allclose(np.diff(found, 2, axis=2), 0, atol=1e-5)
    assert 0.05 < found[:, :, 0].std() < 0.15
    assert not np.allclose(found[:, 0], found[:, 1])


def test_a_slice_is_a_part_stretched_to_the_full_length():
    ramp = Curve(np.arange(100, dtype=np.float32)[None])
    for seed in range(20):
        found = followed("slicing", seed, ramp)[0]
        assert found.shape == (100,)
        assert np.allclose(np.diff(found), np.diff(found)[0], atol=1e-3)
        assert 0.68 < np.diff(found)[0] < 0.96


def test_missing_values_stay_missing_or_are_bridged():
    gaps = WAVE.values().copy()
    gaps[0, 5:9] = np.nan
    assert np.isnan(followed("jitter", item=Curve(gaps)))[0, 5:9].all()
    assert np.isfinite(followed("jitter", item=Curve(gaps))[1]).all()
    assert np.isfinite(followed("slicing", item=Curve(gaps))).all()


def test_a_changed_series_is_seen_and_heard_changed():
    item = Series("row 0", WAVE.values())
    assert not np.array_equal(np.asarray(Varied(item, ("jitter",), 0).image()), np.asarray(item.image()))
    assert not np.array_equal(Varied(item, ("jitter",), 0).clip().samples, item.clip().samples)
    assert np.array_equal(Varied(item, (), 0).clip().samples, item.clip().samples)


def test_an_empty_sound_stays_empty():
    assert not len(Varied(Noise(np.zeros(0, np.float32)), tuple(SOUND), 0).clip().samples)


@given(counts=st.lists(st.integers(1, 3), min_size=1, max_size=7), kind=st.sampled_from(sorted(ALPHA)))
def test_mixed_windows_are_of_two_rows_by_their_shares(counts, kind):
    count_N = np.array(counts)
    row_U = np.repeat(np.arange(len(count_N)), count_N)
    x_U = torch.from_numpy(np.broadcast_to(row_U[:, None, None, None], (len(row_U), 2, 6, 5)).astype(np.float32).copy())
    found, partner_N, share_N = mix(x_U, count_N, [kind])
    assert (count_N[partner_N] == count_N).all()
    assert sorted(partner_N) == list(range(len(count_N)))
    wanted_N = share_N.numpy() * np.arange(len(count_N)) + (1 - share_N.numpy()) * partner_N
    assert np.allclose(found.mean((1, 2, 3)).numpy(), wanted_N[row_U], atol=1e-4)


def test_cutmix_pastes_one_rectangle():
    x_U = torch.zeros(2, 1, 8, 8)
    x_U[1] = 1
    torch.manual_seed(3)
    for _ in range(20):
        found, partner_N, share_N = mix(x_U, np.array([1, 1]), ["cutmix"])
        if partner_N[0] == 0:
            continue
        ones = found[0, 0].numpy()
        assert set(np.unique(ones)) <= {0.0, 1.0}
        assert ones.mean() == pytest.approx(1 - float(share_N[0]))
        assert np.array_equal(ones, np.outer(ones.max(1), ones.max(0)))
