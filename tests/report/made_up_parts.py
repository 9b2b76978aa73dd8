"""Parts of made-up reports: labels, a backbone, a manifest, columns, findings, bins, a confusion matrix."""

from types import SimpleNamespace

import numpy as np

from rung.core.contracts import BackboneCard
from rung.core.types import Column, Finding, Role

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
