"""How a backbone reads and pools a text: sentence-transformers' own settings, else what the family wants."""

from dataclasses import dataclass
from pathlib import Path

from rung.backbones.catalog import Family
from rung.backbones.jsonfile import read_object, read_objects
from rung.core.errors import NoBackbone

POOLINGS = {"mean": "mean", "cls": "cls", "max": "max", "lasttoken": "last"}
OLD_NAMES = {
    "pooling_mode_cls_token": "cls",
    "pooling_mode_max_tokens": "max",
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_mean_sqrt_len_tokens": "mean_sqrt_len_tokens",
    "pooling_mode_weightedmean_tokens": "weightedmean",
    "pooling_mode_lasttoken": "lasttoken",
}
LONGEST = 8192  # tokens: beyond, one text's attention would take seconds and gigabytes
UNSAID = 512  # tokens, where neither tokenizer nor model names a limit


@dataclass(frozen=True)
class Settings:
    """pooling: mean, cls, max or last. limit: tokens a text may have, special ones included."""

    pooling: str
    limit: int
    normalise: bool = False
    lower: bool = False
    prompt: str = ""


def settings(folder: Path, family: Family, positions: int | None, tokens: int | None) -> Settings:
    """Read the folder's settings; `positions` and `tokens` are the model's and the tokenizer's own limits.

    Raises NoBackbone where sentence-transformers' modules ask for what Rung can't do (a dense layer on top,
    several poolings side by side): features that differ from the model's own would be wrong in silence.
    """
    modules = _modules(folder)
    sentence = read_object(folder, "sentence_bert_config.json")
    pooling = _pooling(folder, modules) or family.pooling
    bounds = [tokens, positions - family.offset if positions else None, _whole(sentence.get("max_seq_length"))]
    said = [bound for bound in bounds if bound is not None and 0 < bound < 10**9]
    prompts = read_object(folder, "config_sentence_transformers.json")
    known = prompts.get("prompts")
    prompt = known.get(prompts.get("default_prompt_name"), "") if isinstance(known, dict) else ""
    return Settings(
        pooling,
        min([*said, LONGEST]) if said else UNSAID,
        normalise=any(kind == "Normalize" for kind, _ in modules),
        lower=bool(sentence.get("do_lower_case", False)),
        prompt=str(prompt or ""),
    )


def _modules(folder: Path) -> list[tuple[str, str]]:
    """Pairs of class name and sub-folder, in order, of sentence-transformers' pipeline; empty when there is none."""
    listed = read_objects(folder, "modules.json")
    modules = [(str(each.get("type", "")).rpartition(".")[2], str(each.get("path", ""))) for each in listed]
    strange = [kind for kind, _ in modules if kind not in ("Transformer", "Pooling", "Normalize")]
    if strange:
        raise NoBackbone(
            f"backbone {folder}", wanted="Transformer, Pooling and Normalize modules alone", got=", ".join(strange)
        )
    return modules


def _pooling(folder: Path, modules: list[tuple[str, str]]) -> str:
    paths = [path for kind, path in modules if kind == "Pooling"]
    if not paths:
        return ""
    config = read_object(folder, f"{paths[0]}/config.json")
    modes = config.get("pooling_mode") or [name for key, name in OLD_NAMES.items() if config.get(key)] or ["mean"]
    listed = [modes] if isinstance(modes, str) else list(modes) if isinstance(modes, list) else []
    if len(listed) != 1 or listed[0] not in POOLINGS:
        raise NoBackbone(f"pooling of {folder}", wanted=f"one of {', '.join(POOLINGS)}", got=f"{modes}")
    return POOLINGS[listed[0]]


def _whole(value: object) -> int | None:
    return int(value) if isinstance(value, int | float) else None
