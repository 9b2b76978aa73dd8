"""Rungs that train, all the way: run folder, PEFT without Rung, a fresh process, two processes that train together."""

import json
import random
import re
import subprocess
import sys
import time
from contextlib import suppress

import numpy as np
import polars as pl
import pytest

import rung
from rung.adapt.ladder import rungs
from rung.testing.toys import tiny, toy_table

pytestmark = pytest.mark.journey
NAMES = [each.name for each in rungs() if getattr(each, "dear", False)]
QUICK = {"epochs": 6, "batch": 16}
RATE = {"partial": {"rate": 3e-3}, "full": {"rate": 1e-3}}  # random weights want to move further

AGAIN = """
import json, sys
import numpy as np
import rung
for folder in sys.argv[1:]:
    run = rung.load(folder)
    np.save(folder + "/again.npy", run.predict_proba(json.load(open(folder + "/../texts.json"))))
"""


@pytest.fixture(scope="module")
def table():
    return toy_table(120, seed=2).select("text", "label")


@pytest.fixture(scope="module")
def run_of(tmp_path_factory, table):
    """Fit with one rung above prior, once a rung; log-loss decides, so that training is worth its while."""
    place = tmp_path_factory.mktemp("tuned")
    backbone = str(tiny("bert", place / "bert"))
    (place / "texts.json").write_text(json.dumps(table["text"][:20].to_list()))
    known = {}

    def fitted(name):
        if name not in known:
            step, _, kind = name.partition(" ")
            settings = {f"{step}.{key}": value for key, value in (QUICK | RATE.get(step, {})).items()}
            known[name] = rung.fit(
                table, target="label", backbone=backbone, rungs=step, test=0.3, metric="log_loss", out=place / name,
                set=settings | ({f"{step}.kind": kind} if kind else {}),
            )  # fmt: skip
        return known[name]

    return fitted


def test_every_tuned_run_predicts_alike_in_a_fresh_process(run_of, table):
    runs = {name: run_of(name) for name in NAMES}
    texts = table["text"][:20].to_list()
    before = {name: run.predict_proba(texts) for name, run in runs.items()}
    subprocess.run([sys.executable, "-c", AGAIN, *[str(run.path) for run in runs.values()]], check=True)
    for name, run in runs.items():
        assert run.evidence.winner == name
        assert run.predictor.model.delta is not None
        assert np.abs(before[name] - np.load(run.path / "again.npy")).max() < 1e-6, name


def test_what_is_delivered_is_the_difference_from_the_backbone(run_of):
    from safetensors.numpy import load_file

    adapter = run_of("lora").path / "model" / "adapter"
    assert sorted(path.name for path in adapter.iterdir()) == ["adapter_config.json", "adapter_model.safetensors"]
    assert not (adapter.parent / "delta.safetensors").exists()
    changed = load_file(run_of("partial").path / "model" / "delta.safetensors")
    assert changed
    assert all(name.startswith("encoder.layer.1.") for name in changed)


def test_a_run_that_changed_the_backbone_is_judged_for_forgetting(run_of):
    verdict = run_of("full").evidence.verdict("forgetting")
    assert verdict.verdict in ("no", "some", "yes")
    assert "general probe" in verdict.sentence


PLAIN = """
import json, sys
import numpy as np, torch
from safetensors.numpy import load_file
from transformers import AutoModel, AutoTokenizer
from peft import PeftModel
assert "rung" not in sys.modules
base, texts, *folders = sys.argv[1:]
tokens = AutoTokenizer.from_pretrained(base)(json.load(open(texts)), padding=True, return_tensors="pt")
tokens.pop("token_type_ids", None)
mask = tokens["attention_mask"][..., None]
for folder in folders:
    plain = AutoModel.from_pretrained(base, add_pooling_layer=False)
    model = PeftModel.from_pretrained(plain, folder + "/adapter").eval()
    with torch.no_grad():
        states = model(**tokens).last_hidden_state
    states = states[:, -mask.shape[1] :]  # a learnt prompt stands before the text's own tokens
    x = ((states * mask).sum(1) / mask.sum(1)).numpy()
    head = load_file(folder + "/head.safetensors")
    z = x @ head["head.weight"] + head["head.bias"]
    np.save(folder + "/../plain.npy", np.exp(z) / np.exp(z).sum(1, keepdims=True))
assert "rung" not in sys.modules
"""
ADAPTED = ("lora", "lora rslora", "lora dora", "ia3", "prefix", "prompt")


@pytest.fixture(scope="module")
def plain(run_of):
    """What PEFT alone predicts with each adapter, all in one process that never sees Rung."""
    paths = {name: run_of(name).path for name in ADAPTED}
    place = paths["lora"].parent
    words = [str(place / "bert"), str(place / "texts.json"), *(str(path / "model") for path in paths.values())]
    subprocess.run([sys.executable, "-c", PLAIN, *words], check=True)
    return {name: np.load(path / "plain.npy") for name, path in paths.items()}


@pytest.mark.parametrize("rung", ADAPTED)
def test_plain_peft_reads_the_adapter_and_predicts_the_same(run_of, plain, rung):
    run = run_of(rung)
    texts = json.loads((run.path.parent / "texts.json").read_text())
    raw = run.predictor.model.predict(_inputs(run, texts))
    assert np.abs(plain[rung] - raw).max() < 1e-5


def _inputs(run, texts):
    from rung.data.inputs import make_inputs, readers_of

    frame = pl.DataFrame({"text": texts})
    return make_inputs(frame, run.predictor.manifest.columns, readers_of(run.predictor.embedders))


def test_a_changed_delta_is_refused(run_of, tmp_path):
    import shutil

    from rung.core.errors import BundleError

    run = run_of("full")
    copy = shutil.copytree(run.path, tmp_path / "copy")
    file = copy / "model" / "delta.safetensors"
    raw = bytearray(file.read_bytes())
    raw[-1] ^= 1
    file.write_bytes(raw)
    with pytest.raises(BundleError, match=r"delta\.safetensors"):
        rung.load(copy).predict(["a"])


def test_scratch_is_the_other_side_of_the_transfer_verdict(tmp_path, table):
    backbone = str(tiny("bert", tmp_path / "bert"))
    settings = {"partial.epochs": 6, "partial.batch": 16, "partial.rate": 3e-3, "scratch.epochs": 2}
    run = rung.fit(
        table, target="label", backbone=backbone, rungs="classic,partial,scratch", set=settings, test=0.3,
        metric="log_loss", out=tmp_path / "run",
    )  # fmt: skip
    assert {run.evidence.rung(name).status for name in ("classic", "partial", "scratch")} == {"tried"}
    assert "random start" in run.evidence.verdict("transfer").sentence


def test_two_processes_climb_as_one_does(tmp_path, table):
    """Without dropout, whose masks are each process's own."""
    table.write_csv(tmp_path / "table.csv")
    config = tiny("bert", tmp_path / "bert") / "config.json"
    still = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    config.write_text(json.dumps(json.loads(config.read_text()) | still))
    names = ("partial", "lora", "full")
    settings = {f"{name}.{key}": value for name in names for key, value in {"epochs": 2, "batch": 19}.items()}
    one = rung.fit(
        tmp_path / "table.csv", target="label", backbone=str(tmp_path / "bert"), rungs=",".join(names), test=0.3,
        metric="log_loss", set=settings, out=tmp_path / "one",
    )  # fmt: skip
    log = [json.loads(line) for line in (one.path / "log.jsonl").read_text().splitlines()]
    (ended,) = (line for line in log if line.get("name") == "full")
    assert ended["predicted_memory"] > 0
    assert "memory" in ended
    fit = ["-m", "rung", "fit", "table.csv", "--target", "label", "--backbone", str(tmp_path / "bert")]
    fit += ["--rungs", ",".join(names), "--metric", "log_loss", "--test", "0.3", "--json"]
    for name, value in settings.items():  # 58 rows train in a fold: one process has none of the last batch's row
        fit += ["--set", f"{name}={value}"]
    fit += ["-o"]
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
    two = subprocess.run([*torchrun, *fit, "two"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert two.returncode == 0, two.stderr[-3000:]
    assert json.loads(two.stdout)["winner"] == one.evidence.winner in names
    for name in names:
        kept = [
            pl.read_parquet(tmp_path / way / "predictions.parquet").drop_nulls(f"{name}:p") for way in ("one", "two")
        ]
        said = [np.array(frame[f"{name}:p"].to_list()) for frame in kept]
        assert np.abs(said[0] - said[1]).max() < 1e-3, name
    assert sum("start" in line for line in (tmp_path / "two" / "log.jsonl").read_text().splitlines()) == 1


def test_two_climbs_at_once_share_one_search(tmp_path, table):
    """As two machines would: the same command, each with a folder of its own, one database between them."""
    optuna = pytest.importorskip("optuna")
    table.write_csv(tmp_path / "table.csv")
    url = f"sqlite:///{tmp_path / 'search.db'}"
    fit = [sys.executable, "-m", "rung", "fit", "table.csv", "--target", "label", "--rungs", "lora", "--test", "0.3"]
    fit += ["--backbone", str(tiny("bert", tmp_path / "bert")), "--metric", "log_loss", "--search", "10"]
    fit += ["--set", "lora.batch=16", "--storage", url, "--json", "-o"]
    both = [subprocess.Popen([*fit, out], cwd=tmp_path, stdout=subprocess.PIPE, text=True) for out in ("one", "two")]
    try:
        said = [json.loads(process.communicate(timeout=300)[0]) for process in both]
    finally:
        for process in both:
            process.kill()
    studies = optuna.get_all_study_summaries(url)
    assert len(studies) == 5  # one of each fold
    assert (
        10 <= sum(study.n_trials for study in studies) <= 15
    )  # each may have begun one while the other ended the last
    for run in said:
        (lora,) = (step for step in run["rungs"] if step["name"] == "lora")
        assert any(re.search("settings searched in 1[0-5] trials over 5 folds", note) for note in lora["notes"])


def test_a_report_on_shifted_rows_says_how_each_rung_was_trained(tmp_path, table):
    """Each test row has the next class's name."""
    names = sorted(table["label"].unique().to_list())
    turned = dict(zip(names, [*names[1:], names[0]], strict=True))
    shifted = toy_table(60, seed=5).select("text", "label").with_columns(pl.col("label").replace_strict(turned))
    settings = {f"full.{key}": value for key, value in (QUICK | RATE["full"]).items()}
    run = rung.fit(
        table, target="label", test=shifted, backbone=str(tiny("bert", tmp_path / "bert")), rungs="frozen,full",
        set=settings, metric="log_loss", out=tmp_path / "run",
    )  # fmt: skip
    verdict = run.evidence.verdict("shift")
    assert verdict.verdict == "falls"
    assert "full (LP-FT" in verdict.sentence
    assert "full (LP-FT" in (run.path / "report.html").read_text()


def decided(folder):
    evidence = json.loads((folder / "evidence.json").read_text())
    clock = {"seconds", "measured", "latency_ms", "predicted"}
    evidence["rungs"] = [{k: v for k, v in step.items() if k not in clock} for step in evidence["rungs"]]
    return evidence


def half_way(notes):
    """Steps that the checkpoints of trainings under way have seen."""
    found = []
    for page in notes.glob("*.safetensors"):
        with suppress(FileNotFoundError):
            raw = page.read_bytes()
            head = json.loads(raw[8 : 8 + int.from_bytes(raw[:8], "little")])
            found.append(json.loads(head["__metadata__"]["facts"]).get("step", 0))
    return [step for step in found if step]


def test_a_climb_killed_while_it_trains_ends_in_the_same_evidence(tmp_path, table):
    """Three times in a row at seeded moments after a checkpoint, of which there are many in each training."""
    table.write_csv(tmp_path / "table.csv")
    backbone = str(tiny("bert", tmp_path / "bert"))
    asked = {"target": "label", "backbone": backbone, "rungs": "full", "metric": "log_loss", "test": 0.3}
    asked["set"] = ["full.epochs=20"]
    often = "import rung.adapt.training.checkpoint as c; c.EVERY = 0.05; from rung.cli.main import main; main()"
    fit = [sys.executable, "-c", often, "fit", "table.csv", "--target", "label", "--backbone", backbone]
    fit += ["--rungs", "full", "--metric", "log_loss", "--set", "full.epochs=20", "--test", "0.3"]
    rung.fit(tmp_path / "table.csv", **asked, out=tmp_path / "whole")
    notes = tmp_path / "cut" / "state" / "notes"
    resume, draw, cut = list[str](), random.Random(0), list[list[int]]()
    for _ in range(3):
        before = half_way(notes)
        process = subprocess.Popen(
            [*fit, "-o", "cut", *resume], cwd=tmp_path, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        )
        while process.poll() is None and half_way(notes) in ([], before):
            time.sleep(0.02)
        time.sleep(draw.uniform(0, 0.3))
        process.kill()
        process.wait()
        assert not (tmp_path / "cut" / "run.json").exists(), "it ended before the blow"
        cut.append(half_way(notes))
        resume = ["--resume"]
    assert any(cut), "no blow fell into a training"
    rung.fit(tmp_path / "table.csv", **asked, out=tmp_path / "cut", resume=True)
    assert decided(tmp_path / "cut") == decided(tmp_path / "whole")
