"""What a user may set of each rung, checked by name and kind before a row is read."""

from collections.abc import Collection, Mapping, Sequence
from math import inf
from typing import Any

from rung.adapt.ladder import rungs
from rung.adapt.tuned_fusion import WAYS
from rung.adapt.views import AUTO, KNOWN, NONE, of_sense
from rung.core.errors import BadOption, nearest
from rung.core.types import Column

WORDS = {
    "fusion": WAYS,
    "imbalance": ("auto", "none", "weights", "focal"),
    "kind": ("plain", "rslora", "dora"),
    "placement": ("pfeiffer", "houlsby"),
}
COUNTS = ("batch", "micro", "epochs", "patience", "rank", "tokens", "size")  # whole numbers from 1 on
# more than low (or from it on, where the third says so), up to high (or below it)
BOUNDS: dict[str, tuple[float, float, bool, bool]] = {
    "rate": (0, 1, False, False),
    "head_rate": (0, 1, False, False),
    "clip": (0, inf, False, False),
    "layer_decay": (0, 1, False, True),
    "warmup": (0, 1, True, True),
    "smoothing": (0, 1, True, False),
    "mixout": (0, 1, True, False),
    "contrastive.batch": (8, inf, True, False),  # four rows of each of two classes, or all are drawn together
    "tokens": (1, 256, True, True),  # they take room of the text's own
    "rank": (1, 1024, True, True),  # no layer of a usual backbone is wider: more would be no low rank
}
TRUTHS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def known_settings() -> dict[str, Any]:
    """Every setting, "rung.option", with its default.

    >>> known_settings()["lora.rank"]
    8
    """
    return {
        f"{rung.name}.{option}": default for rung in rungs() for option, default in getattr(rung, "options", {}).items()
    }


def checked_settings(given: Mapping[str, Any]) -> dict[str, Any]:
    """The settings with values of the right kind.

    Raises BadOption for a name that no rung has (the nearest is offered) and for a value of another kind.

    >>> checked_settings({"lora.rank": "16"})
    {'lora.rank': 16}
    """
    known = known_settings()
    found = {}
    for name, value in given.items():
        if name not in known:
            fix = nearest(name, known) or f"Settings are {', '.join(sorted(known)[:6])}, ..."
            raise BadOption("--set", wanted="RUNG.SETTING=VALUE of a rung that trains", got=name, fix=fix)
        found[name] = _as(name, value, known[name])
    return found


def suit(settings: Mapping[str, Any], columns: Sequence[Column]) -> None:
    """See that some column is of the sense that each named change of views is for.

    Raises BadOption for changes of another sense: crops of sounds, pitches of pictures.
    """
    could = of_sense(columns)
    for name, value in settings.items():
        odd = [part for part in str(value).split("+") if part not in (AUTO, NONE, *could)]
        if name.endswith(".augment") and odd:
            wanted = (
                f"auto, none, or of {', '.join(could)} some" if could else "auto or none: no column is seen or heard"
            )
            raise BadOption(f"--set {name}", wanted=wanted, got="+".join(odd))


def for_rungs(settings: Mapping[str, Any], names: Collection[str], training: Mapping[str, Any] | None = None) -> None:
    """See that the rung of each setting is among those that may be tried, and one that trains for `training`'s options.

    Raises BadOption for a setting that nothing would read.

    >>> for_rungs({"lora.rank": 16}, ("prior", "frozen", "lora"))
    """
    trains = {name.partition(".")[0] for name in known_settings()}
    for option, value in (training or {}).items():
        if value and not trains & set(names):
            wanted = f"a rung that trains among those tried: {', '.join(names)}"
            raise BadOption(f"--{option}", wanted=wanted, got=value, fix="Name one, such as --rungs frozen,partial.")
    for name in settings:
        rung = name.partition(".")[0]
        if rung not in names:
            named = ",".join([*names, rung])
            fix = f"Name it beside those you want: --rungs {named} (--max-rung leaves out what is above)."
            wanted = f"a setting of a rung that is tried: {', '.join(names)}"
            raise BadOption(f"--set {name}", wanted=wanted, got=rung, fix=fix)


def _as(name: str, value: Any, default: Any) -> Any:
    words = WORDS.get(name.rpartition(".")[2])
    if words is not None:
        if value not in words:
            raise BadOption(f"--set {name}", wanted=f"one of {', '.join(words)}", got=value)
        return value
    if name.endswith(".augment"):
        parts = str(value).split("+")
        if not set(parts) <= set(KNOWN) and parts not in ([AUTO], [NONE]):
            raise BadOption(
                f"--set {name}", wanted=f"auto, none, or of {', '.join(KNOWN)} some with + between", got=value
            )
        return str(value)
    if isinstance(default, bool):
        if str(value).lower() not in TRUTHS:
            raise BadOption(f"--set {name}", wanted="true or false", got=value)
        return TRUTHS[str(value).lower()]
    whole = isinstance(default, int) or default is None
    try:
        number = int(value) if whole else float(value)
    except (TypeError, ValueError):
        raise BadOption(f"--set {name}", wanted="a whole number" if whole else "a number", got=value) from None
    option = name.rpartition(".")[2]
    usual = BOUNDS.get(option, (1 if option in COUNTS else 0, inf, True, False))
    low, high, from_low, to_high = BOUNDS.get(name, usual)
    if not (low < number < high or (from_low and number == low) or (to_high and number == high)):
        start = f"{low:g} or more" if from_low else f"more than {low:g}"
        end = "" if high == inf else f", {high:g} at most" if to_high else f" and less than {high:g}"
        raise BadOption(f"--set {name}", wanted=start + end, got=value)
    return number
