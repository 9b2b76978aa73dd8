"""Texts, images, sounds and numbers in one row: any may be missing, and what each is worth is told."""

import json
import subprocess
import sys

import numpy as np
import polars as pl
import pytest
import soundfile

import rung
from rung.core.errors import BadOption, NoSuchColumn
from rung.testing.senses import RATE, noises, pictures, tiny_sense
from rung.testing.toys import tiny

pytestmark = pytest.mark.journey
N = 90
WORDS = ("anchor", "basil", "comet")
AGAIN = "import sys, rung; rung.predict(sys.argv[1], sys.argv[2], out=sys.argv[3])"


@pytest.fixture(scope="module", autouse=True)
def few_rounds():
    """How long trees go on growing is told where they are; here they are one way of fusing among others."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("rung.adapt.boost.ROUNDS", 40)
        patch.setattr("rung.adapt.boost.MORE_ROUNDS", 40)
        yield


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A table of notes, photos, sounds, a size and a colour, each missing in some rows, and tiny backbones."""
    place = tmp_path_factory.mktemp("mixture")
    draw = np.random.default_rng(0)
    kind_N = np.arange(N) % 3
    rows = []
    for i, (picture, noise) in enumerate(zip(pictures(kind_N), noises(kind_N), strict=True)):
        picture.image().save(place / f"{i:02}.png")
        soundfile.write(place / f"{i:02}.wav", noise.clip().samples, RATE)
        said = kind_N[i] if draw.random() < 0.7 else draw.integers(3)
        rows.append(
            {
                "note": f"{WORDS[said]} number {draw.integers(50)}" if i % 5 else "",
                "photo": f"{i:02}.png" if i % 4 else None,
                "voice": f"{i:02}.wav" if i % 7 else None,
                "size": float(kind_N[i] + draw.normal()) if i % 6 else None,
                "colour": ("red", "blue")[int(draw.integers(2))],
                "kind": f"kind {kind_N[i]}",
            }
        )
    pl.DataFrame(rows).write_csv(place / "rows.csv")
    tiny("bert", place / "bert")
    tiny_sense("resnet", place / "resnet")
    tiny_sense("yamnet", place / "yamnet")
    return place


@pytest.fixture(scope="module")
def names(place):
    return [str(place / family) for family in ("bert", "resnet", "yamnet")]


@pytest.fixture(scope="module")
def run(place, names):
    roles = {"note": "text", "photo": "image", "voice": "audio"}
    return rung.fit(
        place / "rows.csv", target="kind", backbone=names, rungs="classic,frozen", column=roles, out=place / "run"
    )


def test_every_kind_of_column_has_a_backbone_of_its_own(run):
    cards = [run.manifest["backbone"], *run.manifest["beside"]]
    assert [card["modality"] for card in cards] == ["text", "image", "audio"]
    assert run.evidence.rung("frozen").score.value > 0.8


def test_rows_that_lack_a_part_are_kept_and_told(run):
    assert run.evidence.rows["train"] + run.evidence.rows["test"] == N
    found = json.loads((run.path / "audit.json").read_text())["findings"]
    said = " ".join(each["what"] for each in found if each["check"] == "missing_part")
    assert "no 'photo'" in said
    assert "no 'note'" in said


def test_what_each_part_is_worth_is_told_with_intervals(run):
    parts = {part.name: part.gain for part in run.evidence.parts}
    assert set(parts) == {"note", "photo", "voice", "table columns"}
    assert all(gain.low <= gain.value <= gain.high for gain in parts.values())
    assert "What each part is worth" in (run.path / "report.html").read_text()


def in_a_fresh_process(run, rows, out):
    words = [str(run.path), str(rows), str(out)]
    subprocess.run([sys.executable, "-c", AGAIN, *words], check=True)
    return pl.read_parquet(out)


def alike(here, there):
    assert here["prediction"].to_list() == there["prediction"].to_list()
    chances = [name for name in here.columns if name.startswith("p_")]
    assert np.abs(here[chances].to_numpy() - there[chances].to_numpy()).max() < 1e-5


def test_a_fresh_process_predicts_the_same_whatever_the_columns_order(run, place):
    frame = pl.read_csv(place / "rows.csv")
    shuffled = frame.select(reversed(frame.columns)).with_columns(extra=pl.lit("more"))
    shuffled.drop("kind").write_csv(place / "new.csv")
    here = rung.predict(run, place / "new.csv")
    alike(here, in_a_fresh_process(run, place / "new.csv", place / "said.parquet"))


@pytest.mark.parametrize("lost", ["note", "photo", "voice", "size", "colour"])
def test_a_row_that_lacks_any_part_is_predicted(run, place, lost):
    frame = rung.recipes.apply.table_of(place / "rows.csv", run.predictor.manifest.columns)
    gone = frame.with_columns(pl.lit(None, dtype=frame[lost].dtype).alias(lost))
    table = rung.predict(run, gone)
    assert table["prediction"].null_count() == 0
    assert "error" not in table.columns


def test_a_column_that_is_not_there_is_one_clear_error(run, place):
    with pytest.raises(NoSuchColumn, match="photo") as caught:
        rung.predict(run, pl.read_csv(place / "rows.csv").drop("photo"))
    assert caught.value.exit_code == 2


def test_a_file_that_cannot_be_read_is_an_error_of_its_row(run, place):
    (place / "broken.png").write_bytes(b"no")
    frame = pl.read_csv(place / "rows.csv").head(3).with_columns(photo=pl.lit("broken.png"))
    frame.write_csv(place / "broken.csv")
    assert all("broken.png" in error for error in rung.predict(run, place / "broken.csv")["error"])


def trained(place, names, fusion):
    """A fit on photos and notes whose first backbone, for photos, learns for one epoch."""
    return rung.fit(
        place / "rows.csv", target="kind", backbone=[names[1], names[0]], rungs="partial",
        column={"note": "text", "photo": "image", "voice": "ignore"}, out=place / fusion,
        set={"partial.epochs": 1, "partial.augment": "none", "partial.fusion": fusion, "partial.k": 1},
    )  # fmt: skip


def test_the_first_backbone_is_trained_beside_the_others(place, names):
    run = trained(place, names, "head")
    assert run.evidence.winner == "partial"
    assert list(run.predictor.embedders) == ["image", "text"]
    assert run.predictor.model.head.kind == "linear"
    assert rung.predict(run, place / "rows.csv")["prediction"].null_count() == 0


def test_trees_over_a_backbone_that_was_trained_predict_the_same_in_a_fresh_process(place, names):
    run = trained(place, names, "trees")
    assert run.evidence.winner == "partial"
    assert run.predictor.model.head.kind == "trees"
    assert run.evidence.rung("partial").choice["fusion"].startswith("trees")
    rows = pl.read_csv(place / "rows.csv").drop("kind").with_columns(photo=pl.lit(None, pl.String))
    rows = pl.concat([pl.read_csv(place / "rows.csv").drop("kind"), rows.head(9)])
    rows.write_csv(place / "more.csv")
    here = rung.predict(run, place / "more.csv")
    assert here["prediction"].null_count() == 0
    alike(here, in_a_fresh_process(run, place / "more.csv", place / "more.parquet"))


def test_a_backbone_that_reads_none_of_the_columns_is_refused(place, names):
    with pytest.raises(BadOption, match="one for text or image, as the data is, got one for audio"):
        rung.fit(
            place / "rows.csv", target="kind", backbone=names[2:], out=place / "no",
            column={"note": "text", "photo": "image", "voice": "ignore"},
        )  # fmt: skip


def test_several_backbones_of_one_kind_are_ranked_on_the_rows_that_have_it(place, names):
    tiny_sense("mobilenet_v2", place / "mobilenet")
    roles = {"note": "text", "photo": "image", "voice": "ignore"}
    run = rung.fit(
        place / "rows.csv", target="kind", backbone=[names[1], str(place / "mobilenet"), names[0]], rungs="frozen",
        column=roles, out=place / "ranked",
    )  # fmt: skip
    assert run.evidence.ranking.modality == "image"
    assert run.evidence.ranking.rows < run.evidence.rows["train"]
