"""On a CUDA device: vectors, rungs, resume and shortage of memory there are what they are on a CPU."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from rung.adapt.ladder import rungs
from rung.adapt.training import checkpoint
from rung.adapt.training.loop import Around, train
from rung.core.types import Task
from rung.testing.toys import tiny

pytestmark = [
    pytest.mark.usefixtures("short"),
    pytest.mark.skipif(not torch.cuda.is_available(), reason="torch sees no CUDA device here"),
]
TUNED = {rung.name: rung for rung in rungs() if getattr(rung, "dear", False)}


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """Load one tiny BERT on the device and on the CPU."""
    from rung.backbones.load import load

    folder = str(tiny("bert", tmp_path_factory.mktemp("bert")))
    return {place: load(folder, precision="float32", cache=False, device=place) for place in ("cuda", "cpu")}


@pytest.fixture
def on(make, both, monkeypatch):
    """Make a job whose backbone is on the named device."""

    def job(place, **rest):
        found = make(Task.MULTICLASS, asked=TUNED, **rest)
        return replace(found, tunable=both[place].tunable)

    return job


def test_both_give_the_same_vectors(both, make):
    texts = list(make().inputs.texts["text"])
    assert np.allclose(both["cuda"](texts), both["cpu"](texts), atol=1e-5)


def test_short_numbers_point_the_same_way(both, make):
    from rung.backbones.load import load

    texts = list(make().inputs.texts["text"])
    short = load(str(both["cpu"].backbone.source.folder), precision="bfloat16", cache=False, device="cuda")(texts)
    plain = both["cpu"](texts)
    cosine_N = (short * plain).sum(1) / np.linalg.norm(short, axis=1) / np.linalg.norm(plain, axis=1)
    assert cosine_N.min() > 0.999


@pytest.mark.parametrize("name", TUNED)
def test_a_rung_trained_there_predicts_the_same_on_a_cpu(on, both, name):
    from rung.core.types import Role
    from rung.data.inputs import make_inputs, readers_of
    from rung.testing.toys import toy_table

    job = on("cuda")
    trial = TUNED[name].climb(job)
    assert np.isfinite(trial.prediction).all()
    model = TUNED[name].refit(job, {**trial.choice, "stop_after": 2, "wise": 1.0, "soup": False})
    said = {}
    for place, embedder in both.items():
        table = toy_table(72, seed=1, task=Task.MULTICLASS)
        said[place] = model.predict(make_inputs(table, job.columns, readers_of({Role.TEXT: embedder})))
    assert np.allclose(said["cuda"], said["cpu"], atol=1e-3)


def test_a_run_cut_there_goes_on_to_the_same_end(on, notebook, monkeypatch):
    monkeypatch.setattr(checkpoint, "EVERY", 0.0)
    rung = TUNED["full"]

    def learner():
        from rung.adapt.ground import Ground

        job = on("cuda")
        return rung.learner(Ground.of(job), np.arange(72), rung.method.settings(job)[0], None, warm=None)[0]

    class Cut(Exception):
        pass

    def tell(progress):
        if progress.done == 6:
            raise Cut

    recipe, rows = replace(rung.recipe, epochs=2, batch=8, wise=False), np.arange(72)
    whole = learner()
    train(whole, recipe, rows, None, Around(0, early_look=False))
    with pytest.raises(Cut):
        train(learner(), recipe, rows, None, Around(0, "cut", notebook, tell, early_look=False))
    assert notebook.pages
    resumed = learner()
    train(resumed, recipe, rows, None, Around(0, "cut", notebook, early_look=False))
    ends = [learner.outputs(rows) for learner in (whole, resumed)]
    assert np.allclose(*ends, atol=1e-4)


def test_a_batch_too_large_for_the_device_passes_in_halves(on):
    from rung.adapt.ground import Ground

    rung, rows = TUNED["full"], np.arange(2048)
    recipe = replace(rung.recipe, epochs=1, batch=2048, micro=2048, wise=False)
    job = on("cuda", rows=2048)

    def run():
        learner = rung.learner(Ground.of(job), rows, rung.method.settings(job)[0], None, warm=None)[0]
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
        return train(learner, recipe, rows, None, Around(0, early_look=False))

    assert run().micro is None
    most = torch.cuda.max_memory_allocated()
    torch.cuda.empty_cache()
    torch.cuda.set_per_process_memory_fraction(0.7 * most / torch.cuda.get_device_properties(0).total_memory)
    try:
        found = run()
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
    assert found.micro is not None
    assert found.micro < 2048
    assert any("memory ran out" in note for note in found.notes)
