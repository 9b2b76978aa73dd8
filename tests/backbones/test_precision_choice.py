"""bfloat16 is chosen when it is clearly faster and means the same, float32 otherwise, and a pin is a pin."""

import numpy as np
import pytest

from rung.backbones import load as loading
from rung.backbones.load import load
from rung.backbones.precision import PROBES, Measured, emulated, measure, pinned
from rung.core.contracts import Prepared
from rung.core.errors import BadOption


class Clocked:
    """A backbone whose passes take as long as it is told, on a clock of its own."""

    def __init__(self, seconds, drift=0.0):
        self.precision = "float32"
        self.now, self.seconds, self.drift = 0.0, seconds, drift

    def prepare(self, texts):
        return Prepared(tuple([len(text)] for text in texts), np.zeros(len(texts), bool))

    def embed(self, prepared):
        self.now += self.seconds[self.precision]
        out = np.array([[length, 1.0] for (length,) in prepared.ids], np.float32)
        return out + np.float32([0, self.drift * out[0, 0]]) if self.precision == "bfloat16" else out

    def clock(self):
        return self.now


@pytest.mark.parametrize(
    ("float32", "bfloat16", "drift", "choice"),
    [
        (1.0, 0.5, 0.0, "bfloat16"),
        (1.0, 0.95, 0.0, "float32"),
        (1.0, 3.0, 0.0, "float32"),
        (1.0, 0.2, 0.5, "float32"),
        (1.0, 0.5, 0.001, "bfloat16"),
    ],
)
def test_bfloat16_has_to_be_faster_and_alike(float32, bfloat16, drift, choice):
    backbone = Clocked({"float32": float32, "bfloat16": bfloat16}, drift)
    assert measure(backbone, clock=backbone.clock).choice == choice
    assert backbone.precision == "float32"


def test_vectors_that_are_no_numbers_choose_float32():
    assert Measured(1.0, 0.1, -1.0).choice == "float32"
    backbone = Clocked({"float32": 1.0, "bfloat16": 0.1}, np.nan)
    assert measure(backbone, clock=backbone.clock).choice == "float32"


def test_the_default_backbone_means_the_same_in_bfloat16():
    backbone = load(precision="float32").backbone
    assert measure(backbone).cosine >= 0.999


def test_auto_measures_once_a_machine(toy, monkeypatch):
    calls = []
    monkeypatch.setattr(loading.precisions, "emulated", lambda: False)
    monkeypatch.setattr(
        loading.precisions, "measure", lambda _, copies: calls.append(copies) or Measured(1.0, 0.1, 1.0)
    )
    assert [load(str(toy("bert"))).precision for _ in range(3)] == ["bfloat16"] * 3
    assert calls == [2]


def test_emulated_bfloat16_is_seen_by_one_product_and_not_probed(toy, monkeypatch):
    monkeypatch.setattr(loading.precisions, "emulated", lambda: True)
    monkeypatch.setattr(loading.precisions, "measure", lambda *_, **__: pytest.fail("measured"))
    assert load(str(toy("bert"))).precision == "float32"


@pytest.mark.parametrize(("float32", "bfloat16"), [(1.0, 9.0), (1.0, 0.4)])
def test_a_product_slower_in_bfloat16_is_emulated(float32, bfloat16):
    ticks = iter([tick for _ in range(4) for taken in (float32, bfloat16) for tick in (0.0, taken)])
    assert emulated(clock=lambda: next(ticks)) == (bfloat16 > float32)


def test_a_pinned_precision_is_not_measured(toy, monkeypatch):
    monkeypatch.setattr(loading.precisions, "measure", lambda *_, **__: pytest.fail("measured"))
    for precision in ("float32", "bfloat16"):
        assert load(str(toy("bert")), precision=precision).precision == precision


def test_the_environment_pins_auto_but_not_a_word(toy, monkeypatch):
    monkeypatch.setenv("RUNG_PRECISION", "bfloat16")
    assert load(str(toy("bert"))).precision == "bfloat16"
    assert load(str(toy("bert")), precision="float32").precision == "float32"


def test_other_words_are_refused(monkeypatch):
    with pytest.raises(BadOption, match="precision: wanted auto, float32 or bfloat16, got int8"):
        pinned("int8")
    monkeypatch.setenv("RUNG_PRECISION", "half")
    with pytest.raises(BadOption, match="RUNG_PRECISION"):
        pinned("auto")


def test_the_probes_are_sentences_of_different_lengths():
    assert len({len(probe) for probe in PROBES}) == len(PROBES)
