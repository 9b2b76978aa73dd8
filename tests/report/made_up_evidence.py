"""Realistic reports, made up: one of each task, one of many classes, one where only prior was tried."""

from dataclasses import replace

import numpy as np
from made_up_parts import BACKBONE, COLUMNS, FINDINGS, INTENTS, MANIFEST, bins, confusion, three_steps, tried, verdicts

from rung.core.evidence import (
    Calibration,
    CurvePoint,
    Evidence,
    LearningCurve,
    RungEvidence,
    Score,
    Verdict,
)
from rung.core.types import Cost
from rung.report.html import ReportData


def evidence(**rest):
    """77 classes, frozen wins."""
    steps = three_steps()
    base = Evidence(
        task="multiclass",
        metric="accuracy",
        better="higher",
        labels=INTENTS,
        rows={"train": 10_003, "validation": 2_001, "test": 3_080, "folds": 0, "repeats": 1},
        rungs=steps,
        winner="frozen",
        stopped="the ladder's end",
        trained_on="all labelled rows outside the test rows (train + validation), with the settings found in the climb",
        test={
            "accuracy": Score("accuracy", 0.929, 0.920, 0.938),
            "balanced_accuracy": Score("balanced_accuracy", 0.929, 0.919, 0.938),
            "macro_f1": Score("macro_f1", 0.928, 0.918, 0.937),
            "log_loss": Score("log_loss", 0.274, 0.243, 0.309),
            "ece": Score("ece", 0.018, 0.014, 0.026),
        },
        test_by_rung={
            "prior": Score("accuracy", 0.013, 0.009, 0.017),
            "classic": Score("accuracy", 0.875, 0.863, 0.887),
            "frozen": Score("accuracy", 0.929, 0.920, 0.938),
        },
        verdicts=verdicts(),
        next_steps=("1,000 more labels: +1.2 points [0.4, 2.1].", "Read the worst errors in the report."),
        curve=LearningCurve(
            "frozen",
            tuple(
                CurvePoint(rows, Score("accuracy", value, value - 0.012, value + 0.012))
                for rows, value in ((1000, 0.842), (2001, 0.887), (4001, 0.915), (8002, 0.931))
            ),
            1000,
            0.012,
            0.004,
            0.021,
        ),
        calibration=Calibration(
            0.71, kept=True, log_loss_before=0.352, log_loss_after=0.271, ece_before=0.064, ece_after=0.018
        ),
    )
    return replace(base, **rest)


def many_classes():
    """77 classes, everything there is."""
    found = evidence()
    worst = tuple(
        {
            "row": 100 + 37 * n,
            "text": text,
            "truth": INTENTS[n],
            "prediction": INTENTS[n + 9],
            "confidence": 0.998 - 0.01 * n,
        }
        for n, text in enumerate(
            (
                "I was charged twice for one withdrawal, why?",
                "<script>alert('x')</script> my card & PIN <b>don't</b> work",
                "My top up from last Tuesday is still pending and I have called three times already. " * 8,
                "naïve café ☕ — Übertrag nicht möglich 日本語のテキスト",
                "a" * 400,
            )
        )
    )
    return ReportData(
        evidence=found,
        name="banking77",
        made="2026-11-21T09:30:00+00:00",
        columns=COLUMNS,
        findings=FINDINGS,
        confusion=confusion(len(INTENTS)),
        reliability=bins(-0.2),
        reliability_after=bins(0.03),
        worst=worst,
        backbone=BACKBONE,
        manifest=MANIFEST,
    )


def few_classes():
    """Six classes, classic holds the place: transfer hurts."""
    labels = ("abbreviation", "entity", "description and abstract concepts", "human", "location", "numeric <value>")
    prior, classic, frozen = three_steps(scores=(0.22, 0.881, 0.868), spread=0.021)
    frozen = replace(
        frozen,
        promoted=False,
        why="the 95 % lower bound of its gain over classic, -0.0310, is not above 0",
    )
    lora = RungEvidence(
        "lora", "skipped", "needs about 840 s, more than the 120 s left of the budget", predicted=Cost(840)
    )
    partial = RungEvidence(
        "partial",
        "collapsed",
        "one class is predicted for every row",
        score=Score("accuracy", 0.2, 0.18, 0.22),
        against="classic",
        seconds=44,
        latency_ms=7.7,
        size_bytes=90_000_000,
        trained=1_800_000,
        parameters=22_000_000,
    )
    found = evidence(
        labels=labels,
        rungs=(prior, classic, frozen, partial, lora),
        winner="classic",
        stopped="2 rungs in a row brought no promotion",
        rows={"train": 1200, "validation": 1200, "test": 300, "folds": 10, "repeats": 2},
        verdicts=(
            replace(
                verdicts()[0],
                verdict="hurts",
                value=-0.02,
                low=-0.041,
                high=-0.004,
                sentence="The backbone loses 2.0 points [0.4, 4.1] to classic on test rows.",
            ),
        ),
        next_steps=("The backbone hurts here: try one from your domain or language with --backbone.",),
        curve=None,
    )
    return replace(many_classes(), evidence=found, name="trec6.csv", confusion=confusion(6, 50), findings=())


def binary():
    """Two classes, no curve."""
    found = evidence(
        task="binary", labels=("ham", "spam"), rungs=three_steps(scores=(0.866, 0.981, 0.985), spread=0.006)
    )
    return replace(many_classes(), evidence=found, name="sms spam", confusion=[[958, 8], [11, 138]])


def multilabel():
    """Three labels a row at most: no confusion matrix."""
    labels = ("anger", "joy", "optimism", "sadness")
    steps = three_steps("micro_f1", (0.31, 0.58, 0.66), 0.018)
    test = {name: Score(name, 0.65, 0.63, 0.67) for name in ("micro_f1", "macro_f1", "lrap")}
    by_rung = {step.name: step.score for step in steps}
    found = evidence(task="multilabel", metric="micro_f1", labels=labels, rungs=steps, test=test, test_by_rung=by_rung)
    return replace(many_classes(), evidence=found, name="tweet emotion", confusion=())


def regression():
    """RMSE in the target's own unit, lower is better."""
    steps = three_steps("rmse", (1042.4, 803.1, 712.9), 31.5, sign=-1)
    generator = np.random.default_rng(0)
    test = {
        "r2": Score("r2", 0.534, 0.490, 0.571),
        "rmse": Score("rmse", 718.2, 690.3, 749.0),
        "mae": Score("mae", 551.3, 530.8, 574.2),
        "spearman": Score("spearman", 0.731, 0.702, 0.757),
        "coverage_90": Score("coverage_90", 0.896, 0.879, 0.912),
    }
    found = evidence(
        task="regression",
        metric="rmse",
        better="lower",
        labels=(),
        rungs=steps,
        test=test,
        test_by_rung={step.name: step.score for step in steps},
        verdicts=(Verdict("transfer", "helps", "The backbone brings 90.2 [61, 118] less RMSE.", 90.2, 61.0, 118.0),),
        calibration=None,
        half_width=1180.4,
        curve=LearningCurve(
            "frozen",
            tuple(CurvePoint(n, Score("rmse", v, v - 30, v + 30)) for n, v in ((450, 880), (900, 801), (1800, 713))),
            1000,
            41.0,
            12.0,
            66.0,
        ),
    )
    worst = ({"row": 3, "text": "A long walk.", "truth": 210.0, "prediction": 3120.5, "confidence": 2910.5},)
    return replace(
        many_classes(),
        evidence=found,
        name="prices",
        confusion=(),
        reliability=(),
        reliability_after=(),
        residuals=generator.normal(20, 700, 900).tolist(),
        worst=worst,
    )


def minimal():
    """Only prior was tried and nothing else is known."""
    found = Evidence(
        task="binary",
        metric="accuracy",
        better="higher",
        labels=("no", "yes"),
        rows={},
        rungs=(tried("prior", 0.5, 0.1, promoted=True),),
        winner="prior",
        stopped="",
        trained_on="",
        test={},
        test_by_rung={},
        verdicts=(),
        next_steps=(),
    )
    return ReportData(evidence=found, name="tiny", made="2026-11-21T09:30:00+00:00")


EVERY = {
    "many_classes": many_classes,
    "few_classes": few_classes,
    "binary": binary,
    "multilabel": multilabel,
    "regression": regression,
    "minimal": minimal,
}
