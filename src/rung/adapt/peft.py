"""lora, ia3, prefix, prompt: small modules on the frozen backbone, made and saved by PEFT."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from torch import nn

from rung.adapt.base import register
from rung.adapt.bodies import Body, places, with_peft
from rung.adapt.training.recipe import Recipe
from rung.adapt.tuned import Tuned
from rung.adapt.warm import Warm
from rung.core.contracts import Job, Prepared, Tunable

FEATURES = "FEATURE_EXTRACTION"  # PEFT's word for a model without a head
RANK = 8
UPPER = 2 / 3  # share of the blocks that lora changes; what lies below them is computed once
VIRTUAL = 16  # tokens of a learnt prefix or prompt
_TOKENS = {"tokens": VIRTUAL}
Config = Callable[[Tunable, Mapping[str, Any]], Any]  # backbone, setting -> PEFT's configuration


class Peft:
    """One of PEFT's methods: a function that makes its configuration, and which backbones it serves."""

    def __init__(self, name: str, config: Config, options: Mapping[str, Any]) -> None:
        self.name, self._config, self.options = name, config, options

    def applies(self, job: Job) -> str:
        """Try the method on this backbone: some architectures have no place for it."""
        assert job.tunable is not None
        if self.options == _TOKENS and not job.inputs.texts.keys() & job.inputs.own.keys():
            return f"{self.name} stands before a text, and there is none"
        try:
            prepared = job.tunable.prepare(list(next(iter(job.inputs.own.values())))[:2])
            body = self.body(job, self.settings(job)[0], prepared)
            if not body.k:  # one that runs on kept activations has run
                body.vectors(body.module, job.tunable.batch(prepared, np.arange(2)))
        # PEFT and the architectures answer a method that does not fit with many classes.
        except Exception as error:  # noqa: BLE001  # see above
            return f"{job.tunable.card.family} can't take {self.name}: {_why(error)}"
        return ""

    def settings(self, job: Job) -> list[dict[str, Any]]:
        """One setting: the user's, or the default."""
        found = {key: job.settings.get(f"{self.name}.{key}", value) for key, value in self.options.items()}
        if "k" in found:
            assert job.tunable is not None
            count = job.tunable.count
            found["k"] = min(int(found["k"]) or max(1, round(UPPER * count)), count)
        return [found]

    def space(self, job: Job) -> dict[str, tuple[Any, ...]]:  # noqa: ARG002  # the contract's signature
        """Rank, or number of tokens: the default, less and more."""
        names = [name for name in ("rank", "tokens") if name in self.options]
        return {name: tuple(int(self.options[name] * by) for by in (1, 0.5, 2, 4)) for name in names}

    def body(self, job: Job, setting: Mapping[str, Any], probe: Prepared) -> Body:
        """The frozen backbone with fresh modules; what lies below the lowest of them is computed once."""
        assert job.tunable is not None
        k = int(setting.get("k", 0)) % max(1, job.tunable.count)  # all of them: nothing lies below
        return with_peft(job.tunable, self._config(job.tunable, setting), seed=job.seed, k=k, probe=probe)


def _why(error: Exception) -> str:
    if isinstance(error, AttributeError) and type(error.obj).__module__.startswith("peft."):
        return f"its own code asks a layer for its {error.name}, and PEFT's layers have none"
    return " ".join(str(error).split())[:80]


def layers(tunable: Tunable, names: tuple[str, ...], k: int = 0) -> str:
    """A pattern for PEFT: these layers (names relative to a block) of every block, or of the top k."""
    which = "|".join(map(str, range(tunable.count - k, tunable.count))) if k else r"\d+"
    return rf"(.*\.)?{re.escape(tunable.path)}\.({which})\.({'|'.join(map(re.escape, names))})"


def _lora(tunable: Tunable, setting: Mapping[str, Any]) -> Any:
    import peft  # noqa: PLC0415  # seconds, and only the rungs that use it should pay

    kind = setting["kind"]
    return peft.LoraConfig(
        r=int(setting["rank"]),
        lora_alpha=2 * int(setting["rank"]),
        lora_dropout=0.0,  # torch's masks for the input of every layer took a quarter of a step
        use_rslora=kind == "rslora",
        use_dora=kind == "dora",
        target_modules=layers(tunable, _projections(tunable), int(setting.get("k", 0))),
    )


def _projections(tunable: Tunable) -> tuple[str, ...]:
    """Every linear layer of a block; of a convolutional one every convolution that mixes all channels."""
    module = tunable.module()
    try:
        return places(tunable, module).every
    except ValueError:
        parts = [each for block in tunable.blocks(module) for each in block.named_modules()]
        convolutions = [(name, part.groups) for name, part in parts if isinstance(part, nn.Conv2d)]
        in_groups = {name for name, groups in convolutions if groups > 1}  # PEFT can't merge into these
        found = tuple(dict.fromkeys(name for name, _ in convolutions if name not in in_groups))
        if not found:
            raise
        return found


def _ia3(tunable: Tunable, _: Mapping[str, Any]) -> Any:
    import peft  # noqa: PLC0415  # see above

    found = places(tunable, tunable.module())
    return peft.IA3Config(
        target_modules=layers(tunable, (*found.keys_values, found.feed_out)),
        feedforward_modules=layers(tunable, (found.feed_out,)),
    )


def _prefix(_: Tunable, setting: Mapping[str, Any]) -> Any:
    import peft  # noqa: PLC0415  # see above

    return peft.PrefixTuningConfig(task_type=FEATURES, num_virtual_tokens=int(setting["tokens"]))


def _prompt(tunable: Tunable, setting: Mapping[str, Any]) -> Any:
    import peft  # noqa: PLC0415  # see above

    return peft.PromptTuningConfig(
        task_type=FEATURES,
        num_virtual_tokens=int(setting["tokens"]),
        token_dim=tunable.card.width,
        num_layers=tunable.count,
        num_attention_heads=1,
        num_transformer_submodules=1,
    )


_RECIPE = Recipe(epochs=4, rate=5e-4, head_rate=1e-3, layer_decay=1.0, wise=False)


def _named(name: str, order: int, title: str, method: Peft, rate: float) -> None:
    recipe, before = replace(_RECIPE, rate=rate, epochs=6), method.options == _TOKENS
    warm = Warm() if before else None  # the head is fitted with fresh tokens in front of each text
    register(Tuned(name, order, title, method, recipe, only_asked=True, warm=warm))


register(
    Tuned(
        "lora",
        40,
        "low-rank updates of the upper blocks' linear layers",
        Peft("lora", _lora, {"rank": RANK, "kind": "plain", "k": 0}),
        _RECIPE,
    )
)
_named("ia3", 41, "learnt scales of keys, values and inner states", Peft("ia3", _ia3, {}), 5e-3)
_named("prefix", 42, "learnt keys and values before each text", Peft("prefix", _prefix, _TOKENS), 1e-2)
_named("prompt", 43, "learnt tokens before each text", Peft("prompt", _prompt, _TOKENS), 1e-2)
