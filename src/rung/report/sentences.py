"""What the numbers say in plain words: the three closing sentences, the decision on a rung, the protocol."""

from collections.abc import Mapping, Sequence
from typing import Any

from rung.core.evidence import SURE, Evidence, RungEvidence, Verdict
from rung.report import units

WITHOUT_BACKBONE = ("prior", "classic")  # climb.md's baselines: nothing pretrained in them

TONES = {
    ("transfer", "helps"): "good",
    ("transfer", "hurts"): "bad",
    ("overfitting", "no"): "good",
    ("overfitting", "some"): "warn",
    ("overfitting", "yes"): "bad",
    ("shift", "falls"): "warn",
    ("enough data", "yes"): "good",
    ("enough data", "no"): "warn",
    ("calibrated", "well calibrated"): "good",
    ("calibrated", "off"): "bad",
}
JUDGED = (
    "Rungs were tried from the cheapest to the dearest. Each was trained on training rows and judged on the same "
    "validation rows, none of which had trained the model that predicted it."
)
DEAR = " and, where it costs over twice the latency or size, the gain itself {least} or more"
LEAST_SAID = 0.5  # seconds of one rung
FEW_ROWS = " (so few rows can't show a gain of a few points more surely)"
PROMOTED = (
    "A challenger took the incumbent's place when the one-sided {confidence:.4g} % lower bound of its gain (2,000 "
    "paired resamples of the validation rows) was above 0{few}{dear}. Against guessing, which two rungs may challenge "
    "(three of few rows), the gain's p must be below 0.01. A gain that may be luck counted as sure where the Brier "
    "score saved, each side at the temperature that suits it, has a lower bound above 0. The p-values shown are "
    "corrected for the number of rungs tried (Holm)."
)


def closing(evidence: Evidence) -> tuple[str, ...]:
    """What won and by how much, how good it is on test rows and whether transfer helped, what to do next.

    Where test rows repeat training rows: what the score is without them, before the last sentence.
    """
    return tuple(filter(None, (_won(evidence), _tested(evidence), leaked(evidence), _next(evidence))))


def _won(evidence: Evidence) -> str:
    steps = {step.name: step for step in evidence.rungs}
    winner = steps.get(evidence.winner)
    if winner is None or winner.score is None:
        return f"{evidence.winner or 'No rung'} is what is left: no rung could be measured."
    metric = units.title(winner.score.name)
    value = f"{metric} {units.score(winner.score)} on validation rows"
    if winner.gain is None:
        beaten = [step.name for step in evidence.rungs if step.status == "tried" and step is not winner]
        over = f"; {' and '.join(beaten)} did not beat it" if beaten else ", with nothing else to compare it with"
        return f"{winner.name} won: {value}{over}."
    there = ", in the first repeat of the folds, which judged both" if "first repeat" in winner.why else ""
    return f"{winner.name} won: {value}, {units.gain(winner.gain, winner.score.name)} over {winner.against}{there}."


def _tested(evidence: Evidence) -> str:
    judged = evidence.test.get(evidence.metric)
    transfer = evidence.verdict("transfer")
    rows = evidence.rows.get("test", 0)
    where = f"On the {units.count(rows, 'test row')}, opened once," if rows else "On test rows, opened once,"
    if judged is None:
        return "No test rows were opened, so nothing is known beyond validation."
    text = f"{where} {units.title(judged.name)} is {units.score(judged)}"
    if transfer is None:
        return f"{text}."
    if transfer.verdict == "nothing transferred":
        return f"{text}; nothing was transferred, for it reads no backbone."
    by = ""
    if transfer.value is not None and transfer.low is not None and transfer.high is not None:
        over = "" if transfer.verdict == "hurts" and "random start" in transfer.sentence else " over classic"
        by = f" ({units.change(transfer.value, transfer.low, transfer.high, evidence.metric)}{over})"
    says = {"helps": "transfer helps", "hurts": "transfer hurts"}.get(
        transfer.verdict, "no evidence that transfer helps"
    )
    if transfer.verdict == "no evidence" and (transfer.low or 0.0) > 0:  # what else was asked did not show it
        return f"{text}; {by.strip(' ()')} there, which alone is no evidence that transfer helps."
    return f"{text}; {says}{by}."


def leaked(evidence: Evidence) -> str:
    """The price of leakage in a sentence; empty where no test row repeats a training row."""
    leak = evidence.leak
    if leak is None:
        return ""
    repeat = "repeats a training row" if leak.rows == 1 else "repeat training rows"
    told = f"{leak.rows:,} of the {units.count(leak.of, 'test row')} {repeat}, exactly or nearly"
    without, name = leak.without, evidence.metric
    if without is None or leak.price is None or leak.low is None or leak.high is None:
        return f"{told}: what is left is too little for a score that means something."
    price = units.change(leak.price, leak.low, leak.high, name)
    others = f"On the others {units.title(name)} is {units.score(without)}; the copies add {price} to the score of all"
    return f"{told}. {others}."


def _next(evidence: Evidence) -> str:
    if not evidence.next_steps:
        return "Next: nothing stands out; judge it on new labelled rows with `rung evaluate`."
    first = evidence.next_steps[0].strip()
    return f"Next: {first}" + ("" if first.endswith((".", "?", "!")) else ".")


def decision(step: RungEvidence, winner: str) -> str:
    """The outcome of one rung in a word: won, promoted, start, dropped, skipped, collapsed or failed."""
    if step.status != "tried":
        return step.status
    if step.name == winner:
        return "won"
    if step.gain is None:
        return "start"
    return "promoted" if step.promoted else "dropped"


def tone(verdict: Verdict) -> str:
    """Whether a verdict is good, bad, a reason to act (warn), or plain (empty)."""
    return TONES.get((verdict.name, verdict.verdict), "")


def holder(steps: Sequence[RungEvidence]) -> str:
    """The incumbent after these steps: the last that was promoted, else the first that was tried."""
    tried = [step for step in steps if step.status == "tried"]
    promoted = [step.name for step in tried if step.promoted]
    return promoted[-1] if promoted else tried[0].name if tried else ""


def reason(step: RungEvidence) -> str:
    """Why the step ended as it did, with its notes; empty where there is nothing to say."""
    parts = [part.strip() for part in (step.why, *step.notes) if part.strip()]
    return " ".join(_sentence(part[0].upper() + part[1:]) for part in parts)


def measuring(rungs: Sequence[RungEvidence]) -> str:
    """What it took to foretell the rungs' costs, where that is a second or more; rows embedded for it are in it."""
    took = [(step.name, step.measured) for step in rungs if step.measured >= LEAST_SAID]
    whole = sum(step.measured for step in rungs)
    if whole < 1 or not took:
        return ""
    each = ", ".join(f"{name} {units.seconds(seconds)}" for name, seconds in took)
    beside = f"Beside these times {units.seconds(whole)} went on measuring what rungs would take, and on embedding rows"
    return f"{beside} for that: {each}."


def protocol(evidence: Evidence, manifest: Mapping[str, Any]) -> tuple[str, ...]:
    """How it was decided, as a short list of sentences: which rows trained, which judged, when test was opened."""
    unit = "points" if units.in_points(evidence.metric) else "% of the other's score"
    dear = DEAR.format(least=f"{evidence.min_gain:.4g} {unit}") if evidence.min_gain else ""
    asked = manifest.get("options", {}).get("confidence")
    few = FEW_ROWS if asked is None and evidence.confidence < SURE else ""
    lines = (
        _rows(evidence),
        _split(manifest),
        JUDGED,
        PROMOTED.format(confidence=100 * evidence.confidence, dear=dear, few=few),
        f"The climb ended: {_sentence(evidence.stopped)}" if evidence.stopped else "",
        "Nothing before that looked at a test row. They were opened once, after the last decision."
        if evidence.test
        else "No test rows were opened.",
        f"The model that is delivered was trained on {_sentence(evidence.trained_on)}" if evidence.trained_on else "",
        _reread(manifest.get("reread", {})),
    )
    return tuple(line for line in lines if line)


def _reread(again: Mapping[str, Any]) -> str:
    if not again.get("rows"):
        return ""
    of = f"{again['rows']:,}" if again["same"] == again["rows"] else f"{again['same']:,} of {again['rows']:,}"
    return f"Read back from its files, it said of {of} rows what was scored."


def _rows(evidence: Evidence) -> str:
    rows = {name: n for name, n in evidence.rows.items() if n}
    if not rows.keys() & {"train", "validation", "test"}:
        return ""
    judges = f"{rows.get('validation', 0):,} judged the rungs (validation)"
    if folds := rows.get("folds"):
        repeats = rows.get("repeats", 1)
        each = f"{folds // repeats} folds" + (f", {repeats} times over" if repeats > 1 else "")
        judges = f"each judged the rungs once a repeat, out of fold ({each})"
        if (some := rows.get("validation", 0)) < rows.get("train", 0):
            judges = f"{some:,} judged the rungs once a repeat, out of fold ({each})"
    parts = f"{rows.get('train', 0):,} rows to climb with, of which {judges}"
    return f"{parts}; {rows.get('test', 0):,} test rows apart."


def _split(manifest: Mapping[str, Any]) -> str:
    group, time, test = (_option(manifest, name) for name in ("group", "time", "test"))
    seed = manifest.get("seed", _option(manifest, "seed"))
    given = isinstance(test, str) and bool(test)
    own = f"The test rows came as {test}. " if given else ""
    like = "equal" if time else "equal or nearly equal"
    same = f"rows with {like} content{f', and rows of one {group},' if group else ''} never straddle "
    kept = f"{same}{'the folds and shares that decided' if given else 'a split'}."
    if time:
        newest = "" if given else f"The newest rows by {time} are the test rows. "
        return f"{own}{newest}Of the others the newest by {time} judge; {kept}"
    alone = f"Content hashes and the seed{'' if seed is None else f' ({seed})'} alone decide "
    return f"{own}{alone}which{' other' if given else ''} row goes where, whatever the order of the table; {kept}"


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _option(manifest: Mapping[str, Any], name: str) -> Any:
    options = manifest.get("options")
    return options.get(name) if isinstance(options, Mapping) else None
