"""Short attention gives what torch's own kernel gives, and steps aside wherever it would not."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from rung.backbones import fast
from rung.backbones.dropout import byte_dropout
from rung.backbones.fast import short_attention, use_short_attention


class Bidirectional(nn.Module):
    is_causal = False
    training = False


def heads(rows, tokens, width=8, scale=1.0, seed=0):
    random = torch.Generator().manual_seed(seed)
    return [(scale * torch.randn(rows, 3, tokens, width, generator=random)).bfloat16() for _ in range(3)]


def oracle(query, key, value):
    return nn.functional.scaled_dot_product_attention(query.float(), key.float(), value.float()).transpose(1, 2)


@pytest.fixture
def passed_on(monkeypatch):
    calls = []
    monkeypatch.setattr(fast, "sdpa_attention_forward", lambda *_, **__: calls.append(1) or (None, None))
    return calls


@given(st.integers(1, 5), st.integers(1, 40), st.sampled_from([0.1, 1.0, 3.0]))
def test_it_agrees_with_the_kernel_in_float32(rows, tokens, scale):
    query, key, value = heads(rows, tokens, scale=scale, seed=tokens)
    found, _ = short_attention(Bidirectional(), query, key, value, None)
    exact = oracle(query, key, value)
    assert (found.float() - exact).abs().max() < 0.06 * exact.abs().max()


def test_masked_keys_do_not_count():
    query, key, value = heads(2, 6)
    mask = torch.ones(2, 1, 6, 6, dtype=torch.bool)
    mask[1, :, :, 4:] = False
    key[1, :, 4:] = 5.0
    value[1, :, 4:] = 1000.0
    found, _ = short_attention(Bidirectional(), query, key, value, mask)
    exact = oracle(query[1:, :, :, :], key[1:, :, :4], value[1:, :, :4])
    assert (found[1:].float() - exact).abs().max() < 0.06 * exact.abs().max()


def test_a_query_that_sees_no_key_gets_zeros_not_nan():
    mask = torch.ones(2, 1, 6, 6, dtype=torch.bool)
    mask[0, :, 5] = False
    found, _ = short_attention(Bidirectional(), *heads(2, 6), mask)
    assert (found[0, 5] == 0).all()
    assert found.isfinite().all()


def test_scores_too_large_for_the_short_cut_go_to_the_kernel(passed_on):
    short_attention(Bidirectional(), *heads(2, 9, scale=40.0), None)
    assert passed_on == [1]


def test_scores_that_are_no_numbers_go_to_the_kernel(passed_on):
    query, key, value = heads(1, 3)
    query[0, 0, 0, 0] = torch.nan
    short_attention(Bidirectional(), query, key, value, None)
    assert passed_on == [1]


def _causal():
    module = Bidirectional()
    module.is_causal = True
    return module


@pytest.mark.parametrize(
    ("module", "change", "mask", "options"),
    [
        (_causal(), lambda x: x, None, {}),
        (nn.Module(), lambda x: x, None, {}),
        (Bidirectional(), lambda x: x.float(), None, {}),
        (Bidirectional(), lambda x: x, torch.zeros(2, 1, 4, 4), {}),
        (Bidirectional(), lambda x: x, None, {"is_causal": True}),
        (Bidirectional(), lambda x: x, None, {"position_bias": torch.zeros(1, 3, 4, 4)}),
        (_causal(), lambda x: x, None, {"dropout": 0.1}),
    ],
    ids=[
        "causal module",
        "module that does not say",
        "float32",
        "mask to be added",
        "causal call",
        "position bias",
        "causal module with dropout",
    ],
)
def test_it_steps_aside(passed_on, module, change, mask, options):
    short_attention(module, *map(change, heads(2, 4)), mask, **options)
    assert passed_on == [1]


def test_it_does_not_step_aside_without_a_reason(passed_on):
    short_attention(Bidirectional(), *heads(2, 4), None, dropout=0.0, scaling=0.5)
    assert passed_on == []


@pytest.mark.parametrize("mask", [None, "last key hidden"])
def test_with_dropout_values_and_gradients_are_those_of_a_softmax_that_drops_the_same(mask):
    query, key, value = (x.float().requires_grad_() for x in heads(2, 7))
    seen = None if mask is None else torch.ones(2, 1, 7, 7, dtype=torch.bool)
    if seen is not None:
        seen[1, :, :, 6] = False
    torch.manual_seed(1)
    found, _ = short_attention(Bidirectional(), query, key, value, seen, dropout=0.3)
    own = torch.autograd.grad((found * torch.arange(8.0)).sum(), (query, key, value))
    score = query @ key.transpose(2, 3) / 8**0.5
    share = (score if seen is None else score.masked_fill(~seen, -torch.inf)).softmax(-1)
    torch.manual_seed(1)
    wanted = (byte_dropout(share, 0.3) @ value).transpose(1, 2)
    theirs = torch.autograd.grad((wanted * torch.arange(8.0)).sum(), (query, key, value))
    torch.testing.assert_close(found, wanted)
    torch.testing.assert_close(own, theirs)


def test_dropout_keeps_the_mean_and_spends_a_rate_rounded_to_a_byte():
    torch.manual_seed(0)
    found = byte_dropout(torch.ones(400_000), 0.1)
    assert found.unique().tolist() == pytest.approx([0, 256 / 230])
    assert (found == 0).float().mean() == pytest.approx(26 / 256, abs=0.003)
    assert found.mean() == pytest.approx(1, abs=0.003)


def test_models_that_do_not_choose_their_attention_are_left_alone():
    use_short_attention(nn.Linear(2, 2))


def test_packing_leaves_names_values_and_subclasses_alone():
    class Own(nn.Linear):
        def forward(self, x):
            return super().forward(x) + 1

    model = nn.Sequential(nn.Linear(4, 5), nn.Linear(5, 3, bias=False), Own(3, 2)).requires_grad_(requires_grad=False)
    x = torch.randn(2, 7, 4)
    before, state = model(x), {name: value.clone() for name, value in model.state_dict().items()}
    assert fast.pack(model) in (0, 2)
    torch.testing.assert_close(model(x), before)
    torch.testing.assert_close(model.state_dict(), state)
