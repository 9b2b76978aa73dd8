"""Faults of labels and classes, one a finding."""

from dataclasses import replace

import numpy as np
import polars as pl
from planted_faults import planted

from rung.core.audited import Judged
from rung.core.types import Role
from rung.testing.checks_audit import ROLES, audited, clean_table

WRONG = (4, 11, 30, 53)


@planted
def label_errors():
    """Four rows whose label is the other one; of the others models are sure, of some more than of others."""
    seen = audited(clean_table())
    value = seen.target.value.copy()
    sure_N = 1 / (1 + np.exp(-np.random.default_rng(0).uniform(1, 7, size=120)))
    p_NC = np.stack([1 - sure_N, 1 - sure_N], axis=1).astype(np.float32)
    p_NC[np.arange(120), value] = sure_N
    p_NC[list(WRONG)] = np.where(np.eye(2, dtype=np.bool_)[value[list(WRONG)]], 0.99, 0.01)
    value[list(WRONG)] = 1 - value[list(WRONG)]
    return replace(seen, target=replace(seen.target, value=value), judged=lambda: Judged(np.arange(120), p_NC)), WRONG


@planted
def odd_value():
    """Prices a hundred times too high in two rows."""
    draw = np.random.default_rng(0)
    price = draw.normal(50, 10, size=120)
    judged = Judged(np.arange(120), (price + draw.normal(size=120)).astype(np.float32)[:, None])
    price[[7, 90]] *= 100
    frame = clean_table().with_columns(label=pl.Series(price))
    return audited(frame, judged=lambda: judged), (7, 90)


@planted
def confused_classes():
    """Of four classes, two are a coin's toss for the model: rows of one are said to be of the other, and back."""
    frame = clean_table().with_columns(label=pl.Series([f"c{i % 4}" for i in range(120)]))
    given = np.arange(120) % 4
    p_NC = np.full((120, 4), 0.05, np.float32)
    said = np.where((given < 2) & (np.arange(120) // 4 % 2 == 0), 1 - given, given)
    p_NC[np.arange(120), said] = 0.85
    return audited(frame, judged=lambda: Judged(np.arange(120), p_NC)), np.flatnonzero(said != given).tolist()


@planted
def small_class():
    """Eight rows of a class, of which two will be tested."""
    label = ["few" if i % 15 == 0 else "many" if i % 2 else "more" for i in range(120)]
    frame = clean_table().with_columns(label=pl.Series(label))
    return audited(frame, clean_table(30, seed=1).drop("label")), [i for i in range(120) if i % 15 == 0]


@planted
def imbalance():
    label = pl.Series(["few" if i % 10 == 0 else "most" for i in range(120)])
    return audited(clean_table().with_columns(label=label), roles=ROLES | {"label": Role.TARGET}), ()
