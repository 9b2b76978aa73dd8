"""The battery that every backbone passes: give it a folder, it raises AssertionError with the reason.

The folder is in Hugging Face format, of any modality. Backbones live on the same floor, so the way to load one is
handed in:
`load(folder)` gives anything with the Backbone seam and `blocks()`, `model`, `settle(precision)` and `pack()`, as
rung.backbones.huggingface.HuggingFace has.
"""

import shutil
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from rung.core.contracts import Prepared
from rung.core.types import Floats
from rung.testing.curves import curves
from rung.testing.senses import noises, pictures

Load = Callable[[Path], Any]
Check = Callable[[Load, Path], None]
BATTERY: list[Check] = []
CLOSE = 1e-4  # float32: what the order of additions may change

TEXTS = [
    "the card has not arrived",
    "a warm and funny film with a brave ending, and a plot that holds together until the last minute",
    "",
    "why",
    "the card has not arrived",
    "Ünïcode, ≠ ASCII: 漢字 and 😀",
]


PLAIN, LONG, SAME = 0, 1, 4  # places among the items: one, another that is longer, the first again


def _items(backbone: Any) -> list[Any]:
    """Items of the backbone's modality, the places above among them."""
    kind_N = np.array([0, 1, 2, 1, 0, 2])
    if backbone.card.modality == "image":
        found: list[Any] = list(pictures(kind_N))
    elif backbone.card.modality == "audio":
        found = list(noises(kind_N))
        found[LONG] = noises(kind_N[:1], seed=1, seconds=5.0)[0]
    elif backbone.card.modality == "series":
        found = [
            *curves(kind_N[:3], steps=20),
            *curves(kind_N[3:], seed=1, channels=3),
        ]  # short ones, and several channels
        found[LONG] = curves(kind_N[:1], seed=1, steps=200)[0]
    else:
        return TEXTS
    found[SAME] = found[PLAIN]
    return found


def _says_texts(backbone: Any) -> bool:
    return bool(backbone.card.modality == "text")


def check(function: Check) -> Check:
    """Add a check to the battery."""
    BATTERY.append(function)
    return function


def check_backbone(load: Load, folder: Path) -> None:
    """Run the whole battery on one folder."""
    for each in BATTERY:
        each(load, folder)


def _alone(backbone: Any, items: list[Any]) -> Floats:
    return np.concatenate([backbone.embed(backbone.prepare([item])) for item in items])


def _hash(backbone: Any) -> str:
    state = sha256()
    for name, parameter in sorted(backbone.model.named_parameters()):
        state.update(name.encode())
        state.update(parameter.detach().float().numpy().tobytes())
    return state.hexdigest()


@check
def check_a_text_has_tokens_up_to_the_limit(load: Load, folder: Path) -> None:
    """Every text has 1 to limit tokens; the cut ones, and they alone, are said to be cut."""
    backbone = load(folder)
    if not _says_texts(backbone):
        return  # images and sounds are not cut
    limit = backbone.card.limit
    prepared = backbone.prepare([*TEXTS, "film " * (2 * limit), "x" * 3_000_000])
    lengths = [len(ids) for ids in prepared.ids]
    assert min(lengths) >= 1, lengths
    assert max(lengths) <= limit, f"{max(lengths)} tokens, limit {limit}"
    assert prepared.truncated.tolist() == [False] * len(TEXTS) + [True, True], prepared.truncated


@check
def check_the_longest_text_passes(load: Load, folder: Path) -> None:
    """A text cut at the limit can be embedded: the limit is not beyond the model's positions."""
    backbone = load(folder)
    if not _says_texts(backbone):
        return  # see above
    prepared = backbone.prepare(["film " * (2 * backbone.card.limit)])
    assert len(prepared.ids[0]) == backbone.card.limit
    assert np.isfinite(backbone.embed(prepared)).all()


@check
def check_vectors_are_finite_and_as_wide_as_said(load: Load, folder: Path) -> None:
    """(n, width) float32 without nan, for any text."""
    backbone = load(folder)
    items = _items(backbone)
    found_ND = backbone.embed(backbone.prepare(items))
    assert found_ND.shape == (len(items), backbone.card.width), found_ND.shape
    assert found_ND.dtype == np.float32, found_ND.dtype
    assert np.isfinite(found_ND).all()


@check
def check_different_texts_differ(load: Load, folder: Path) -> None:
    """The vectors depend on the text, and equal texts have equal vectors."""
    backbone = load(folder)
    found_ND = backbone.embed(backbone.prepare(_items(backbone)))
    assert np.abs(found_ND[PLAIN] - found_ND[LONG]).max() > 10 * CLOSE
    assert np.abs(found_ND[PLAIN] - found_ND[SAME]).max() < CLOSE


@check
def check_padding_does_not_leak(load: Load, folder: Path) -> None:
    """A text's vector is the same alone and beside longer texts."""
    backbone = load(folder)
    items = _items(backbone)
    together_ND = backbone.embed(backbone.prepare(items))
    size = max(1.0, float(np.abs(together_ND).max()))
    assert np.abs(together_ND - _alone(backbone, items)).max() < CLOSE * size


@check
def check_row_order_does_not_matter(load: Load, folder: Path) -> None:
    """Shuffled texts give the shuffled vectors."""
    backbone = load(folder)
    order = [3, 5, 0, 2, 4, 1]
    items = _items(backbone)
    straight_ND = backbone.embed(backbone.prepare(items))
    shuffled_ND = backbone.embed(backbone.prepare([items[i] for i in order]))
    assert np.abs(straight_ND[order] - shuffled_ND).max() < CLOSE


@check
def check_blocks_hold_every_parameter_once(load: Load, folder: Path) -> None:
    """Blocks start at the input, are in forward order, match the card, and together are the loaded model."""
    backbone = load(folder)
    blocks = backbone.blocks()
    assert tuple(blocks) == backbone.card.blocks
    named = [name for name in blocks if name.startswith("block ")]
    assert named == [f"block {i}" for i in range(len(named))]
    assert named, "no block was found"
    assert list(blocks) == ["embeddings", *named, *(["final"] if "final" in blocks else [])]
    listed = [name for names in blocks.values() for name in names]
    parameters = {name: parameter.numel() for name, parameter in backbone.model.named_parameters()}
    assert sorted(listed) == sorted(parameters), set(listed) ^ set(parameters)
    assert sum(parameters.values()) == backbone.card.parameters


@check
def check_forward_runs_through_the_blocks_in_order(load: Load, folder: Path) -> None:
    """The blocks are called in the order in which they are numbered."""
    backbone = load(folder)
    seen: list[str] = []
    layers = backbone.model.get_submodule(backbone.family.blocks)
    hooks = [
        layer.register_forward_hook(lambda *_, number=number: seen.append(f"block {number}"))
        for number, layer in enumerate(layers)
    ]
    backbone.embed(backbone.prepare(_items(backbone)[:1]))
    for hook in hooks:
        hook.remove()
    assert list(dict.fromkeys(seen)) == [name for name in backbone.card.blocks if name.startswith("block ")]


@check
def check_embedding_leaves_the_parameters_alone(load: Load, folder: Path) -> None:
    """No forward pass changes a weight, and none wants a gradient."""
    backbone = load(folder)
    before = _hash(backbone)
    backbone.embed(backbone.prepare(_items(backbone)))
    backbone.pack()
    backbone.embed(backbone.prepare(_items(backbone)))
    assert _hash(backbone) == before
    assert not any(parameter.requires_grad for parameter in backbone.model.parameters())


@check
def check_packing_changes_no_vector(load: Load, folder: Path) -> None:
    """Packed weights give the same numbers."""
    backbone = load(folder)
    plain_ND = backbone.embed(backbone.prepare(_items(backbone)))
    backbone.pack()
    size = max(1.0, float(np.abs(plain_ND).max()))
    assert np.abs(backbone.embed(backbone.prepare(_items(backbone))) - plain_ND).max() < CLOSE * size


@check
def check_bfloat16_means_the_same(load: Load, folder: Path) -> None:
    """Vectors computed in bfloat16, packed and with the attention for short texts, point the same way."""
    backbone = load(folder)
    if not _says_texts(backbone):
        return  # not chosen for images and sounds: in random convolutions, layer on layer, rounding grows without end
    items = _items(backbone)
    few = [items[PLAIN], items[SAME], items[LONG]]
    for some in (few[:2], few):  # of one length, without a mask; then padded
        prepared: Prepared = backbone.prepare(some)
        backbone.settle("float32")
        exact_ND = backbone.embed(prepared)
        backbone.settle("bfloat16")
        backbone.pack()
        near_ND = backbone.embed(prepared)
        norms_N = np.linalg.norm(exact_ND, axis=1) * np.linalg.norm(near_ND, axis=1)
        cosine_N = (exact_ND * near_ND).sum(1) / norms_N
        assert cosine_N.min() > 0.99, f"cosine {cosine_N.min():.4f}"


@check
def check_the_fingerprint_is_the_contents(load: Load, folder: Path) -> None:
    """Loading twice, and a copy elsewhere, have one fingerprint; one changed byte of either part another."""
    mine = load(folder).fingerprint
    assert load(folder).fingerprint == mine
    with TemporaryDirectory() as temporary:
        copy = Path(shutil.copytree(folder, Path(temporary) / "copy"))
        assert load(copy).fingerprint == mine, "a copy differs"
        weights = copy / "model.safetensors"
        raw = bytearray(weights.read_bytes())
        raw[-1] ^= 1
        weights.write_bytes(raw)
        assert load(copy).fingerprint != mine, "a changed weight was not seen"
        shutil.copyfile(folder / "model.safetensors", weights)
        said = {"text": "tokenizer_config.json", "series": "config.json"}
        settings = copy / said.get(load(copy).card.modality, "preprocessor_config.json")
        settings.write_bytes(settings.read_bytes() + b"\n")
        assert load(copy).fingerprint != mine, "a changed file of the preprocessing was not seen"


@check
def check_saved_preprocessing_reads_alike(load: Load, folder: Path) -> None:
    """The saved files of the preprocessing make the same of the same items, bit for bit."""
    backbone = load(folder)
    with TemporaryDirectory() as temporary:
        copy = Path(shutil.copytree(folder, Path(temporary) / "copy"))
        for path in (*copy.glob("*token*"), *copy.glob("*processor*")):
            path.unlink()
        backbone.save_preprocessing(str(copy))
        items = _items(backbone)
        again = load(copy).prepare(items)
    for here, there in zip(backbone.prepare(items).ids, again.ids, strict=True):
        assert np.array_equal(np.asarray(here), np.asarray(there))
