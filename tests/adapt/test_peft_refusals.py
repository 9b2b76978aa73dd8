"""Why a backbone can't take a method of PEFT, in words that are true."""

import peft
import pytest
import torch
from torch import nn

from rung.adapt.peft import _why


class Nosy(nn.Module):
    """Asks its own layer for what PEFT's layer hides."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Conv2d(3, 3, 3)

    def forward(self, x):
        return self.layer(x) + self.layer.stride[0]


def test_a_layer_that_hides_what_its_model_asks_for_is_said_so():
    model = peft.get_peft_model(Nosy(), peft.LoraConfig(target_modules=["layer"]))
    with pytest.raises(AttributeError) as caught:
        model(torch.zeros(1, 3, 8, 8))
    assert _why(caught.value) == "its own code asks a layer for its stride, and PEFT's layers have none"


def test_what_is_missing_elsewhere_is_not_laid_to_pefts_layers():
    with pytest.raises(AttributeError) as caught:
        _ = nn.Linear(1, 1).stride
    assert _why(caught.value) == "'Linear' object has no attribute 'stride'"
