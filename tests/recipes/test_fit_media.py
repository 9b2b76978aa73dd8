"""A folder of images or sounds goes the whole way: fit, predict, evaluate, damage on the way, nothing lost."""

import json

import numpy as np
import pytest
import soundfile
from PIL import Image
from safetensors.numpy import load

import rung
from rung.core.errors import BadOption, NoBackbone, NothingToLearnFrom, UnreadableMedia
from rung.testing.senses import RATE, noises, pictures, tiny_sense

pytestmark = pytest.mark.journey
N = 72


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Class folders of images and of sounds, one file of each unreadable; tiny backbones for both."""
    place = tmp_path_factory.mktemp("media")
    kind_N = np.arange(N) % 3
    for i, (picture, noise) in enumerate(zip(pictures(kind_N), noises(kind_N), strict=True)):
        for sense in ("images", "sounds"):
            (place / sense / f"kind {kind_N[i]}").mkdir(parents=True, exist_ok=True)
        picture.image().save(place / "images" / f"kind {kind_N[i]}" / f"{i:02}.png")
        soundfile.write(place / "sounds" / f"kind {kind_N[i]}" / f"{i:02}.wav", noise.clip().samples, RATE)
    (place / "images" / "kind 1" / "broken.png").write_bytes(b"no")
    (place / "sounds" / "kind 1" / "broken.wav").write_bytes(b"")
    tiny_sense("resnet", place / "resnet")
    tiny_sense("yamnet", place / "yamnet")
    return place


@pytest.fixture(scope="module")
def run(place):
    return rung.fit(place / "images", backbone=str(place / "resnet"), max_rung="frozen", out=place / "run")


def test_the_target_is_the_folder_and_the_broken_file_is_counted(run, place):
    assert run.evidence.task == "multiclass"
    assert run.evidence.rows["train"] + run.evidence.rows["test"] == N
    found = {each["check"]: each for each in json.loads((run.path / "audit.json").read_text())["findings"]}
    assert found["unreadable_file"]["rows"] == [48]
    assert "kind 1/broken.png: no image or sound that can be recognised" in found["unreadable_file"]["what"]


def test_handmade_features_learn_the_toy(run):
    scores = {step.name: step.score.value for step in run.evidence.rungs}
    assert scores["classic"] > 0.9 > scores["prior"]


def test_predict_keeps_rows_and_names_the_file_that_failed(run, place):
    table = rung.predict(run, place / "images")
    assert len(table) == N + 1
    assert table["error"][48] == "kind 1/broken.png: no image or sound that can be recognised"
    assert table["prediction"][48] is None
    assert table["path"][0].endswith("kind 0/00.png")
    right = [said == path.split("/")[-2] for said, path in zip(table["prediction"], table["path"], strict=True)]
    assert np.mean(right) > 0.9


def test_a_file_a_picture_and_its_bytes_are_one(run, place):
    path = place / "images" / "kind 2" / "02.png"
    image = Image.open(path)
    as_path, as_image, as_bytes, as_pixels = (
        run.predict_proba([each]) for each in (str(path), image, path.read_bytes(), np.asarray(image))
    )
    assert np.array_equal(as_path, as_image)
    assert np.array_equal(as_path, as_bytes)
    assert np.array_equal(as_path, as_pixels)
    with pytest.raises(UnreadableMedia, match=r"broken\.png"):
        run.predict([str(place / "images" / "kind 1" / "broken.png")])


def test_evaluate_leaves_out_what_it_cannot_read_and_says_so(run, place):
    found = run.evaluate(place / "images")
    assert found.n == N
    assert [finding.check for finding in found.findings] == ["training_rows", "unreadable_file"]  # it learnt from these


def test_a_table_of_paths_is_the_folder(run, place):
    folder = place / "images"
    paths = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.png"))
    (place / "images.csv").write_text("photo,label\n" + "\n".join(f"images/{p},{p.split('/')[0]}" for p in paths))
    other = rung.fit(
        place / "images.csv", target="label", backbone=str(place / "resnet"), max_rung="frozen", out=place / "run2"
    )
    first, second = (json.loads((each.path / "run.json").read_text())["data"]["split"] for each in (run, other))
    assert first == second
    assert [step.score for step in run.evidence.rungs] == [step.score for step in other.evidence.rungs]


def test_sounds_take_the_same_way(place):
    run = rung.fit(place / "sounds", backbone=str(place / "yamnet"), max_rung="frozen", out=place / "heard")
    assert {step.name: step.score.value for step in run.evidence.rungs}["classic"] > 0.9
    again = rung.load(run.path)
    files = sorted(str(path) for path in (place / "sounds" / "kind 2").glob("*.wav"))
    assert np.array_equal(run.predict_proba(files), again.predict_proba(files))


TUNED = {"rungs": "partial", "metric": "log_loss", "test": 0.3, "lr": 1e-3}
SETTINGS = {"partial.epochs": 6, "partial.batch": 16, "partial.k": 1}


@pytest.fixture(scope="module")
def tuned(place):
    return rung.fit(place / "images", backbone=str(place / "resnet"), set=SETTINGS, out=place / "tuned", **TUNED)


def test_a_rung_that_trains_is_delivered_as_a_difference(tuned):
    assert tuned.evidence.winner == "partial"
    moved = load((tuned.path / "model" / "delta.safetensors").read_bytes())
    assert moved
    assert all(name.startswith("encoder.stages.3.") for name in moved)


def test_a_run_is_a_backbone_for_the_next(place, tuned):
    run = rung.fit(place / "images", backbone=f"run:{tuned.path}", rungs="frozen", out=place / "stage 2")
    said = json.loads((run.path / "run.json").read_text())["backbone"]
    assert said["id"] == f"run:{tuned.path}"
    assert said["lineage"] == [str(place / "resnet")]
    files = sorted(str(path) for path in (place / "images" / "kind 2").glob("*.png"))
    again = rung.load(run.path)
    assert np.array_equal(run.predict_proba(files), again.predict_proba(files))
    plain, moved = (
        rung.embed(files, backbone=name, column=None) for name in (str(place / "resnet"), f"run:{tuned.path}")
    )
    assert np.abs(plain - moved).max() > 1e-3


def test_training_goes_on_from_where_the_run_ended(place, tuned):
    run = rung.fit(place / "images", backbone=f"run:{tuned.path}", set=SETTINGS, out=place / "stage 3", **TUNED)
    if run.evidence.winner == "partial":
        first, second = (load((each.path / "model" / "delta.safetensors").read_bytes()) for each in (tuned, run))
        name = next(iter(second))
        assert np.abs(first[name] - second[name]).max() < np.abs(first[name]).max()
    step = run.evidence.rungs[-1]
    assert (step.name, step.status) == ("partial", "tried")


def test_a_run_without_a_backbone_is_none(place, run):
    assert run.evidence.winner in ("classic", "frozen")
    bare = rung.fit(place / "images", max_rung="classic", out=place / "classic")
    with pytest.raises(NoBackbone, match="wanted a run whose winner has a backbone, got classic"):
        rung.fit(place / "images", backbone=f"run:{bare.path}", out=place / "never")


def test_without_a_backbone_the_rest_is_climbed_and_said(place):
    run = rung.fit(place / "images", max_rung="frozen", out=place / "bare")
    assert run.evidence.winner == "classic"
    found = [each["check"] for each in json.loads((run.path / "audit.json").read_text())["findings"]]
    assert "no_backbone" in found


def test_files_that_all_fail_say_why(place, tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        for i in range(9):
            (tmp_path / name / f"{i}.png").write_bytes(b"x")
    with pytest.raises(
        NothingToLearnFrom, match=r"18 of 18 rows have a file that can't be read.*row 0: a/0\.png: no image"
    ):
        rung.fit(tmp_path, out=tmp_path / "run")


def test_embedding_a_folder_wants_a_backbone_that_reads_it(place):
    with pytest.raises(NoBackbone, match="wanted one for image on this machine"):
        rung.embed(place / "images")
    with pytest.raises(BadOption, match="wanted rows for audio, got image in column 'path'"):
        rung.embed(place / "images", backbone=str(place / "yamnet"))


def test_a_backbone_of_another_kind_is_refused(place):
    with pytest.raises(BadOption, match="wanted one for audio, as the data is, got one for image"):
        rung.fit(place / "sounds", backbone=str(place / "resnet"), out=place / "no")
    assert not (place / "no").exists()


def test_five_rows_a_class_give_an_answer_and_no_test_rows_are_no_trouble(place, tmp_path):
    for kind in ("kind 0", "kind 1"):
        for file in sorted((place / "images" / kind).glob("*.png"))[:5]:
            (tmp_path / "few" / kind).mkdir(parents=True, exist_ok=True)
            (tmp_path / "few" / kind / file.name).write_bytes(file.read_bytes())
    few = rung.fit(
        tmp_path / "few", backbone=str(place / "resnet"), test=0, max_rung="frozen", out=tmp_path / "run", seed=1
    )
    assert few.evidence.rows == few.evidence.rows | {"train": 10, "test": 0}
    assert set(few.predict([str(tmp_path / "few" / "kind 0" / "00.png")])) <= {"kind 0", "kind 1"}


def test_a_file_that_cannot_be_read_is_no_missing_label(run):
    checks = [each["check"] for each in json.loads((run.path / "audit.json").read_text())["findings"]]
    assert "unreadable_file" in checks
    assert "null_target" not in checks


@pytest.mark.parametrize(("data", "change"), [("images", "noise"), ("sounds", "crop"), ("sounds", "noise+cutmix")])
def test_a_change_of_another_sense_is_refused_before_a_folder_is_made(place, tmp_path, data, change):
    with pytest.raises(BadOption, match=r"full\.augment: wanted auto, none, or of"):
        rung.fit(place / data, set={"full.augment": change}, out=tmp_path / "run")
    assert not (tmp_path / "run").exists()
