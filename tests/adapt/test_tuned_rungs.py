"""Rungs that train: what they claim to freeze stays, what they save is the difference, their settings do something."""

import gc
import re
import weakref
from dataclasses import replace

import numpy as np
import pytest
import torch

from rung.adapt.ground import Ground
from rung.adapt.ladder import rungs
from rung.adapt.prefix import Suffix, keep
from rung.adapt.training.learner import Net
from rung.adapt.training.loop import Around, train
from rung.adapt.training.recipe import Recipe
from rung.backbones.load import load
from rung.core.types import Task
from rung.testing.toys import MAKES, tiny

TUNED = {rung.name: rung for rung in rungs() if getattr(rung, "dear", False)}
ALL = {"asked": TUNED}
pytestmark = pytest.mark.usefixtures("short")


def hashes(module):
    """A number for each parameter and buffer that changes when any of its values does."""
    state = {**dict(module.named_parameters()), **dict(module.named_buffers())}
    return {name: hash(tensor.detach().numpy().tobytes()) for name, tensor in state.items()}


def trained(rung, job):
    """The rung's body before and after it learnt, with its learner."""
    ground, rows = Ground.of(job), np.arange(len(job.target))
    setting = rung.method.settings(job)[0]
    learner, body, _ = rung.learner(ground, rows, setting, None, warm=None)
    before = hashes(learner.net)
    train(learner, rung.recipe_for(job, setting), rows, None, Around(0))
    return before, hashes(learner.net), learner, body


LEARNS = {  # what each may change, and all of it
    "partial": r"^head\.|encoder\.layer\.1\.",
    "contrastive": "",  # of few rows
    "lora": r"^head\.|\.lora_[AB]\.",
    "ia3": r"^head\.|\.ia3_l\.",
    "prefix": r"^head\.|\.prompt_encoder\.",
    "prompt": r"^head\.|\.prompt_encoder\.",
    "adapter": r"^head\.|\.adapter_",
    "full": "",
    "scratch": "",
}


@pytest.mark.parametrize("name", TUNED)
def test_only_what_may_learn_has_changed(make, name):
    before, after, learner, body = trained(TUNED[name], make(**ALL))
    moved = {key for key in before if before[key] != after[key]}
    assert moved
    assert moved <= set(learner.trained())
    named = {key: body.names.get(key.removeprefix("body."), key) for key in dict(learner.net.named_parameters())}
    assert {key for key in named if re.search(LEARNS[name], named[key])} == set(learner.trained())
    assert any(key.startswith("head.") for key in moved)
    assert any(not key.startswith("head.") for key in moved)


def test_memory_that_runs_out_where_rows_are_scored_is_told(make, monkeypatch):
    forward = Net.forward

    def narrow(self, parts, back):
        if not self.training and len(back) > 6:
            raise torch.OutOfMemoryError("no more")
        return forward(self, parts, back)

    monkeypatch.setattr(Net, "forward", narrow)
    assert "memory ran out while rows were scored: 3 pass at once" in TUNED["full"].climb(make(**ALL)).notes


@pytest.mark.parametrize("name", TUNED)
def test_every_part_that_may_learn_does(make, name):
    before, after, learner, _ = trained(TUNED[name], make(**ALL))
    still = {key for key in learner.trained() if before[key] == after[key]}
    assert not still - _moot(still)


def _moot(names):
    """Keys' biases shift all scores of a row alike, which softmax forgets; their gradient is rounding."""
    return {name for name in names if "key.bias" in name or "token_type" in name or "lora_A" in name}


@pytest.mark.parametrize("name", TUNED)
def test_the_delta_in_a_fresh_copy_gives_the_same_predictions(make, embedder, name):
    job = make(**ALL)
    rung = TUNED[name]
    trial = rung.climb(job)
    model = rung.refit(job, {**trial.choice, "stop_after": 2, "wise": 1.0, "soup": False})
    assert model.delta is not None
    once = model.predict(job.inputs)
    again = type(model).from_parts(model.parts()).predict(job.inputs)
    assert np.array_equal(once, again)
    plain = replace(model, delta=None).predict(job.inputs)
    assert not np.allclose(once, plain, rtol=1e-3, atol=1e-9)  # IA3 moves little in eight steps


def test_partial_saves_the_top_blocks_alone(make):
    job = make(**ALL)
    _, _, _, body = trained(TUNED["partial"], job)
    names = set(body.delta().tensors)
    assert names
    assert all(name.startswith("encoder.layer.1.") for name in names)


@pytest.mark.parametrize("name", ["partial", "lora", "full"])
def test_a_model_that_was_trained_is_gone_with_its_last_user(make, name):
    """Not only when garbage is collected: five folds of a real backbone held 500 MB more than one."""
    gc.collect()
    gc.disable()
    try:
        _, _, learner, body = trained(TUNED[name], make(**ALL))
        gone = weakref.ref(body.module)
        del learner, body
        assert gone() is None
    finally:
        gc.enable()


def test_kept_activations_train_as_the_whole_model_does(make):
    """Same rows, same steps: blocks on kept activations and on the whole model end close to each other."""
    from rung.adapt.bodies import whole
    from rung.adapt.training.learner import Learner, Net, Rows

    job = make(rows=48)
    tunable, columns = job.tunable, (job.tunable.prepare(job.inputs.texts["text"]),)
    truth, recipe = torch.from_numpy(job.target.value), Recipe(epochs=2, rate=1e-3, head_rate=1e-2, batch=16)
    module = tunable.module()
    kept = keep(tunable, module, 1, columns)
    suffix = Suffix(tunable, module, 1, tunable.prepare(["a few words", "one"]))
    for parameter in suffix.first.parameters():
        parameter.requires_grad_()
    body = whole(tunable, lowest=2)
    said = []
    for net, rows, names in (
        (Net(suffix, tunable.vectors, _head(job)), Rows(tunable, columns, None, kept), {}),
        (Net(body.module, tunable.vectors, _head(job)), Rows(tunable, columns), {}),
    ):
        for part in net.modules():
            if isinstance(part, torch.nn.Dropout):
                part.p = 0.0
        for part in net.modules():
            if hasattr(part, "dropout") and isinstance(part.dropout, torch.nn.Dropout):
                part.dropout.p = 0.0
        learner = Learner(net, rows, truth, "softmax", names)
        learner.__dict__["depth"] = lambda name: 2
        train(learner, replace(recipe, wise=False), np.arange(48), None, Around(0))
        said.append(learner.predict(np.arange(48)))
    assert np.abs(said[0] - said[1]).max() < 0.02


def _head(job):
    torch.manual_seed(0)
    return torch.nn.Linear(job.tunable.card.width, job.target.outputs)


@pytest.mark.parametrize("family", list(MAKES))
def test_every_family_runs_from_its_middle(embedder, family):
    tunable = embedder(family).tunable
    prepared = tunable.prepare(["the card has not arrived", "yes", "a warm and funny film with a brave ending"])
    rows = np.arange(3)
    whole = tunable.vectors(tunable.module(), tunable.batch(prepared, rows))
    (kept,) = keep(tunable, tunable.module(), 1, [prepared])
    suffix = Suffix(tunable, tunable.module(), 1, prepared)
    batch = tunable.batch(prepared, rows)
    assert torch.allclose(suffix(batch, kept.rows(rows, batch.device)), whole, atol=0.02)


def test_a_family_without_room_for_a_method_says_so(make):
    job = make(family="t5", **ALL)
    assert TUNED["prefix"].applies(job).startswith("t5 can't take prefix")


@pytest.mark.parametrize(
    ("name", "setting", "value"),
    [
        ("partial", "k", 2),
        ("contrastive", "k", 1),
        ("lora", "rank", 2),
        ("lora", "k", 2),
        ("lora", "kind", "rslora"),
        ("lora", "kind", "dora"),
        ("prefix", "tokens", 4),
        ("prompt", "tokens", 4),
        ("adapter", "placement", "houlsby"),
        ("adapter", "size", 4),
        ("full", "rate", 5e-3),
        ("full", "mixout", 0.5),
    ],
)
def test_a_setting_of_a_rung_changes_what_it_predicts(make, name, setting, value):
    rung, said = TUNED[name], []
    for settings in ({}, {f"{name}.{setting}": value}):
        job = make(**ALL, settings=settings)
        said.append(rung.refit(job, {**rung.method.settings(job)[0], "stop_after": 2}).predict(job.inputs))
    assert not np.allclose(*said, atol=1e-6)


def test_of_few_rows_pairs_alone_move_the_body_unless_epochs_are_asked_for(make):
    rung = TUNED["contrastive"]
    few, asked, many = make(**ALL), make(**ALL, settings={"contrastive.epochs": 2}), make(**ALL, rows=440)
    assert [rung.method.settings(job)[0] for job in (few, asked, many)] == [
        {"k": 2, "stop_after": 0},
        {"k": 2},
        {"k": 1},
    ]
    trial, other = rung.climb(few), rung.climb(asked)
    assert trial.choice["stop_after"] == 0
    assert not any("brought nothing" in note for note in trial.notes)
    assert not np.array_equal(trial.prediction, other.prediction)


@pytest.mark.parametrize("name", ["prefix", "prompt"])
def test_tokens_before_each_text_are_there_when_the_head_is_fitted(make, name):
    job = make(**ALL)
    ground, rows = Ground.of(job), np.arange(len(job.target))
    surprise = {}
    for warm in (True, False):
        learner, _, _ = TUNED[name].learner(
            ground, rows, TUNED[name].method.settings(job)[0], None, warm="it" if warm else None
        )
        surprise[warm] = -np.log(learner.predict(rows)[rows, job.target.value]).mean()
    assert surprise[True] < 0.9 * surprise[False]


def test_rungs_that_only_a_name_starts_say_so(make):
    assert TUNED["ia3"].applies(make()) == "it runs only when it is named: --rungs ...,ia3"
    assert TUNED["lora"].applies(make()) == ""


def test_contrastive_is_for_few_rows_of_classes(make):
    rung = TUNED["contrastive"]
    for rows in (7, 1001):
        job = replace(make(), target=make().target.take(np.resize(np.arange(72), rows)))
        assert rung.applies(job) == f"it is made for 8 to 1,000 rows, not {rows:,}"
    assert "target of classes" in rung.applies(make(Task.REGRESSION))
    assert rung.applies(make()) == ""


def test_scratch_owes_nothing_to_the_pretrained_weights(make, tmp_path):
    """Other weights of the same architecture give the same start, and every matrix differs from what was pretrained."""
    job = make(**ALL)
    rung, probe = TUNED["scratch"], job.tunable.prepare(["a"])
    pretrained = dict(job.tunable.module().named_parameters())
    one = dict(rung.method.body(job, {}, probe).module.named_parameters())
    another = load(str(tiny("bert", tmp_path, seed=1)), precision="float32", cache=False, device="cpu").tunable
    other = dict(rung.method.body(replace(job, tunable=another), {}, probe).module.named_parameters())
    assert all(one[name].equal(other[name]) for name in one)
    assert not any(one[name].equal(pretrained[name]) for name in one if one[name].ndim > 1)


@pytest.mark.parametrize("name", ["partial", "full"])
def test_a_climb_cut_between_folds_goes_on(make, notebook, name):
    rung = TUNED[name]
    whole = rung.climb(make(folds=3, **ALL))
    beats = iter(range(1000))

    def cut(beat):
        if "fold 2" in beat.what and next(beats) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rung.climb(make(folds=3, notebook=notebook, tell=cut, **ALL))
    started = []
    again = rung.climb(make(folds=3, notebook=notebook, tell=lambda beat: started.append(beat.what), **ALL))
    assert np.array_equal(whole.prediction, again.prediction)
    assert whole.choice == again.choice
    assert not any("fold 1" in what for what in started)


@pytest.mark.parametrize("task", list(Task), ids=str)
def test_every_task_trains_beside_table_columns(make, task):
    job = make(task, rows=64, table=True, **ALL)
    rung = TUNED["full"]
    trial = rung.climb(job)
    assert trial.prediction.shape == (1, len(job.plan.judged), job.target.outputs)
    assert np.isfinite(trial.prediction).all()
    assert np.isfinite(rung.refit(job, trial.choice).predict(job.inputs)).all()
