"""Whether the rows lie far from what the backbone was trained on, and what to try instead."""

from collections.abc import Sequence

import numpy as np

from rung.adapt.frozen import Frozen
from rung.backbones.catalog import LOCAL, Entry, catalog, find
from rung.core.contracts import BackboneCard, Embedder, Job
from rung.core.rng import generator
from rung.core.types import Finding, Ints, Role, Task
from rung.data.languages import Written, written
from rung.evaluate.neighbours import Agreement, agreement
from rung.recipes.climb import Climbed
from rung.recipes.prepare import Prepared

CHECK = "far_domain"
SAMPLE = 500  # texts whose tokens are counted
ROWS = 1500  # whose neighbours are looked at
UNKNOWN, BROKEN = 0.05, 0.1  # of all tokens, of all words: English sets stay below 0.01 and 0.03 with the default
FEWEST = 50  # words below which nothing is said of them
LITTLE = 0.2  # of the way from chance to full agreement: sets that suit the default start at 0.3
BESIDES = ("general", "edge")  # domains that say nothing of what rows are about
MOST = 5  # backbones, or languages, named


def far_texts(prepared: Prepared, embedder: Embedder) -> tuple[Finding, ...]:
    """One finding where the texts are in a language that the backbone was not trained on, or of words it doesn't know.

    Looks at letters, words and tokens of the rows that train, at nothing else.
    """
    card = embedder.card
    names = [column.name for column in prepared.columns if column.role is Role.TEXT]
    texts = [text for name in names for text in prepared.pool.frame[name].cast(str).drop_nulls().to_list()]
    if card.modality != "text" or not texts:
        return ()
    found, entry = written(texts), _entry(card)
    knows = entry.languages if entry is not None else ()
    if found is not None and knows and not set(found.languages) & set(knows):
        said = f"they look {found.name} ({found.sign}), it knows {_languages(knows)}"
        return (_finding(card, said, f"Try one that knows the language: {_of_language(found, card)}."),)
    if found is not None and "en" not in found.languages and knows:
        return ()  # tokenizers of many languages cut each a little finer
    said = _odd_words(texts, embedder)
    return (_finding(card, said, _other_domains(card)),) if said else ()


def far_rows(job: Job, climbed: Climbed, noticed: Sequence[Finding]) -> tuple[Finding, ...]:
    """One finding where plain features won, and rows that the backbone puts side by side hardly share their target.

    Nothing where `noticed` has such a finding already.
    """
    tried = any(step.evidence.name == Frozen.name and step.trial is not None for step in climbed.steps)
    if job.backbone is None or not tried or climbed.winner != "classic" or any(each.check == CHECK for each in noticed):
        return ()
    found = _agreement(job)
    if found is None or found.high > LITTLE:
        return ()
    said = (
        f"classic was not beaten, and {found.share:.0%} of a row's nearest neighbours share its target, where any "
        f"others would at {found.chance:.0%}"
    )
    return (_finding(job.backbone, said, _other_domains(job.backbone)),)


def _finding(card: BackboneCard, said: str, fix: str) -> Finding:
    return Finding(CHECK, f"rows look far from what {card.id} was trained on: {said}", (), "warn", fix)


def _entry(card: BackboneCard) -> Entry | None:
    return find(card.id.partition("@")[0])


def _languages(codes: Sequence[str]) -> str:
    return f"{len(codes)} others" if len(codes) > MOST else " ".join(codes)


def _of_language(found: Written, card: BackboneCard) -> str:
    """Entries that know the language, those that were trained to embed first, as the catalog has them."""
    fitting = [each.id for each in catalog() if each.modality == card.modality and found.languages[0] in each.languages]
    return f"--backbone {' or '.join(fitting[:2])}" if fitting else "none of the catalog does"


def _other_domains(card: BackboneCard) -> str:
    """An entry for each domain that the present one does not name."""
    entry = _entry(card)
    own = {*BESIDES, *(entry.domains if entry is not None else ())}
    named: dict[str, list[str]] = {}
    for each in catalog():
        for domain in each.domains:
            fresh = domain not in own and domain not in [name for names in named.values() for name in names]
            if fresh and each.modality == card.modality and each.source != LOCAL and not each.pickled:
                named.setdefault(each.id, []).append(domain)
    some = ", ".join(f"{name} ({', '.join(domains)})" for name, domains in list(named.items())[:MOST])
    return f"Try a --backbone of its domain: {some}." if some else "Try a --backbone of its domain."


def _odd_words(texts: list[str], embedder: Embedder) -> str:
    """What is odd about the tokens, "" where nothing is."""
    pieces = embedder.pieces(texts[:: max(1, len(texts) // SAMPLE)][:SAMPLE])
    if pieces is None:
        return ""
    if pieces.tokens >= FEWEST and pieces.unknown > UNKNOWN * pieces.tokens:
        return f"its tokenizer does not know {pieces.unknown / pieces.tokens:.0%} of their tokens"
    if pieces.words >= FEWEST and pieces.broken > BROKEN * pieces.words:
        return f"its tokenizer breaks {pieces.broken / pieces.words:.0%} of their words into scraps"
    return ""


def _agreement(job: Job) -> Agreement | None:
    """Of classes, or of the quarters of a numeric target; None where rows have several labels, or all the same one."""
    task, value = job.target.task, job.target.value
    rows = generator(job.seed, "far rows").permutation(len(value))[:ROWS]
    if task is Task.MULTILABEL:
        return None
    if task is Task.REGRESSION:
        value = np.searchsorted(np.quantile(value, [0.25, 0.5, 0.75]), value)
    class_N: Ints = np.asarray(value)[rows].astype(np.int64)
    if len(rows) < 3 or len(np.unique(class_N)) < 2:
        return None
    return agreement(np.concatenate([job.inputs.embed(name)[rows] for name in job.inputs.own], axis=1), class_N)
