"""A blend must earn its place on rows whose labels did not choose it, and predicts alike wherever it is loaded."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest

import rung
from rung.adapt.greedy import weigh
from rung.bundle.blend import Blended, fitted, mixed
from rung.bundle.heads import LinearHead, PriorHead
from rung.bundle.model import Encoders, FittedModel
from rung.core.contracts import Job, Trial
from rung.core.evidence import RungEvidence, Score
from rung.core.types import Delta, Fold, Inputs, Plan, Target, Task
from rung.metrics.table import named
from rung.recipes.climb import Climbed, Ladder, Step, judged
from rung.recipes.ensemble import members_of, with_ensemble
from rung.recipes.fit import fit
from rung.recipes.forgetting import measured_rung
from rung.recipes.view import Quiet

N = 600


@pytest.fixture
def job():
    truth = np.random.default_rng(0).integers(0, 2, N)
    target = Target(Task.BINARY, truth, ("no", "yes"))
    plan = Plan("holdout", (Fold(np.arange(N // 2), np.arange(N // 2, N)),), np.arange(N))
    inputs = Inputs({}, pl.DataFrame(), lambda _: np.zeros((N, 1), np.float32), N)
    return Job(inputs, (), target, plan, named("accuracy", Task.BINARY))


def noisy(job, seed, noise):
    """Probabilities that lean to the truth, with noise of their own."""
    rows = job.plan.judged
    z = np.where(job.target.value[rows] > 0, 1.0, -1.0) + noise * np.random.default_rng(seed).normal(size=len(rows))
    yes = 1 / (1 + np.exp(-2 * z))
    return np.stack([1 - yes, yes], 1).astype(np.float32)


def climbed(job, said):
    """A climb over models whose predictions are given; the first holds the place."""
    train = job.plan.folds[0].train
    right = np.eye(2, dtype=np.float32)[job.target.value[train]]
    steps = []
    for name, each in said.items():
        evidence = RungEvidence(name, "tried", choice={}, score=Score("accuracy", 0.5, 0.4, 0.6))
        model = FittedModel(Encoders(), PriorHead(np.array([0.5, 0.5], np.float32)))
        steps.append(Step(evidence, Trial(each[None], {}, 1, train, right), model))
    return Climbed(tuple(steps), next(iter(said)), "")


def promoted(step):
    return replace(step, evidence=replace(step.evidence, promoted=True))


def ladder(latency=1.0):
    return Ladder([], Quiet(), lambda: 1e9, lambda _: None, lambda _: None, lambda model, job: latency)


def test_models_that_err_apart_are_blended_and_promoted(job):
    said = {f"m{seed}": noisy(job, seed, 1.5) for seed in range(4)}
    found = with_ensemble(job, ladder(), climbed(job, said))
    step = found.step("ensemble")
    assert found.winner == "ensemble"
    assert step.evidence.gain.bound > 0
    assert len(step.evidence.choice["weights"]) > 1
    assert sum(step.evidence.choice["weights"].values()) == pytest.approx(1)


@pytest.mark.parametrize(("latency", "winner"), [(1.9, "ensemble"), (2.1, "m0")])
def test_a_blend_over_twice_as_slow_owes_the_gain_that_any_such_rung_does(job, latency, winner):
    said = {f"m{seed}": noisy(job, seed, 1.5) for seed in range(4)}
    before = climbed(job, said)
    held = tuple(
        replace(each, evidence=replace(each.evidence, latency_ms=1.0, size_bytes=10**6)) for each in before.steps
    )
    found = with_ensemble(replace(job, min_gain=50.0), ladder(latency), replace(before, steps=held))
    assert found.step("ensemble").evidence.latency_ms == latency
    assert found.winner == winner


def test_a_member_that_knows_all_leaves_no_blend(job):
    truth = job.target.value[job.plan.judged]
    known = np.where(np.eye(2)[truth] > 0, 0.99, 0.01).astype(np.float32)
    found = with_ensemble(job, ladder(), climbed(job, {"poor": noisy(job, 1, 9.0), "good": known}))
    assert found.step("ensemble").evidence.why == "no rung adds to what good says alone"


def test_members_that_know_nothing_make_no_blend_that_is_promoted(job):
    """Chosen and judged on the same rows, the best of many coins would look like a gain."""
    draw = np.random.default_rng(3)
    said = {f"m{i}": draw.dirichlet((1, 1), N // 2).astype(np.float32) for i in range(30)}
    found = with_ensemble(job, ladder(), climbed(job, said))
    assert found.winner == "m0"
    weights = weigh(job, job.plan.judged, list(said.values()))
    flattered = mixed(list(said.values()), weights)
    truth = job.target.value[job.plan.judged]
    honest = found.step("ensemble").trial.prediction[0]
    assert (flattered.argmax(1) == truth).mean() > 0.55 > (honest.argmax(1) == truth).mean()


def test_labels_of_rows_do_not_choose_the_weights_that_predict_them(job, monkeypatch):
    rows = job.plan.judged
    shares = np.arange(len(rows)) % 3
    folds = [Fold(rows[shares != f], rows[shares == f]) for f in range(3)]
    monkeypatch.setattr("rung.recipes.ensemble.inner_folds", lambda job, rows, k: folds)
    said = {f"m{seed}": noisy(job, seed, 1.0 + seed) for seed in range(3)}
    value = job.target.value.copy()
    value[folds[0].validation] = 1 - value[folds[0].validation]
    poisoned = replace(job, target=replace(job.target, value=value))
    clean, dirty = (with_ensemble(each, ladder(), climbed(job, said)).step("ensemble") for each in (job, poisoned))
    held = shares == 0
    assert np.array_equal(clean.trial.prediction[0, held], dirty.trial.prediction[0, held])
    assert not np.array_equal(clean.trial.prediction[0, ~held], dirty.trial.prediction[0, ~held])


def test_a_blend_is_judged_on_every_repeat_that_all_its_members_have(job):
    before = climbed(job, {f"m{seed}": noisy(job, seed, 1.0) for seed in range(2)})
    again = noisy(job, 7, 1.0)
    twice = [
        replace(s, trial=replace(s.trial, prediction=np.stack([s.trial.prediction[0], again]))) for s in before.steps
    ]
    step = with_ensemble(job, ladder(), replace(before, steps=tuple(twice))).steps[-1]
    assert np.allclose(step.trial.prediction[1], again, atol=1e-6)  # both say the same there: so does any blend
    once = with_ensemble(job, ladder(), replace(before, steps=(twice[0], before.steps[1]))).steps[-1]
    assert len(once.trial.prediction) == 1


def test_a_member_that_is_a_blend_itself_counts_as_one(job):
    before = climbed(job, {"classic": noisy(job, 0, 1.0), "frozen": noisy(job, 1, 1.0)})
    heads = [FittedModel(Encoders(), PriorHead(np.array(p, np.float32))) for p in ([0.2, 0.8], [0.6, 0.4])]
    stack = Blended(tuple(heads), (0.5, 0.5))
    steps = (before.steps[0], replace(before.steps[1], model=stack))
    step = with_ensemble(job, ladder(), replace(before, steps=steps)).steps[-1]
    weight_of = members_of(step)
    said = {each.evidence.name: each.model.predict(job.inputs) for each in steps}
    found = mixed([said[name] for name in weight_of], tuple(weight_of.values()))
    assert len(step.model.members) == 3
    assert np.allclose(found, step.model.predict(job.inputs), atol=1e-6)


def test_forgetting_in_a_blend_is_told_of_the_rung_that_changed_the_backbone_most():
    def step(name, *, changed=False):
        return Step(RungEvidence(name, "tried"), None, SimpleNamespace(delta="a delta" if changed else None))

    blend = Step(RungEvidence("ensemble", "tried", choice={"weights": {"classic": 0.6, "lora": 0.1, "partial": 0.3}}))
    steps = (step("classic"), step("lora", changed=True), step("partial", changed=True), blend)
    assert measured_rung(Climbed(steps, "ensemble", ""), blend) == "partial (in the blend)"
    assert measured_rung(Climbed(steps, "partial", ""), steps[2]) == "partial"


def test_one_rung_alone_makes_no_blend(job):
    found = with_ensemble(job, ladder(), climbed(job, {"m": noisy(job, 0, 1.0)}))
    assert found.step("ensemble").evidence.status == "skipped"
    assert found.winner == "m"


def test_a_blend_keeps_every_backbone_that_its_members_changed():
    kept = []

    def tune(delta, items, **more):
        kept.append(more)
        return np.ones((len(items), 2), np.float32)

    head = LinearHead(np.eye(2, dtype=np.float32), np.zeros(2, np.float32), "softmax")
    deltas = [Delta("weights", {"n": 1}, {}), Delta("weights", {"n": 2}, {}), None]
    members = tuple(FittedModel(Encoders(embedded=("text",)), head, delta=each) for each in deltas)
    inputs = Inputs({"text": ["a"]}, pl.DataFrame(), lambda _: np.ones((1, 2), np.float32), 1, tune=tune)
    Blended(members, (0.5, 0.25, 0.25)).predict(inputs)
    assert kept == [{"kept": 2}, {"kept": 2}]


def test_a_blend_read_back_predicts_bit_for_bit():
    heads = [PriorHead(np.array(p, np.float32)) for p in ([0.2, 0.8], [0.6, 0.4])]
    blend = Blended(tuple(FittedModel(Encoders(), head) for head in heads), (0.25, 0.75))
    inputs = Inputs({}, pl.DataFrame(), lambda _: np.zeros((3, 1), np.float32), 3)
    assert np.array_equal(fitted(blend.parts()).predict(inputs), blend.predict(inputs))
    assert blend.predict(inputs)[0] == pytest.approx([0.5, 0.5])


@pytest.mark.journey
def test_a_blend_that_wins_is_delivered_and_loaded(fake, paragraphs, tmp_path, monkeypatch):
    monkeypatch.setattr("rung.recipes.ensemble.judged", lambda *shown: promoted(judged(*shown)))  # whatever it gains
    run = fit(paragraphs, target="label", max_rung="frozen", ensemble=True, out=tmp_path / "run")
    assert run.evidence.winner == "ensemble"
    assert {path.name for path in (run.path / "model").iterdir()} >= {"member0", "member1", "bundle.json"}
    kept = pl.read_parquet(run.path / "predictions.parquet").filter(pl.col("split") == "test")
    said = rung.load(run.path).predict_proba(paragraphs[kept["row"].to_list()])
    assert said == pytest.approx(np.array(kept["delivered:p"].to_list()), abs=1e-6)
    assert "ensemble" in (run.path / "report.html").read_text()


@pytest.mark.journey
def test_a_blend_that_could_not_be_tried_stops_nothing(paragraphs, tmp_path):
    run = fit(paragraphs, target="label", rungs="classic", ensemble=True, out=tmp_path / "run")
    assert run.evidence.rung("ensemble").status == "skipped"
    assert run.evidence.winner == "classic"
