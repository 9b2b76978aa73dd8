"""Test rows whose content trains with another target: one of the two is wrong, and a score counts it."""

from collections.abc import Iterator

from rung.audit.base import check, numbered, rows_of
from rung.core.audited import Audited
from rung.core.types import Finding, Task
from rung.data.spellings import meanings


@check(
    "labels across", "Test rows like training rows of another target", says=("conflicting_test_rows",),
    needs=("test", "test labels"),
)  # fmt: skip
def labels_across(seen: Audited) -> Iterator[Finding]:
    """Test rows equal to training rows, or nearly, none of which has their label; rows of numbers are left alone."""
    pool, test, opened = seen.pool, seen.test, seen.test_target
    if opened is None or seen.target.task is Task.REGRESSION or not seen.target.task.one_label:
        return
    meant_C = meanings(seen.target.labels)
    trained: dict[int, list[int]] = {}
    for place, label in enumerate(pool.near.whole.tolist()):
        trained.setdefault(label, []).append(place)
    found = []
    for place, label in enumerate(test.near.whole.tolist()):
        twins = trained.get(label, [])
        own = int(opened.value[place])
        if twins and own >= 0 and not (meant_C[seen.target.value[twins]] == meant_C[own]).any():
            found.append((place, twins[0]))
    if not found:
        return
    rows = numbered(test, (place for place, _ in found))
    names = tuple(f"like training row {pool.row[twin]}" for _, twin in found)
    share = f"{100 * len(rows) / len(test.row):.1f} %"
    what = f"{rows_of(len(rows))} of the test ({share}) stand among the training rows, or nearly, with another target"
    effect = "A model that learnt them is counted wrong: the score is too low."
    fix = "Look at both, relabel one, and take them out of one side."
    yield Finding("conflicting_test_rows", what, rows, "warn", fix, "test", names, effect, "likely")
