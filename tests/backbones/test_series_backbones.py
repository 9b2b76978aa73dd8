"""Series reach a backbone in windows of its context, channel by channel, nothing hidden from it."""

import numpy as np
import pytest
import torch

from rung.adapt.prefix import Suffix, keep
from rung.backbones.huggingface import HuggingFace
from rung.backbones.load import load
from rung.backbones.source import locate
from rung.testing.curves import CONTEXT, MAKES, Curve, curves

RAMP = np.arange(200, dtype=np.float32)[None]


def backbone(folder):
    return HuggingFace(locate(str(folder)))


@pytest.mark.parametrize(("steps", "windows"), [(1, 1), (20, 1), (32, 1), (33, 2), (48, 2), (49, 3), (200, 12)])
def test_long_series_are_cut_and_short_ones_stretched(toy, steps, windows):
    found = backbone(toy("timesfm")).prepare([Curve(RAMP[:, :steps])]).ids[0]
    assert found.shape == (windows, CONTEXT)
    assert (found[0, 0], found[-1, -1]) == (0, steps - 1)
    assert (np.diff(found, axis=1) >= 0).all()


@pytest.mark.parametrize(("channels", "windows"), [(1, 1), (2, 1), (3, 2)])
def test_channels_are_dealt_to_what_the_model_reads_at_once(toy, channels, windows):
    raw = np.repeat(np.arange(1, channels + 1, dtype=np.float32)[:, None], CONTEXT, axis=1)
    found = backbone(toy("patchtst")).prepare([Curve(raw)]).ids[0]
    assert found.shape == (windows, CONTEXT, 2)
    dealt = found[:, 0].ravel().tolist()
    assert dealt == [[1, 1], [1, 2], [1, 2, 3, 1]][channels - 1]


@pytest.mark.parametrize("family", list(MAKES))
def test_gaps_are_bridged(toy, family):
    gaps = RAMP.copy()
    gaps[0, 50:60] = np.nan
    mine = backbone(toy(family))
    one, other = mine.embed(mine.prepare([Curve(RAMP), Curve(gaps)]))
    assert np.allclose(one, other, atol=1e-4)


def test_a_checkpoint_from_pretraining_hides_no_patch(toy):
    mine = backbone(toy("patchtst"))
    prepared = mine.prepare(curves(np.zeros(2, np.int64)))
    assert MAKES["patchtst"]["do_mask_input"]
    assert not mine.model.do_mask_input
    assert np.array_equal(mine.embed(prepared), mine.embed(prepared))


@pytest.mark.parametrize("family", list(MAKES))
def test_the_top_runs_on_what_was_kept_of_series_of_many_windows(toy, family):
    tunable = load(str(toy(family)), precision="float32", cache=False, device="cpu").tunable
    items = curves(np.arange(6) % 2, steps=200, channels=3)
    prepared, rows = tunable.prepare(items), np.arange(6)
    kept = keep(tunable, tunable.module(), 1, (prepared,))[0]
    suffix = Suffix(tunable, tunable.module(), 1, prepared)
    with torch.no_grad():
        wanted = tunable.vectors(tunable.module(), tunable.batch(prepared, rows))
        got = suffix(tunable.batch(prepared, rows, hollow=True), kept.rows(rows, torch.device("cpu")))
    assert (got - wanted).abs().max() < 0.05 * wanted.abs().max()  # what is kept has the precision of bfloat16
