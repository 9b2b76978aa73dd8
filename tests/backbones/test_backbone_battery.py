"""Every family of the catalog passes every check of the public battery, and the battery catches what is wrong."""

import numpy as np
import pytest

from rung.backbones.catalog import families
from rung.backbones.huggingface import HuggingFace
from rung.backbones.source import locate
from rung.testing import checks_backbone, curves, senses
from rung.testing.checks_backbone import BATTERY
from rung.testing.toys import MAKES

TIMM = "timm_wrapper"  # wants torchvision: see test_timm.py


def load(folder):
    return HuggingFace(locate(str(folder)))


@pytest.mark.parametrize("check", BATTERY, ids=lambda check: check.__name__)
@pytest.mark.parametrize("family", [name for name in families() if name != TIMM])
def test_family_passes(toy, family, check):
    check(load, toy(family))


def test_every_family_of_the_catalog_has_a_toy():
    assert set(families()) == {*MAKES, *senses.MAKES, *curves.MAKES, TIMM}


class LeakyPadding(HuggingFace):
    def embed(self, prepared):
        return super().embed(prepared) + max(len(ids) for ids in prepared.ids)


class ForgetsAWord(HuggingFace):
    def embed(self, prepared):
        return super().embed(prepared) * np.nan


class SharedFingerprint(HuggingFace):
    fingerprint = "0"


class LostBlock(HuggingFace):
    def blocks(self):
        return {name: names for name, names in super().blocks().items() if name != "block 1"}


@pytest.mark.parametrize(
    ("wrong", "check"),
    [
        (LeakyPadding, "check_padding_does_not_leak"),
        (ForgetsAWord, "check_vectors_are_finite_and_as_wide_as_said"),
        (SharedFingerprint, "check_the_fingerprint_is_the_contents"),
        (LostBlock, "check_blocks_hold_every_parameter_once"),
    ],
)
def test_the_battery_catches_a_wrong_backbone(toy, wrong, check):
    with pytest.raises(AssertionError):
        getattr(checks_backbone, check)(lambda folder: wrong(locate(str(folder))), toy("bert"))
