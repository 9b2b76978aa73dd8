"""Faults of texts, one a finding."""

import numpy as np
import polars as pl
from planted_faults import planted, texts

from rung.core.types import Role
from rung.testing.checks_audit import audited

WORDS = ["the", "of", "and", "to", "is", "in", "that", "it", "you", "for", "was", "with", "are", "card", "bank"]
ROLES = {"text": Role.TEXT, "label": Role.TARGET}


@planted
def other_language():
    draw = np.random.default_rng(0)
    values = [" ".join(draw.choice(WORDS, size=14)) for _ in range(120)]
    values[4] = "Wo ist das Buch, das ich dir für den Kurs gegeben habe, und wie wird es?"
    values[9] = "Где моя карта, которую вы отправили?"
    frame = pl.DataFrame({"text": values, "label": ["no", "yes"] * 60})
    return audited(frame, roles=ROLES), (4, 9)


@planted
def long_text():
    return audited(texts(r3="word " * 400)), (3,)


@planted
def short_text():
    return audited(texts(r8="ok", r20="x1")), (8, 20)
