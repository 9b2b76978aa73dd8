"""Order, parts, losses and blends of training, against slow and plain versions of themselves."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from rung.adapt.contrastive import contrast, drawn, steps
from rung.adapt.training.blends import Blend, blend, blends
from rung.adapt.training.learner import parts
from rung.adapt.training.loop import Judge, Trained
from rung.adapt.training.losses import loss_of
from rung.adapt.training.optimiser import LARGE, adamw, by_rows, excess, groups
from rung.adapt.training.order import batches
from rung.adapt.training.recipe import Recipe
from rung.core.types import Task
from rung.testing.toys import MAKES

LENGTHS = st.lists(st.integers(1, 300), min_size=1, max_size=80).map(np.array)


@given(LENGTHS, st.integers(1, 9), st.integers(0, 3))
def test_every_row_trains_once_an_epoch(length_N, size, epoch):
    found = batches(length_N, np.arange(len(length_N)), size, seed=0, epoch=epoch)
    assert sorted(np.concatenate(found).tolist()) == list(range(len(length_N)))
    assert max(map(len, found)) <= size


def test_rows_of_one_batch_are_of_like_length():
    length_N = np.random.default_rng(0).integers(1, 100, 2000)
    found = batches(length_N, np.arange(2000), 20, seed=0, epoch=0)
    assert np.mean([np.ptp(length_N[batch]) for batch in found]) < 5


def test_another_epoch_has_another_order():
    one, other = (batches(np.arange(64), np.arange(64), 8, seed=0, epoch=epoch) for epoch in (0, 1))
    assert [each.tolist() for each in one] != [each.tolist() for each in other]


@given(LENGTHS)
def test_parts_hold_every_row_once_and_never_cost_more_than_one_pass(length_N):
    cut = parts(length_N, 48)
    assert sorted(np.concatenate(cut).tolist()) == list(range(len(length_N)))
    cost = sum(len(each) * int(length_N[each].max()) + 48 for each in cut)
    assert cost <= len(length_N) * int(length_N.max()) + 48


def test_where_a_pass_costs_more_than_padding_all_rows_pass_together():
    assert len(parts(np.array([200, 3] * 8), 4096)) == 1 < len(parts(np.array([200, 3] * 8), 48))


def test_focal_loss_is_the_papers():
    z, y = torch.randn(20, 3), torch.randint(3, (20,))
    p = torch.softmax(z, 1)[torch.arange(20), y]
    assert torch.allclose(loss_of(Task.MULTICLASS, focal=True)(z, y), -((1 - p) ** 2) * p.log(), atol=1e-6)


def test_smoothing_is_cross_entropy_against_a_smoothed_truth():
    z, y = torch.randn(20, 4), torch.randint(4, (20,))
    truth = torch.full((20, 4), 0.1 / 4).scatter(1, y[:, None], 1 - 0.1 + 0.1 / 4)
    wanted = -(truth * torch.log_softmax(z, 1)).sum(1)
    assert torch.allclose(loss_of(Task.MULTICLASS, smoothing=0.1)(z, y), wanted, atol=1e-6)


def test_losses_of_label_sets_and_numbers():
    z, y = torch.randn(5, 3), torch.randint(2, (5, 3))
    p = torch.sigmoid(z)
    wanted = -(y * p.log() + (1 - y) * (1 - p).log()).sum(1)
    assert torch.allclose(loss_of(Task.MULTILABEL)(z, y), wanted, atol=1e-5)
    assert torch.allclose(loss_of(Task.REGRESSION)(z[:, :1], torch.zeros(5, 1)), z[:, 0] ** 2)


def test_contrast_is_how_far_cosines_are_from_their_labels():
    z = torch.randn(6, 4)
    label = torch.tensor([0, 0, 1, 1, 1, 2])
    for n in range(6):
        wanted = 0.0
        for same in (True, False):
            others = [a for a in range(6) if a != n and (label[a] == label[n]).item() == same]
            terms = [(torch.cosine_similarity(z[n], z[a], dim=0) - int(same)) ** 2 for a in others]
            wanted += sum(terms) / max(1, len(terms))
        assert torch.allclose(contrast(z, label)[n], torch.as_tensor(wanted), atol=1e-5)


def test_the_number_of_pairs_is_bounded_and_every_row_has_one():
    label_N = np.repeat(np.arange(5), 20)
    planned = drawn(label_N, np.arange(100), 32, steps(100, 32), 0)
    assert len(planned) == steps(100, 32) <= steps(10**6, 32) == 70
    for batch in planned:
        assert len(batch) <= 32
        _, counts = np.unique(label_N[batch], return_counts=True)
        assert counts.min() >= 2


def test_rates_fall_with_depth_and_norms_do_not_decay():
    named = [("body.a", torch.nn.Parameter(torch.ones(2, 2))), ("body.b", torch.nn.Parameter(torch.ones(2)))]
    named.append(("head.weight", torch.nn.Parameter(torch.ones(2, 2))))
    recipe = Recipe(rate=1.0, head_rate=3.0, layer_decay=0.5, weight_decay=0.1)
    found = groups(named, recipe, lambda name: {"body.a": 1, "body.b": 3}[name], 3)
    by = {id(group["params"][0]): (group["base"], group["weight_decay"]) for group in found}
    assert [by[id(parameter)] for _, parameter in named] == [(0.25, 0.1), (1.0, 0.0), (3.0, 0.1)]


@pytest.mark.parametrize("family", list(MAKES))
def test_of_every_family_no_norm_and_no_bias_decays(embedder, family):
    module = embedder(family).tunable.module()
    kept = {
        id(each) for part in module.modules() if "norm" in type(part).__name__.lower() for each in part.parameters()
    }
    kept |= {id(each) for name, each in module.named_parameters() if name.endswith("bias")}
    named = [(f"body.{name}", each.requires_grad_()) for name, each in module.named_parameters()]
    found = groups(named, Recipe(weight_decay=0.1), lambda _: 1, 1)
    still = {id(each) for group in found if group["weight_decay"] == 0 for each in group["params"]}
    assert kept <= still
    assert still != {id(each) for _, each in named}


def test_factors_that_are_drawn_to_one_do_not_decay_to_none():
    """IA3's have two dimensions, (1, d) or (d, 1); a head of one output is a matrix all the same."""
    named = [(name, torch.nn.Parameter(torch.ones(1, 4))) for name in ("body.value.ia3_l.default", "head.weight")]
    found = groups(named, Recipe(weight_decay=0.1), lambda _: 1, 1)
    assert [group["weight_decay"] for group in found] == [0.0, 0.1]


class One:
    """A learner of one weight, which is also what it predicts."""

    def __init__(self, value):
        self.parameter = torch.nn.Parameter(torch.tensor([value]))

    def trained(self):
        return {"w": self.parameter}

    def predict(self, rows):
        return np.full((len(rows), 1), self.parameter.item(), np.float32)


@pytest.mark.parametrize(
    ("best", "epochs", "wanted", "kept"),
    [
        (8.0, 2, 8.0, Blend(1.0, soup=False)),  # the best epoch itself
        (4.0, 2, 4.0, Blend(0.5, soup=False)),  # halfway back to the start
        (3.0, 2, 3.0, Blend(0.5, soup=True)),  # halfway back from the mean of all epochs
        (6.0, 0, 6.0, Blend(1.0, soup=True)),  # no epoch bettered the start, their mean does
    ],
)
def test_the_blend_that_scores_best_on_rows_set_aside_is_kept(best, epochs, wanted, kept):
    one = One(8.0 if epochs else 0.0)

    def score(rows, said):
        return -abs(float(said[0, 0]) - best)

    judge = Judge(np.arange(3), score, -99.0, Task.REGRESSION)
    trained = Trained(epochs, score([], one.predict([0])), (), 9, None, (), {"w": torch.tensor([6.0])}, 2)
    found, scored = blends(one, {"w": torch.tensor([0.0])}, trained, judge)
    assert (found, scored, one.parameter.item()) == (kept, 0.0, wanted)


def test_blends_that_score_alike_leave_the_best_epoch():
    one = One(8.0)
    trained = Trained(2, 1.0, (), 9, None, (), {"w": torch.tensor([6.0])}, 2)
    found, _ = blends(
        one, {"w": torch.tensor([0.0])}, trained, Judge(np.arange(3), lambda *_: 1.0, 0.0, Task.REGRESSION)
    )
    assert (found, one.parameter.item()) == (Blend(), 8.0)


@pytest.mark.parametrize(("wise", "soup", "wanted"), [(1.0, False, 4.0), (0.5, False, 2.0), (0.5, True, 4.0)])
def test_a_blend_lies_between_start_and_end(wise, soup, wanted):
    one = One(4.0)
    blend(one, {"w": torch.tensor([0.0])}, {"w": torch.tensor([8.0])}, Blend(wise, soup))
    assert one.parameter.item() == wanted


def table_steps(many, *, rows_alone, most=1e9):
    """A table of words after some steps in which words come and go; by rows, or by torch's own clip and AdamW."""
    torch.manual_seed(0)
    table = torch.nn.Embedding(LARGE, 4)
    kind = adamw if rows_alone else torch.optim.AdamW
    optimiser = kind([{"params": list(table.parameters()), "lr": 0.1, "weight_decay": 0.0}])
    if rows_alone:
        by_rows(table)
    draw = torch.Generator().manual_seed(1)
    for _ in range(many):
        ids = torch.randint(50, (7,), generator=draw)
        optimiser.zero_grad()
        (table(ids) ** 3).sum().backward()
        assert table.weight.grad.is_sparse == rows_alone
        if rows_alone:
            optimiser.grad_scale = excess(table.parameters(), most)
        else:
            torch.nn.utils.clip_grad_norm_(table.parameters(), most)
        optimiser.step()
    return table.weight.detach()


@pytest.mark.parametrize("most", [1e9, 0.5])
def test_a_table_moved_by_rows_moves_as_torchs_adamw_moves_it(most):
    torch.testing.assert_close(
        table_steps(20, rows_alone=True, most=most), table_steps(20, rows_alone=False, most=most), atol=1e-6, rtol=1e-5
    )


def test_decay_begins_with_the_first_gradient_of_a_row():
    table = torch.nn.Embedding(LARGE, 4)
    before = table.weight.detach().clone()
    by_rows(table)
    optimiser = adamw([{"params": list(table.parameters()), "lr": 0.1, "weight_decay": 0.5}])
    table(torch.tensor([3, 3, 5])).sum().backward()
    optimiser.step()
    moved = (table.weight.detach() != before).any(1).nonzero().squeeze(1)
    assert moved.tolist() == [3, 5]


def test_clipping_takes_dense_and_sparse_gradients_as_one():
    sparse, dense = torch.nn.Parameter(torch.zeros(9, 1)), torch.nn.Parameter(torch.zeros(2))
    sparse.grad = torch.sparse_coo_tensor([[1, 1]], [[1.0], [2.0]], (9, 1), check_invariants=True)
    dense.grad = torch.tensor([4.0, 0.0])
    assert float(excess([sparse, dense], 1.0)) == pytest.approx(5.0)
    assert float(excess([sparse, dense], 9.0)) == 1.0


@pytest.mark.parametrize("most", [1e9, 0.5])
def test_dense_weights_move_as_by_torchs_own_clip_and_adamw(most):
    ends = []
    for ours in (True, False):
        torch.manual_seed(0)
        layer = torch.nn.Linear(5, 3)
        optimiser = (adamw if ours else torch.optim.AdamW)(layer.parameters(), lr=0.1, weight_decay=0.1)
        for _ in range(9):
            optimiser.zero_grad()
            (layer(torch.randn(4, 5)) ** 3).sum().backward()
            if ours:
                optimiser.grad_scale = excess(layer.parameters(), most)
            else:
                torch.nn.utils.clip_grad_norm_(layer.parameters(), most)
            optimiser.step()
        ends.append(layer.weight.detach())
    torch.testing.assert_close(*ends, atol=1e-5, rtol=1e-4)
