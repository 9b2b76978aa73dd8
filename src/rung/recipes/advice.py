"""What to do next, from the evidence alone."""

from rung.core.evidence import Evidence


def next_steps(evidence: Evidence) -> tuple[str, ...]:
    """Plain suggestions, the most useful first; at least one.

    Each rests on a number of the evidence: the learning curve, the transfer verdict, the gap, the test scores.
    """
    steps: list[str] = []
    enough, transfer = evidence.verdict("enough data"), evidence.verdict("transfer")
    if evidence.winner == "prior":
        steps.append("No rung beat guessing: check that the target can be read off the columns, or label more rows.")
    if transfer is not None and transfer.verdict == "hurts":
        steps.append("The backbone hurts here: try one from your domain or language with --backbone.")
    elif evidence.winner == "classic" and transfer is not None:
        steps.append(
            "Word counts hold the place: ship the small model, or try a backbone of your domain with --backbone."
        )
    if enough is not None and enough.verdict == "no":
        steps.append(enough.sentence)
    small = evidence.rows.get("test", 0)
    if 0 < small < 200:
        steps.append(f"Only {small} test rows: intervals are wide; label more test rows before you compare models.")
    skipped = [step.name for step in evidence.rungs if step.status == "skipped" and "budget" in step.why]
    if skipped:
        steps.append(f"Give more --budget: {', '.join(skipped)} did not fit.")
    overfitting = evidence.verdict("overfitting")
    if overfitting is not None and overfitting.verdict == "yes" and len(steps) < 2:
        steps.append("Training rows score far better than new ones: more labels will help more than a larger model.")
    if not steps:
        steps.append("Nothing urgent: read the worst errors in the report, they are the likeliest wrong labels.")
    return tuple(steps)
