"""Reading a folder through transformers: quiet, never remote code, and every failure is one clear error."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from operator import attrgetter
from typing import Any, TypeVar

import torch
import transformers
from torch import nn

from rung.backbones import chains  # noqa: F401  # registers its architectures
from rung.backbones.catalog import Family
from rung.backbones.source import Source
from rung.core.errors import NoBackbone

T = TypeVar("T")
VOCABULARIES = (
    "tokenizer.json",
    "vocab.txt",
    "vocab.json",
    "tokenizer.model",
    "spiece.model",
    "spm.model",
    "sentencepiece.bpe.model",
)


def read(source: Source, work: Callable[[], T]) -> T:
    """Do `work` and return what it gives; raises NoBackbone with the reason when it fails."""
    try:
        with quiet():
            return work()
    # transformers answers a bad folder with many classes (OSError, ValueError, KeyError, RuntimeError, library errors).
    except Exception as error:
        reason = " ".join(str(error).split())[:200]
        raise NoBackbone(
            f"backbone {source.id}",
            wanted="a folder that transformers can read (config.json, model.safetensors, tokenizer)",
            got=f"{type(error).__name__}: {reason}",
            fix=f"Look into {source.folder}, or fetch it again.",
        ) from error


@contextmanager
def quiet() -> Iterator[None]:
    """Keep transformers' bars and load reports off the user's terminal: what matters in them is raised."""
    logging = transformers.utils.logging
    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()


def read_config(source: Source, family: Family) -> Any:
    """Read the transformers configuration, with what the family sets otherwise; raises NoBackbone."""
    auto = transformers.AutoConfig
    return read(source, lambda: auto.from_pretrained(source.folder, local_files_only=True, **family.config))


def read_tokenizer(source: Source) -> Any:
    """Read the fast tokenizer; raises NoBackbone when there is none.

    The files are looked for here, because without any transformers makes a tokenizer that knows no word.
    """
    if not any((source.folder / name).is_file() for name in VOCABULARIES):
        raise NoBackbone(
            f"tokenizer of {source.id}",
            wanted=f"one of {', '.join(VOCABULARIES)}",
            got=f"none in {source.folder}",
            fix="Fetch the folder again, or save its tokenizer there.",
        )
    found = read(source, lambda: transformers.AutoTokenizer.from_pretrained(source.folder, local_files_only=True))
    if not getattr(found, "is_fast", False):
        raise NoBackbone(
            f"tokenizer of {source.id}",
            wanted="a tokenizer.json, or files that convert to one",
            got=type(found).__name__,
            fix="Save it once with transformers' fast tokenizer.",
        )
    return found


def read_model(source: Source, family: Family, dtype: torch.dtype) -> Any:
    """Read the bare encoder in evaluation mode, parameters frozen.

    Raises NoBackbone when a tensor is missing or misshapen: transformers would fill it with random numbers.
    """
    model, report = read(
        source,
        lambda: getattr(transformers, family.loader).from_pretrained(
            source.folder,
            dtype=dtype,
            use_safetensors=True,
            local_files_only=True,
            output_loading_info=True,
            **family.options,
            **family.config,
        ),
    )
    missing = [str(key) for kind in ("missing_keys", "mismatched_keys") for key in sorted(report[kind])]
    if missing:
        raise NoBackbone(
            f"weights of {source.id}",
            wanted=f"every tensor of a {family.name} encoder",
            got=f"{len(missing)} missing or misshapen, such as {missing[0]}",
            fix="They would be random numbers: fetch the folder again.",
        )
    return part_of(model, family).requires_grad_(requires_grad=False).eval()


def part_of(model: Any, family: Family) -> Any:
    """The encoder inside what transformers loads."""
    return attrgetter(family.part)(model) if family.part else model


def blank_model(family: Family, config: Any) -> Any:
    """Make the bare encoder with weights drawn as its architecture draws them."""
    with quiet():
        if family.loader == "AutoModel":
            return part_of(transformers.AutoModel.from_config(config, **family.options), family)
        config = getattr(config, f"{family.modality.replace('image', 'vision')}_config", config)  # of a pair with text
        return part_of(getattr(transformers, family.loader)(config), family)


def placed(family: Family, config: Any) -> Family:
    """The family with the path of its list of blocks, where that differs from model to model; "" where there is none.

    timm calls it blocks, stages or layers; what is named after it comes after it.
    """
    if family.blocks or family.name != "timm_wrapper":
        return family
    with torch.device("meta"):
        core = blank_model(family, config).timm_model
    names = [name for name, _ in core.named_children()]
    for name in ("blocks", "stages", "layers"):
        found = getattr(core, name, None)
        if not isinstance(found, nn.Sequential | nn.ModuleList):
            continue
        if all(next(part.parameters(), None) is not None for part in found):
            after = tuple(f"timm_model.{each}" for each in names[names.index(name) + 1 :])
            return replace(family, blocks=f"timm_model.{name}", after=after)
    return family


_SIZES: dict[str, dict[str, int]] = {}  # by architecture: a fit, its bundle and each load of that ask again


def parameter_sizes(family: Family, config: Any) -> dict[str, int]:
    """Names and element counts of the bare encoder's parameters, from its architecture alone: no weights are read."""
    known = architecture(family, config)
    if known not in _SIZES:
        with torch.device("meta"):
            empty = blank_model(family, config)
        _SIZES[known] = {name: parameter.numel() for name, parameter in empty.named_parameters()}
    return dict(_SIZES[known])


def architecture(family: Family, config: Any) -> str:
    """All that decides a model's shapes."""
    return f"{family!r} {config.to_json_string(use_diff=False)}"
