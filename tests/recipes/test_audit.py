"""The verb: one document of everything, nothing changed unasked, and no change without a line in the log."""

import json
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest
from PIL import Image

import rung
from rung.core.errors import BadOption, FolderInUse, RungError
from rung.core.types import Role
from rung.data.media import File
from rung.recipes.audited import noticed_late
from rung.recipes.options import checked
from rung.recipes.prepare import prepare
from rung.testing.checks_audit import clean_table

TEXTS = {"kind": "category"}


def spoilt():
    """Clean rows, then a copy, one that disagrees, an empty one, one without a label, odd spelling and letters."""
    frame = clean_table()
    text = frame["text"].to_list()
    rows = {
        "text": [text[0], text[1], " ", "one two three four five six", "the cafÃ© there", "mail ann@example.org now"],
        "number": [frame["number"][0], frame["number"][1], None, 1.0, 2.0, 3.0],
        "kind": [frame["kind"][0], frame["kind"][1], None, "low", "low", "low"],
        "label": [frame["label"][0], "no", "yes", None, "No ", "yes"],
    }
    return pl.concat([frame, pl.DataFrame(rows)])


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    folder = tmp_path_factory.mktemp("audit")
    spoilt().write_csv(folder / "data.csv")
    found = rung.audit(
        folder / "data.csv",
        target="label",
        column=TEXTS,
        out=folder / "out",
        fix=folder / "fixed.csv",
        redact=folder / "red.csv",
    )
    return folder, found


def test_audit_json_holds_every_finding_with_all_its_rows_and_every_check(done):
    folder, found = done
    written = json.loads((folder / "out" / "audit.json").read_text())
    assert {"rows", "test_rows", "columns", "counts", "findings", "checks", "seconds"} <= set(written)
    assert [each["check"] for each in written["findings"]] == [each.check for each in found.findings]
    assert sum(written["counts"].values()) == len(found.findings)
    assert {each["name"] for each in written["checks"]} >= {"duplicates", "personal", "encoding"}
    order = [("block", "warn", "note").index(each.severity) for each in found.findings]
    assert order == sorted(order)


def test_each_fault_is_named_by_its_row(done):
    found = {each.check: each.rows for each in done[1].findings}
    assert 120 in found["duplicates"]
    assert set(found["conflicting_labels"]) == {1, 121}
    assert found["null_target"] == (123,)
    assert found["label_twins"] == (124,)
    assert found["mojibake"] == (124,)
    assert found["personal"] == (125,)


def test_the_data_are_as_they_were(done):
    folder, _ = done
    before = (folder / "again.csv").absolute()
    spoilt().write_csv(before)
    assert before.read_bytes() == (folder / "data.csv").read_bytes()


def test_the_cleaned_copy_differs_by_the_log_and_nothing_else(done):
    folder, found = done
    before, after = pl.read_csv(folder / "data.csv"), pl.read_csv(folder / "fixed.csv")
    log = [json.loads(line) for line in (folder / "fixed.changes.jsonl").read_text().splitlines()]
    gone = {each["row"] for each in log if each["column"] is None}
    cells = {(each["row"], each["column"]): each["after"] for each in log if each["column"] is not None}
    rows = before.with_row_index().filter(~pl.col("index").is_in(sorted(gone))).drop("index")
    kept = [row for row in range(before.height) if row not in gone]
    for row, (old, new) in enumerate(zip(rows.to_dicts(), after.to_dicts(), strict=True)):
        wanted = {name: cells.get((kept[row], name), value) for name, value in old.items()}
        assert new == wanted
    assert {120, 123} <= gone
    assert {each["before"] for each in log if each["row"] == 120} == {"as row 0"}
    assert not [each for each in log if each["row"] in gone and each["column"] is not None]
    assert cells[(124, "label")] == "no"
    assert cells[(124, "text")] == "the café there"
    assert found.written[0].kept == after.height


def test_what_was_mended_is_not_found_again(done):
    folder, _ = done
    again = {each.check for each in rung.audit(folder / "fixed.csv", target="label", column=TEXTS).findings}
    assert not again & {"duplicates", "conflicting_labels", "null_target", "label_twins", "mojibake"}


def test_redacting_hides_the_data_in_copy_and_log_and_keeps_every_row(done):
    folder, _ = done
    copy = pl.read_csv(folder / "red.csv")
    assert copy.height == 126
    assert copy["text"][125] == "mail [EMAIL] now"
    assert "ann@" not in (folder / "red.csv").read_text() + (folder / "red.changes.jsonl").read_text()


def test_both_go_into_one_file_where_it_has_one_name(done, tmp_path):
    folder, _ = done
    found = rung.audit(
        folder / "data.csv", target="label", column=TEXTS, fix=tmp_path / "x.csv", redact=tmp_path / "x.csv"
    )
    (copy,) = found.written
    assert {"personal", "duplicates"} <= set(copy.changes)
    assert "ann@" not in (tmp_path / "x.csv").read_text()


def test_rows_that_stand_in_the_test_leave_the_data(tmp_path):
    frame = clean_table()
    found = rung.audit(frame, target="label", test=frame[:5], column=TEXTS, fix=tmp_path / "x.parquet")
    assert {each.check: each.part for each in found.findings}["shared_rows"] == "test"
    assert pl.read_parquet(tmp_path / "x.parquet").equals(frame[5:])


def test_a_file_of_another_kind_is_refused_before_anything_is_read(tmp_path):
    with pytest.raises(BadOption, match="--fix"):
        rung.audit("no-such-file.csv", target="label", fix=tmp_path / "x.docx")


@pytest.mark.parametrize("option", ["out", "fix", "redact"])
def test_a_closed_place_is_refused_before_anything_is_read(tmp_path, option):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(FolderInUse, match="File exists"):
        rung.audit("no-such-file.csv", target="label", **{option: tmp_path / "file" / "x.csv"})


def test_rows_that_are_a_blank_image_leave_the_cleaned_copy(tmp_path):
    draw = np.random.default_rng(0)
    for row in range(24):
        pixels = draw.integers(0, 256, (96, 96, 3), np.uint8) if row != 5 else np.full((96, 96, 3), 7, np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{row}.png")
    frame = pl.DataFrame({"image": [str(tmp_path / f"{row}.png") for row in range(24)], "label": ["a", "b"] * 12})
    rung.audit(frame, target="label", column={"image": "image"}, fix=tmp_path / "x.parquet")
    assert pl.read_parquet(tmp_path / "x.parquet")["image"].to_list() == [
        each for i, each in enumerate(frame["image"]) if i != 5
    ]


def test_a_wrong_target_is_one_error():
    with pytest.raises(RungError, match="lable"):
        rung.audit(clean_table(), target="lable")


def test_rows_may_come_in_any_order(tmp_path):
    frame = spoilt()
    order = list(reversed(range(frame.height)))
    first = rung.audit(frame, target="label", column=TEXTS)
    second = rung.audit(frame[order], target="label", column=TEXTS)
    assert {each.check for each in first.findings} == {each.check for each in second.findings}


def test_a_copy_of_the_target_leaves_the_cleaned_copy(tmp_path):
    frame = clean_table().with_columns(code=pl.col("label").str.to_uppercase())
    rung.audit(frame, target="label", column=TEXTS, fix=tmp_path / "fixed.csv")
    assert pl.read_csv(tmp_path / "fixed.csv").columns == clean_table().columns
    rung.audit(frame, target="label", column=TEXTS | {"code": "category"}, fix=tmp_path / "kept.csv")
    assert "code" in pl.read_csv(tmp_path / "kept.csv").columns


def test_files_that_are_damaged_are_named_with_numbers_and_paths(tmp_path):
    draw = np.random.default_rng(0)
    for label in ("ant", "bee"):
        (tmp_path / label).mkdir()
        for i in range(12):
            Image.fromarray(draw.integers(0, 256, (20, 20, 3), np.uint8)).save(tmp_path / label / f"{i:02}.png")
    (tmp_path / "ant" / "03.png").write_bytes(b"")
    (tmp_path / "bee" / "05.png").write_bytes(b"no image")
    Image.new("RGB", (20, 20), (9, 9, 90)).save(tmp_path / "bee" / "07.png", "JPEG")
    of_folder = {each.check: each for each in rung.audit(tmp_path).findings}
    names = sorted(f"{label}/{i:02}.png" for label in ("ant", "bee") for i in range(12))
    table = pl.DataFrame({"photo": [str(tmp_path / name) for name in names], "label": [n[:3] for n in names]})
    of_column = {each.check: each for each in rung.audit(table, target="label").findings}
    for found in (of_folder, of_column):
        assert found["unreadable_file"].rows == (3, 17)
        assert [name.partition(":")[0] for name in found["unreadable_file"].names] == ["ant/03.png", "bee/05.png"]
        assert (found["misnamed_file"].rows, found["misnamed_file"].names) == ((19,), ("bee/07.png",))
        assert (found["blank_image"].rows, found["blank_image"].names) == ((19,), ("bee/07.png",))


def test_an_image_is_unpacked_once_in_the_whole_audit(tmp_path, monkeypatch):
    draw, unpacked = np.random.default_rng(1), []
    for i in range(24):
        Image.fromarray(draw.integers(0, 256, (20, 20, 3), np.uint8)).save(tmp_path / f"{i:02}.png")
    table = pl.DataFrame({"photo": [str(tmp_path / f"{i:02}.png") for i in range(24)], "label": ["a", "b"] * 12})
    glance = File.glance
    monkeypatch.setattr(File, "glance", lambda self, side: unpacked.append(self.name) or glance(self, side))
    rung.audit(table, target="label")
    assert len(unpacked) == len(set(unpacked)) == 24


@pytest.mark.parametrize("option", ["fix", "redact"])
def test_the_data_and_the_test_are_never_written_over(tmp_path, option):
    clean_table().write_csv(tmp_path / "data.csv")
    clean_table(40, seed=1).write_csv(tmp_path / "test.csv")
    before = [(tmp_path / name).read_bytes() for name in ("data.csv", "test.csv")]
    for name in ("data.csv", "test.csv"):
        given = {option: tmp_path / name, "test": tmp_path / "test.csv"}
        with pytest.raises(BadOption, match="a file of its own"):
            rung.audit(tmp_path / "data.csv", target="label", **given)
    assert [(tmp_path / name).read_bytes() for name in ("data.csv", "test.csv")] == before


def test_the_copy_of_a_folder_can_be_opened_where_it_stands(tmp_path):
    draw = np.random.default_rng(0)
    for i in range(24):
        place = tmp_path / "photos" / "ab"[i % 2]
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(draw.integers(0, 256, (20, 20, 3), np.uint8)).save(place / f"{i:02}.png")
    rung.audit(tmp_path / "photos", fix=tmp_path / "elsewhere" / "fixed.csv")
    again = rung.audit(tmp_path / "elsewhere" / "fixed.csv", target="label")
    assert again.rows == 24
    assert "unreadable_file" not in {each.check for each in again.findings}


def test_a_test_that_trained_is_worth_nothing():
    frame = clean_table()
    severity = {each.check: each.severity for each in rung.audit(frame, target="label", test=frame).findings}
    assert severity["shared_rows"] == "block"


def test_nobody_is_accused_of_labels_that_no_model_learns():
    draw = np.random.default_rng(0)
    tags = [[name for name in ("a", "b", "c") if draw.random() < 0.25] or ["d"] for _ in range(300)]
    frame = clean_table(300).drop("label").with_columns(tags=pl.Series(tags))
    found = rung.audit(frame, target="tags", task="multilabel", column=TEXTS).findings
    assert "label_errors" not in {each.check for each in found}


class Exploding:
    """A backbone that must not be asked."""

    def __getattr__(self, name):
        raise AssertionError(f"asked for {name}")


def test_guessing_judges_no_row():
    prepared = prepare(clean_table(), options := checked(target="label", column=TEXTS))
    said = np.full((1, len(prepared.target), len(prepared.target.labels)), 0.5, np.float32)
    prior = SimpleNamespace(evidence=SimpleNamespace(name="prior"), trial=SimpleNamespace(prediction=said))
    found = noticed_late(prepared, options, {}, None, SimpleNamespace(steps=(prior,), winner="prior"))
    assert not {each.check for each in found} & {"confused_classes", "label_errors"}


def test_a_climb_that_embedded_nothing_is_audited_without_embedding():
    options = checked(target="label", column=TEXTS)
    prepared = prepare(clean_table(), options)
    climbed = SimpleNamespace(steps=(), winner="prior")
    found = noticed_late(prepared, options, {Role.TEXT: Exploding()}, None, climbed)
    assert not {each.check for each in found} & {"outliers", "label_errors"}
    frozen = SimpleNamespace(evidence=SimpleNamespace(name="frozen"), trial=SimpleNamespace(prediction=[None]))
    climbed = SimpleNamespace(steps=(frozen,), winner="frozen")
    with pytest.raises(AssertionError, match="asked for"):  # what the same checks do where a rung embedded the rows
        noticed_late(prepared, options, {Role.TEXT: Exploding()}, None, climbed)
