"""What the rungs of one climb may look at, from the rows, the options and the backbones."""

from functools import cache

from rung.adapt.settings import checked_settings
from rung.core.contracts import Embedders, Job, Notebook
from rung.core.evidence import confidence_of
from rung.core.named import Named, named
from rung.core.types import Floats, Inputs, Role, Tell
from rung.recipes.choice import deciding
from rung.recipes.options import FitOptions
from rung.recipes.prepare import Prepared

A_CLASS = 100  # rows up to which a class's name adds to them: linear head on 64 a class, MPQA +0.5 points, of 8 +3


def job_of(
    prepared: Prepared, options: FitOptions, inputs: Inputs, embedders: Embedders, notebook: Notebook, tell: Tell
) -> Job:
    """The job of one climb; raises BadOption and NoSuchName as rung.recipes.choice.deciding does."""
    first = next(iter(embedders.values()), None)
    return Job(
        inputs,
        prepared.columns,
        prepared.target,
        prepared.plan,
        deciding(options.metric, prepared.target.task),
        options.seed,
        tell,
        first.card if first else None,
        first.tunable if first else None,
        notebook,
        checked_settings(options.set),
        frozenset({*options.rungs, options.max_rung or ""}),
        options.search,
        options.storage,
        first.prompted if first else None,
        options.lr,
        beside={role: embedder.card for role, embedder in list(embedders.items())[1:]},
        named=_named(prepared, inputs, embedders),
        confidence=options.confidence or confidence_of(len(prepared.target)),
        min_gain=options.min_gain,
    )


def _named(prepared: Prepared, inputs: Inputs, embedders: Embedders) -> Named | None:
    """The names of the classes, where one text column alone is embedded and rows of each class are few."""
    target, words = prepared.target, embedders.get(Role.TEXT)
    alone = len(inputs.embedded) == 1 and set(inputs.embedded) == set(inputs.texts)
    if words is None or not alone or not target.task.one_label or len(target) > A_CLASS * target.outputs:
        return None

    @cache
    def embed(texts: tuple[str, ...]) -> Floats:
        assert words is not None
        return words(texts)

    return named(target.labels, lambda texts: embed(tuple(texts)))
