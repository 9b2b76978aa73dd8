"""Everything that Rung says no to, as one tree. The class knows its exit code; the message knows the way out."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

SPELT = 0.7  # likeness from which two names are one misspelt: 'text' is no 'target'


class RungError(Exception):
    """Root of the tree: anything else that escapes a door is a bug (exit 1).

    >>> str(RungError("seed", wanted="a whole number", got="x", fix="Try --seed 0."))
    'seed: wanted a whole number, got x. Try --seed 0.'
    """

    exit_code = 1

    def __init__(self, what: str, *, wanted: object, got: object, fix: str = "") -> None:
        self.what, self.wanted, self.got, self.fix = what, wanted, got, fix
        super().__init__(f"{what}: wanted {wanted}, got {got}.{' ' + fix if fix else ''}")


class UsageError(RungError):
    """The command or call itself can't be right."""

    exit_code = 2


class DataError(RungError):
    """The user's rows can't serve the task."""

    exit_code = 3


class MissingExtra(RungError):
    """An optional dependency is not installed; the message is the install line."""

    exit_code = 4


class BundleError(RungError):
    """A damaged or foreign bundle or run folder."""

    exit_code = 5


class GateRefused(RungError):
    """A gate (export parity, int8 agreement) said no."""

    exit_code = 6


class BadOption(UsageError):
    """An option's value is outside what it takes."""


class BadShape(UsageError):
    """Two arrays disagree, or an index points nowhere."""


class FolderInUse(UsageError):
    """The place to write to holds something else already, or can't be written."""


class NoSuchFile(DataError):
    """The data is not where it was said to be."""

    exit_code = 2


class EmptyData(DataError):
    """No rows at all."""


class RaggedRows(DataError):
    """Rows of a delimited file have unequal numbers of cells."""


class BadEncoding(DataError):
    """Bytes that are neither UTF-8 nor a text at all."""


class UnreadableFile(DataError):
    """The file is not what its name says, or damaged."""


class UnreadableMedia(DataError):
    """One image or sound that can't be read; `got` says why."""


class DuplicateColumns(DataError):
    """Two columns share one name."""


class BadTarget(DataError):
    """The target column can't be learnt: all null, one class, mixed kinds."""


class TooFewRows(DataError):
    """Too few labelled rows to measure anything."""


class NothingToLearnFrom(DataError):
    """No column has a role that this version can use."""


class NoBackbone(DataError):
    """A backbone can't be had here: not in the cache, no network, refused weights."""


def nearest(name: str, among: Iterable[str]) -> str:
    """Which name was meant, as a sentence; "" for none. See `near_name`.

    >>> nearest("acc", ["mcc", "accuracy"]), nearest("f1", ["mcc", "macro_f1"]), nearest("x", ["mcc"])
    ("Did you mean 'accuracy'?", "Did you mean 'macro_f1'?", '')
    """
    near = near_name(name, among)
    return f"Did you mean {near!r}?" if near else ""


def near_name(name: str, among: Iterable[str]) -> str:
    """Another name that begins so, holds it, or is spelt much like it, its letters in another order first; "" for none.

    >>> near_name("lable", ["table", "label"]), near_name("target", ["target", "text"]), near_name("y", ["Y"])
    ('label', '', 'Y')
    """
    low, others = name.lower(), [each for each in among if each != name]
    same = [each for each in others if each.lower() == low]
    begin = [each for each in others if each.lower().startswith(low)] if len(low) > 1 else []
    hold = [each for each in others if low in each.lower()] if len(low) > 1 else []
    by_low = {each.lower(): each for each in reversed(others)}
    close = [by_low[each] for each in get_close_matches(low, by_low, n=5, cutoff=SPELT)]
    close.sort(key=lambda each: sorted(each.lower()) != sorted(low))
    return next(iter((*same, *begin, *hold, *close)), "")


class NoSuchBackbone(NoBackbone):
    """A backbone by that name is not known, and is no folder."""

    exit_code = 2


class NoSuchRun(BundleError):
    """No folder of that name."""

    exit_code = 2


class NoSuchColumn(UsageError):
    """A column that was named is not there.

    >>> str(NoSuchColumn("lable", among=["id", "text", "label"]))
    "column 'lable': wanted one of id, text, label, got nothing by that name. Did you mean 'label'?"
    """

    def __init__(self, name: str, *, among: Sequence[str]) -> None:
        super().__init__(
            f"column {name!r}",
            wanted=f"one of {', '.join(among)}",
            got="nothing by that name",
            fix=nearest(name, among),
        )


class LacksColumns(NoSuchColumn):
    """A table lacks columns that the other rows of the job have.

    >>> str(LacksColumns("the test rows", ["label"], among=["text", "lable"]))
    "the test rows: wanted a column 'label', got text, lable. Did you mean 'lable'?"
    >>> str(LacksColumns("data", ["size", "colour"], among=["id"]))
    "data: wanted columns 'size', 'colour', got id. Add them."
    """

    def __init__(self, table: str, names: Sequence[str], *, among: Sequence[str]) -> None:
        one, listed = len(names) == 1, ", ".join(map(repr, names))
        UsageError.__init__(
            self,
            table,
            wanted=f"a column {listed}" if one else f"columns {listed}",
            got=", ".join(among) or "no column at all",
            fix=nearest(names[0], among) or ("Add it." if one else "Add them."),
        )


class NoSuchName(UsageError):
    """A registered name (rung, metric, backbone) that nobody registered."""

    def __init__(self, kind: str, name: str, *, among: Sequence[str]) -> None:
        super().__init__(
            f"{kind} {name!r}",
            wanted=f"one of {', '.join(among)}",
            got="nothing by that name",
            fix=nearest(name, among),
        )


class DiskFull(FolderInUse):
    """The result could not be written whole, so none of it was kept."""
