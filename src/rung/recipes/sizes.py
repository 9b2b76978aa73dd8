"""How large a model is, and how much of it is the backbone as it came."""

from collections.abc import Sequence

from rung.core.contracts import BackboneCard, Job, Model


def used_by(model: Model, job: Job) -> list[BackboneCard]:
    """The backbones that predicting needs."""
    roles = {column.name: column.role for column in job.columns}
    read = getattr(model, "reads", ())
    own = [job.backbone] if job.backbone is not None and set(read) & set(job.inputs.own) else []
    return own + [card for role, card in job.beside.items() if role in {roles.get(name) for name in read}]


def size_of(model: Model) -> int:
    """Bytes of the fitted parts that come on top of the backbone."""
    return int(getattr(model, "size_bytes", 0)) - 4 * replaced(model)


def untouched(model: Model, used: Sequence[BackboneCard]) -> int:
    """How many of these backbones' parameters it takes as they are; it may bring buffers too, which are none."""
    return max(0, sum(card.parameters for card in used) - replaced(model))


def replaced(model: Model) -> int:
    """How many of the backbone's parameters the model brings in another version."""
    return int(getattr(model, "replaced", 0))
