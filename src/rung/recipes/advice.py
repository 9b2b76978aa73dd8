"""What to do next, from the evidence alone."""

from collections.abc import Sequence

from rung.core.evidence import ONE_ERROR, Evidence, RungEvidence
from rung.core.types import Finding
from rung.recipes.far import CHECK
from rung.recipes.refit import NOT_REFITTED
from rung.recipes.transfer import SCRATCH

LISTED = "rung backbones lists them by --domain and --language"
SAME = "come from the same place"  # of test and validation rows: said once
MANY = 0.05  # share of the test rows from which something wrong with them comes first
SPOILT = {
    "unknown_label": "{n} of {of} test rows hold labels that training never had, scored as errors: mend these labels "
    "or train with rows of them, then read the test scores.",
    "shared_rows": "{n} of {of} test rows are among the training rows too: take them out before you believe the test "
    "scores.",
}


def next_steps(evidence: Evidence, findings: Sequence[Finding] = ()) -> tuple[str, ...]:
    """Plain suggestions, the most useful first; at least one.

    Each rests on a number of the evidence (the learning curve, the transfer verdict, the gap, the test scores) or on
    findings in the test rows.
    """
    of = evidence.rows.get("test", 0)
    spoilt = [
        SPOILT[finding.check].format(n=len(finding.rows), of=of)
        for finding in sorted(findings, key=lambda finding: -len(finding.rows))
        if finding.check in SPOILT and len(finding.rows) > MANY * of > 0
    ]
    steps = [*spoilt]
    enough = evidence.verdict("enough data")
    skipped = [step.name for step in evidence.rungs if step.status == "skipped" and "budget" in step.why]
    more = [f"Give more --budget: {', '.join(skipped)} did not fit."] if skipped else []
    died = [
        step.name
        for step in evidence.rungs
        if step.status == "collapsed" and _trained(step) and step.name != SCRATCH  # a yardstick wants no mending
    ]
    if died:
        steps.append(f"{' and '.join(died)} died in training: a lower rate (--lr) may hold.")
    if evidence.winner == "prior" and not any(step.status != "skipped" for step in evidence.rungs[1:]):
        reasons = [f"{step.name}: {step.why}" for step in evidence.rungs[1:]]
        why = f"No rung above guessing could be tried ({'; '.join(reasons)}): name another backbone, or other rungs."
        steps += more or [why if reasons else "Only guessing was tried: let the climb go higher."]
    elif evidence.winner == "prior":
        p, name = _ahead(evidence)
        unsure = f"{name} was ahead of guessing, but not for sure (p {p:.2g}): label more rows."
        none = "No rung beat guessing: check that the target can be read off the columns, or label more rows."
        steps.append(unsure if p < 1 - ONE_ERROR else none)
    if not spoilt:  # what spoilt test rows say of the backbone is no ground for advice
        steps.extend(_of_transfer(evidence, next((each.fix for each in findings if each.check == CHECK), "")))
        steps.extend(_of_shift(evidence, steps))
    if evidence.trained_on.startswith(NOT_REFITTED):
        steps.append("Give more --budget: what is delivered learnt from the training rows of one fold, not from all.")
    if enough is not None and enough.verdict == "no":
        steps.append(enough.sentence)
    steps.extend(_of_luck(evidence))
    if 0 < of < 200:
        steps.append(f"Only {of} test rows: intervals are wide; label more test rows before you compare models.")
    steps += [step for step in more if step not in steps]
    overfitting = evidence.verdict("overfitting")
    if overfitting is not None and overfitting.verdict == "yes" and len(steps) < 2:
        steps.append("Training rows score far better than new ones: more labels will help more than a larger model.")
    if not steps:
        steps.append("Nothing urgent: read the worst errors in the report, they are the likeliest wrong labels.")
    return tuple(steps)


def _trained(step: RungEvidence) -> bool:
    """Whether it has a rate to die by."""
    return " step" in step.why or "stop_after" in (step.choice or {})


def _ahead(evidence: Evidence) -> tuple[float, str]:
    """The p and the name of the rung that was surest of those ahead of the winner but not surely enough; else 1."""
    found = (
        (min(gain.p for gain in (step.gain, step.saved) if gain is not None), step.name)
        for step in evidence.rungs
        if step.status == "tried" and not step.promoted and step.against == evidence.winner
        if step.gain is not None and step.gain.value > 0 and step.gain.value >= step.needed
    )
    return min(found, default=(1.0, ""))


def _of_luck(evidence: Evidence) -> list[str]:
    p, name = _ahead(evidence)
    if evidence.winner == "prior" or evidence.confidence <= ONE_ERROR or p >= 1 - ONE_ERROR:
        return []
    ahead_of = f"{name} was ahead of {evidence.winner}, but not for sure (p {p:.2g})"
    return [f"{ahead_of}: more rows would tell, or ask for less certainty with --confidence {ONE_ERROR}."]


def _of_shift(evidence: Evidence, before: Sequence[str]) -> list[str]:
    shift = evidence.verdict("shift")
    if shift is None or shift.verdict != "falls" or any(SAME in step for step in before):
        return []
    said = f"see that both {SAME}, or let rows like the test's decide (--time, --group)"
    return [f"{evidence.winner} falls short on test rows of what validation rows foretold: {said}, before you deliver."]


def _of_transfer(evidence: Evidence, far: str) -> list[str]:
    """far: what to try instead where the rows lie far from the backbone's, "" where nothing says so."""
    transfer = evidence.verdict("transfer")
    hurts = transfer is not None and transfer.verdict == "hurts"
    if hurts and evidence.winner not in ("prior", "classic"):
        said = (
            f"Test rows prefer classic, validation rows chose {evidence.winner}: see that both {SAME}, "
            "or label more test rows, before you decide."
        )
        return [said, *_far(far)]
    if far:
        return _far(far)
    if hurts:
        return [f"The backbone hurts here: try one from your domain or language with --backbone ({LISTED})."]
    none = transfer is None or transfer.verdict == "nothing transferred"
    if not none and evidence.winner == "classic":
        return [
            (
                "Plain features hold the place: ship the small model, or try a backbone of your domain with --backbone "
                f"({LISTED})."
            )
        ]
    return []


def _far(fix: str) -> list[str]:
    return [f"The rows lie far from what the backbone was trained on. {fix}"] if fix else []
