"""Rung's climb on real sounds against what a practitioner would write: score with interval, wall time, memory.

As bench/images.py, with YAMNet: its log-mel patches at 16 kHz, means and greatest values of its features over the
patches of a clip for the frozen script; the Trainer script fine-tunes on the first patch of each clip (the clips are at
most 1.3 s long); the classic script has MFCC statistics. `--quick`: one set. `--sets`, `--seeds`, `--go-on`.
"""

import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

import images
from images import by_rung, files, finetuned, logistic

SETS = ("spoken_digits_fsdd", "speech_commands_6")
WEIGHTS = "yamnet_audioset"


def heard(paths: list[str]) -> list[Any]:
    """Samples and rates, as a script would read them."""
    import soundfile

    return [soundfile.read(path, dtype="float32") for path in paths]


def patches_of(samples: np.ndarray, rate: int) -> np.ndarray:
    """(W, 1, 96, 64) log-mel patches of one clip."""
    import soxr

    from rung.backbones import yamnet

    x = samples if rate == yamnet.RATE else soxr.resample(samples, rate, yamnet.RATE)
    length, hop = round(yamnet.SECONDS * yamnet.RATE), round(yamnet.HOP_SECONDS * yamnet.RATE)
    x = np.pad(x, (0, max(0, length - len(x)))).astype(np.float32)
    return np.stack([yamnet.log_mel(x[at : at + length]) for at in range(0, len(x) - length + 1, hop)])


def by_frozen_script(folder: Path, weights: str, seed: int, _: float | None) -> tuple[list[str], dict[str, Any]]:
    """Mean and greatest pooled features, standardised, and logistic regression."""
    import torch
    from transformers import AutoModel

    model = AutoModel.from_pretrained(weights).eval()
    train, label = files(folder, "train")
    test, _labels = files(folder, "test")
    begun = time.perf_counter()
    found = []
    with torch.inference_mode():
        for samples, rate in heard(train + test):
            vectors = model(pixel_values=torch.from_numpy(patches_of(samples, rate))).pooler_output.flatten(1)
            found.append(torch.cat([vectors.mean(0), vectors.amax(0)]).numpy())
    embedding = time.perf_counter() - begun
    features = np.stack(found)
    return logistic(features, label, seed), {"embedding_s": embedding, "sounds": len(train + test)}


def by_classic_script(folder: Path, _: str, seed: int, __: float | None) -> tuple[list[str], dict[str, Any]]:
    """Handmade features and logistic regression."""
    from rung.core.types import Clip
    from rung.data.sounds import features

    train, label = files(folder, "train")
    test, _labels = files(folder, "test")
    x = np.stack([features(Clip(samples, rate)) for samples, rate in heard(train + test)])
    return logistic(x, label, seed), {}


def by_trainer(folder: Path, weights: str, seed: int, _: float | None) -> tuple[list[str], dict[str, Any]]:
    """Five epochs of full fine-tuning, else Trainer's defaults."""
    return finetuned(folder, weights, seed, first_patches, momentum=None), {}


def by_mended_trainer(folder: Path, weights: str, seed: int, _: float | None) -> tuple[list[str], dict[str, Any]]:
    """The same with the norms' momentum set right."""
    return finetuned(folder, weights, seed, first_patches, momentum=0.01), {}


def first_patches(paths: list[str], _: str) -> list[Any]:
    """The first patch of each clip."""
    import torch

    return [torch.from_numpy(patches_of(samples, rate)[0]) for samples, rate in heard(paths)]


CANDIDATES = {
    "trainer": by_trainer,
    "frozen script": by_frozen_script,
    "classic script": by_classic_script,
    "rung": by_rung,
}
MENDED = {"mended trainer": by_mended_trainer}


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        images.child(sys.argv[2])
    else:
        images.run("sound", SETS, WEIGHTS)
