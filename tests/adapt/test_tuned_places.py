"""Which layers are given modules, in every family: found by shape, told in words, all blocks or the upper ones."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest
import torch

from rung.adapt.bodies import Body, places
from rung.adapt.ground import Ground
from rung.adapt.ladder import rungs
from rung.adapt.prefix import hidden_before
from rung.backbones.tuned import changed
from rung.testing.toys import MAKES

TUNED = {rung.name: rung for rung in rungs() if getattr(rung, "dear", False)}
ALL = {"asked": TUNED}
pytestmark = pytest.mark.usefixtures("short")


@pytest.mark.parametrize("family", list(MAKES))
def test_which_layers_get_modules_is_found_by_shape(embedder, family):
    tunable = embedder(family).tunable
    found = places(tunable, tunable.module())
    assert (found.attention_out, found.feed_out) == PLACES.get(family, ("attention.output.dense", "output.dense"))
    assert len(found.keys_values) == (1 if family in ("modernbert", "gpt2") else 2)


PLACES = {
    "distilbert": ("attention.out_lin", "ffn.lin2"),
    "mpnet": ("attention.attn.o", "output.dense"),
    "albert": ("albert_layers.0.attention.dense", "albert_layers.0.ffn_output"),
    "modernbert": ("attn.Wo", "mlp.Wo"),
    "t5": ("layer.0.SelfAttention.o", "layer.1.DenseReluDense.wo"),
    "mt5": ("layer.0.SelfAttention.o", "layer.1.DenseReluDense.wo"),
    "gpt2": ("attn.c_proj", "mlp.c_proj"),
    "llama": ("self_attn.o_proj", "mlp.down_proj"),
}


@pytest.mark.parametrize("family", list(MAKES))
@pytest.mark.parametrize("name", ["lora", "ia3", "adapter", "adapter houlsby"])
def test_every_family_takes_modules_in_every_block_and_they_change_nothing_at_first(make, family, name):
    settings = {"lora": {"lora.k": 2}, "adapter houlsby": {"adapter.placement": "houlsby"}}.get(name, {})
    job = make(rows=24, family=family, **ALL, settings=settings)
    rung = TUNED[name.partition(" ")[0]]
    assert rung.applies(job) == ""
    probe = job.tunable.prepare(["the card has not arrived", "yes"])
    body = rung.method.body(job, rung.method.settings(job)[0], probe)
    batch = job.tunable.batch(probe, np.arange(2))
    plain = job.tunable.vectors(job.tunable.module(), batch)
    assert torch.allclose(body.vectors(body.module, batch), plain, atol=1e-5)
    found = places(job.tunable, job.tunable.module())
    assert len(re.split("[,;] ", body.where())) == {"lora": len(found.every), "adapter": 1, "adapter houlsby": 2}.get(
        name, len(found.keys_values) + 1
    )
    depths = {job.tunable.depth(key) for key, each in body.module.named_parameters() if each.requires_grad}
    assert depths == set(range(1, len(job.tunable.blocks(body.module)) + 1))


@pytest.mark.parametrize("family", [name for name in MAKES if name != "albert"])  # whose blocks are one and the same
def test_lora_in_the_upper_blocks_runs_on_kept_activations_and_keeps_its_places_in_the_bundle(embedder, make, family):
    job = make(rows=24, family=family, **ALL)
    rung = TUNED["lora"]
    assert rung.applies(job) == ""
    probe = job.tunable.prepare(["the card has not arrived", "yes"])
    body = rung.method.body(job, rung.method.settings(job)[0], probe)
    count, module = job.tunable.count, job.tunable.module()
    assert body.k == round(2 * count / 3)
    assert f"in the top {body.k} block" in body.where()
    batch = job.tunable.batch(probe, np.arange(2))
    first = list(job.tunable.blocks(module))[-body.k]
    given = hidden_before(job.tunable, module, first, batch)
    assert torch.allclose(body.module(batch, given), job.tunable.vectors(module, batch), atol=1e-5)
    depths = {job.tunable.depth(body.names[key]) for key, each in body.module.named_parameters() if each.requires_grad}
    assert depths == set(range(count - body.k + 1, count + 1))
    for name, each in body.module.named_parameters():
        if "lora_B" in name:
            each.data.fill_(0.1)
    moved = body.module(batch, given)
    again = changed(job.tunable.module(), body.delta(), job.tunable.path)
    assert torch.allclose(job.tunable.vectors(again, batch), moved, atol=1e-4)
    assert torch.allclose(body.module(batch, given), moved)  # it goes on cut


@pytest.mark.parametrize(
    ("base", "name", "revision"),
    [
        ("all-MiniLM-L6-v2", "sentence-transformers/all-MiniLM-L6-v2", None),
        ("hf:owner/model@abc", "owner/model", "abc"),
        ("/home/me/models@2/bert", None, None),
    ],
)
def test_an_adapter_names_its_backbone_and_no_place_of_this_machine(make, base, name, revision):
    job = make(**ALL)
    for k in (0, 1):
        body = TUNED["lora"].method.body(job, {"rank": 2, "kind": "plain", "k": k}, Ground.of(job).probe)
        config = json.loads(replace(body, base=base).delta().files["adapter_config.json"])
        assert (config["base_model_name_or_path"], config["revision"]) == (name, revision)
        assert body.base == job.tunable.card.id


@pytest.mark.parametrize(("k", "said"), [(1, "in the top 1 block"), (2, "in the top 2 blocks")])
def test_one_block_is_one(k, said):
    module = torch.nn.Sequential(torch.nn.Linear(2, 2))
    assert Body(module, lambda *_: None, k=k, kind="adapter").where().endswith(said)


@pytest.mark.parametrize("family", list(MAKES))
@pytest.mark.parametrize("name", ["prefix", "prompt"])
def test_every_family_learns_tokens_alone_before_its_text_or_says_why_not(make, family, name):
    job, rung = make(rows=24, family=family, **ALL), TUNED[name]
    if why := rung.applies(job):
        assert why.startswith(f"{family} can't take {name}")
        return
    ground, rows = Ground.of(job), np.arange(24)
    learner, body, _ = rung.learner(ground, rows, rung.method.settings(job)[0], None, warm=None)
    learns = set(learner.trained())
    assert {key.rpartition(".")[0] for key in learns} == {"head", "body.prompt_encoder.default.embedding"}
    assert body.where() == "prompt_encoder.default.embedding.weight"
    assert np.isfinite(learner.predict(rows)).all()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("lora", "modules at encoder.layer.*: attention.self.query, attention.self.key"),
        ("ia3", "modules at encoder.layer.*: attention.self.key, attention.self.value"),
        ("adapter", "modules at encoder.layer.*: output.dense"),
        ("prompt", "modules at prompt_encoder"),
    ],
)
def test_where_modules_are_stands_in_the_notes_of_a_climb(make, name, said):
    assert [note for note in TUNED[name].climb(make(**ALL)).notes if note.startswith(said)]
