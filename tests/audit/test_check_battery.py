"""Every registered check passes every claim of the public battery, and finds what was planted for it."""

from pathlib import Path

import planted_labels  # noqa: F401  # enters its faults
import planted_leaks  # noqa: F401  # enters its faults
import planted_media  # noqa: F401  # enters its faults
import planted_near  # noqa: F401  # enters its faults
import planted_texts  # noqa: F401  # enters its faults
import planted_words  # noqa: F401  # enters its faults
import polars as pl
import pytest
from planted_faults import PLANTED

import rung
from rung.audit.base import CHECKS
from rung.audit.battery import HARM, checks, in_order, run
from rung.core.audited import Check
from rung.core.types import Finding, Role
from rung.testing.checks_audit import ROLES, audited, battery, clean_table

MEMBERS = checks()
NEEDS = ("test", "test labels", "embeddings", "judgements")


@pytest.mark.parametrize("claim", battery(), ids=lambda claim: claim.__name__)
@pytest.mark.parametrize("check", MEMBERS, ids=lambda check: check.name)
def test_check_passes(check, claim):
    claim(check)


@pytest.mark.parametrize("name", sorted({name for check in MEMBERS for name in check.says}))
def test_what_was_planted_is_found(name):
    seen, rows = PLANTED[name]()
    (check,) = [each for each in MEMBERS if name in each.says]
    found = [finding for finding in check.find(seen) if finding.check == name]
    assert found, f"{name} was not found"
    assert {row for finding in found for row in finding.rows} == set(rows)


def test_every_check_of_the_room_is_registered_once():
    names = [name for check in MEMBERS for name in check.says]
    assert len(names) == len(set(names))
    assert {check.name for check in MEMBERS} == set(CHECKS)


def test_a_check_is_skipped_by_name_where_something_lacks():
    seen, _ = PLANTED["duplicates"]()
    wanting = Check("wanting", "Wants", lambda _: [], needs=("embeddings", "test"))
    report = run(seen, [], among=[wanting])
    assert [(each.status, each.why) for each in report.ran] == [("skipped", "no embeddings and no test")]


def test_the_most_serious_comes_first():
    def find(_):
        yield Finding("b", "b", (), "note")
        yield Finding("b", "c", (1, 2), "warn", sure="likely")
        yield Finding("b", "a", (1,), "warn")
        yield Finding("b", "d", (), "block")

    report = run(audited(clean_table()), NEEDS, among=[Check("b", "B", find)])
    assert [finding.what for finding in report.findings] == ["d", "a", "c", "b"]


@pytest.mark.parametrize(
    ("find", "claim"),
    [
        (lambda seen: [Finding("other", "odd", (), "note")], "check_findings_are_whole"),
        (lambda seen: [Finding("wrong", "odd", (0,), "warn")], "check_findings_are_whole"),
        (lambda seen: [Finding("wrong", "odd", (), "note")], "check_clean_rows_raise_nothing"),
        (lambda seen: [Finding("wrong", "odd", (0,) * (seen.pool.frame["text"][0] < "m"), "note")], "check_row_order"),
        (lambda seen: [][len(seen.pool.frame["text"][1]) :], "check_little_is_survived"),
    ],
)
def test_the_battery_catches_a_wrong_check(find, claim):
    (found,) = [member for member in battery() if member.__name__.startswith(claim)]
    with pytest.raises((AssertionError, IndexError)):
        found(Check("wrong", "Wrong", find, ("wrong",)))


def test_of_equal_severity_what_falsifies_the_score_stands_before_what_falsifies_labels():
    found = [Finding(name, name, rows, "warn") for name, rows in (
        ("mojibake", (1, 2, 3)), ("personal", (1, 2)), ("label_errors", (1,)), ("telltale", ())
    )]  # fmt: skip
    assert [each.check for each in in_order(found)] == ["telltale", "label_errors", "personal", "mojibake"]


def test_the_order_names_findings_that_there_are():
    source = "".join(path.read_text() for path in Path(rung.__file__).parent.rglob("*.py"))
    of_checks = {name for check in MEMBERS for name in check.says}
    for name in (name for names in HARM for name in names):
        assert name in of_checks or (f'"{name}", ' in source.replace("\n", " ") and source.count(f'"{name}"') > 1), name


def test_an_id_that_comes_back_is_a_warning_only_where_its_rows_are_alike():
    frame, roles = clean_table(), ROLES | {"ticket": Role.ID}
    told = {}
    for how, order in (("alike", frame["label"].arg_sort()), ("apart", pl.Series(range(frame.height)))):
        own = frame[order].with_columns(ticket=pl.Series([f"t{i // 4}" for i in range(frame.height)]))
        (told[how],) = CHECKS["groups"].find(audited(own, roles=roles))
    assert (told["alike"].severity, told["apart"].severity) == ("warn", "note")
    assert "have one target" in told["alike"].what


def test_a_copy_with_a_twentieth_wrong_is_told():
    frame = clean_table(400)
    copied = [label if row % 20 else "maybe" for row, label in enumerate(frame["label"])]
    copied = [
        ("no" if frame["label"][row] == "yes" else "yes") if each == "maybe" else each
        for row, each in enumerate(copied)
    ]
    seen = audited(frame.with_columns(k=pl.Series(copied)), roles=ROLES | {"k": Role.CATEGORY})
    (found,) = CHECKS["telltale"].find(seen)
    assert "'k'" in found.what


def test_a_shift_in_time_is_told_in_days():
    days = [pl.date_range(pl.date(year, 1, 1), pl.date(year, 4, 29), eager=True) for year in (2022, 2020)]
    frame, test = (clean_table(len(each), seed=i).with_columns(day=each) for i, each in enumerate(days))
    found = [
        each
        for each in CHECKS["shift"].find(audited(frame, test, roles=ROLES | {"day": Role.DATETIME}))
        if "'day'" in each.what
    ]
    assert "median 2022-0" in found[0].what
    assert "all of the test is older than what trains" in found[0].what
