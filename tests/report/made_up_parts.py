"""Parts of made-up reports: labels, a backbone, a manifest, columns, findings, bins, a matrix, steps, verdicts."""

from types import SimpleNamespace

import numpy as np

from rung.core.contracts import BackboneCard
from rung.core.evidence import Difference, RungEvidence, Score, Verdict
from rung.core.types import Column, Cost, Finding, Role

INTENTS = tuple(
    f"{verb}_{noun}"
    for verb in ("activate", "lost_or_stolen", "pending", "declined", "reverted", "wrong_exchange_rate_for", "verify")
    for noun in ("card", "transfer", "top_up", "cash_withdrawal", "refund", "direct_debit", "identity", "card_payment")
) + tuple(f"topic_{n}" for n in range(21))

BACKBONE = BackboneCard(
    id="all-MiniLM-L6-v2",
    family="bert",
    modality="text",
    revision="1110a243fdf4706b3f48f1d95db1a4f5529b4d41",
    sha256="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    licence="Apache-2.0",
    width=384,
    limit=256,
    parameters=22_713_216,
    size_bytes=90_868_376,
    blocks=("embeddings", "layer.0", "layer.1", "layer.2", "layer.3", "layer.4", "layer.5"),
    pooling="mean",
)

MANIFEST = {
    "format": 1,
    "name": "banking77",
    "made": "2026-11-21T09:30:00+00:00",
    "versions": {"rung": "0.1.0", "python": "3.11.7", "torch": "2.13.0", "transformers": "5.3.0", "numpy": "2.4.1"},
    "machine": {"cpu": "Intel(R) Xeon(R) Processor @ 2.10GHz", "flags": ["avx512_bf16", "amx_bf16"], "threads": 2},
    "options": {"target": "label", "test": 0.2, "seed": 0, "budget": None, "rungs": [], "column": {"note": "text"}},
    "seed": 0,
    "data": {"fingerprint": "5bb8a21d9c3f", "split": "c02e4a91d7aa", "target": "label"},
    "winner": "frozen",
    "bundle": "9f3c7e",
    "timings": {"seconds": 71.4, "rungs": {"prior": 0.02, "classic": 9.1, "frozen": 38.2}},
}

COLUMNS = (
    Column("id", Role.ID, "every value differs and looks like a counter"),
    Column("text", Role.TEXT, "11.9 words a cell, 99.8 % distinct"),
    Column("amount", Role.NUMBER, "all cells are numbers"),
    Column("label", Role.TARGET, "named as the target"),
)

FINDINGS = (
    Finding("truncated", "12 texts are cut at the backbone's 256 tokens.", tuple(range(40, 52)), "note"),
    Finding("duplicates", "310 rows repeat another row's content.", tuple(range(310)), "warn", "They share a split."),
    Finding("unknown_label", "Label 'refund_denied' is unknown to training.", (7,), "warn", part="test"),
    Finding("one_class", "The target has one class in group 'b'.", (), "block", "Label rows of another class."),
)


def bins(shift):
    """Ten reliability bins; shift: how far confidence is above accuracy in the middle."""
    return tuple(
        SimpleNamespace(confidence=c, accuracy=max(0.0, c - shift * 4 * c * (1 - c)), count=int(20 + 900 * c**4))
        for c in np.linspace(0.15, 0.97, 10).tolist()
    )


def confusion(classes, rows=40, seed=0):
    """A mostly diagonal matrix."""
    generator = np.random.default_rng(seed)
    matrix = generator.poisson(0.06 * rows / classes, (classes, classes))
    matrix[np.diag_indices(classes)] = generator.poisson(0.93 * rows, classes)
    return matrix.tolist()


def tried(name, score, spread, *, metric="accuracy", gain=None, against="", promoted=False, **rest):
    """A rung with a symmetric interval; gain: (value, half-width)."""
    difference = None
    if gain is not None:
        value, half = gain
        difference = Difference(value, value - half, value + half, value - 0.84 * half, 0.0004, 0.0008)
    return RungEvidence(
        name,
        "tried",
        score=Score(metric, score, score - spread, score + spread),
        gain=difference,
        against=against,
        promoted=promoted,
        predicted=Cost(rest.get("seconds", 1.0), 10**8),
        **rest,
    )


def three_steps(metric="accuracy", scores=(0.026, 0.871, 0.931), spread=0.009, sign=1):
    """Prior, classic, frozen, each better than the one before it."""
    a, b, c = scores
    because = "the 95 % lower bound of its gain over {}, {:+.4f}, is above {}"
    return (
        tried(
            "prior",
            a,
            spread / 2,
            metric=metric,
            promoted=True,
            why="the first rung holds the place",
            latency_ms=0.004,
            size_bytes=800,
            seconds=0.02,
        ),
        tried(
            "classic",
            b,
            spread,
            metric=metric,
            gain=(sign * (b - a), 1.4 * spread),
            against="prior",
            promoted=True,
            why=because.format("prior", 0.8, 0),
            latency_ms=0.41,
            size_bytes=4_800_000,
            trained=4_061_234,
            parameters=4_061_234,
            seconds=9.1,
        ),
        tried(
            "frozen",
            c,
            spread * 0.8,
            metric=metric,
            gain=(sign * (c - b), spread),
            against="classic",
            promoted=True,
            why=because.format(
                "classic",
                0.05,
                "0, and its gain of +0.0620 no less than the 0.005 that twice the latency asks for",
            ),
            latency_ms=7.9,
            size_bytes=91_000_000,
            trained=29_645,
            parameters=22_742_861,
            seconds=38.2,
            needed=0.005,
            notes=("head: linear, strength 0.1, chosen by cross-fitted one-standard-error rule",),
        ),
    )


def verdicts():
    """The four verdicts of a climb that went well."""
    return (
        Verdict(
            "transfer",
            "helps",
            "The backbone brings +5.4 points [4.2, 6.7] over classic on test rows.",
            0.054,
            0.042,
            0.067,
        ),
        Verdict(
            "overfitting",
            "yes",
            "Training rows score 5.1 points [4.2, 6.0] above validation rows.",
            0.051,
            0.042,
            0.060,
        ),
        Verdict("enough data", "no", "1,000 more labels: +1.2 points [0.4, 2.1].", 0.012, 0.004, 0.021),
        Verdict(
            "calibrated",
            "well calibrated",
            "The calibration error is 0.018 after temperature scaling (0.064 before).",
            0.018,
        ),
    )
