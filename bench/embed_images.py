"""Embedding of images and sounds against the frozen script: rows a second, alikeness, and memory over many images.

The script: transformers' processor and model in batches of 32 (a clip at a time for sounds), as a practitioner writes
it; both decode and preprocess within the clock, nothing is cached, and they take turns. Memory: 50,000 drawn images
(`--rows N`; 0 leaves it out) through a tiny ResNet of 32 x 32 pixels, streamed to a file in a process of its own: what
grows with the rows does not depend on the model. `--memory`: that alone. `--quick`: 64 images, 500 drawn ones.
"""

import json
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

import harness
from images import opened
from quality import option
from sound import heard, patches_of

TWICE = 2.0
MOST = 1.5e9  # bytes over the model
IMAGES = ("mobilenet_v1_0.75_224_imagenet", "mobilenet_v2_1.0_224_imagenet")
SOUND = "yamnet_audioset"


def script_of_images(weights: str, paths: list[str]) -> Any:
    """What a practitioner writes, model loaded."""
    import torch
    from transformers import AutoImageProcessor, AutoModel

    processor, model = AutoImageProcessor.from_pretrained(weights), AutoModel.from_pretrained(weights).eval()

    def run() -> np.ndarray:
        found = []
        with torch.inference_mode():
            for at in range(0, len(paths), 32):
                x = processor(images=opened(paths[at : at + 32]), return_tensors="pt")
                found.append(model(**x).pooler_output.flatten(1).numpy())
        return np.concatenate(found)

    return run


def script_of_sounds(weights: str, paths: list[str]) -> Any:
    """The same, clip by clip."""
    import torch
    from transformers import AutoModel

    model = AutoModel.from_pretrained(weights).eval()

    def run() -> np.ndarray:
        found = []
        with torch.inference_mode():
            for samples, rate in heard(paths):
                vectors = model(pixel_values=torch.from_numpy(patches_of(samples, rate))).pooler_output.flatten(1)
                found.append(torch.cat([vectors.mean(0), vectors.amax(0)]).numpy())
        return np.stack(found)

    return run


def compared(weights: Path, paths: list[str], script: Any) -> tuple[harness.Claim, dict[str, Any]]:
    """Rung against the script on the same files."""
    from rung.backbones.load import load
    from rung.data.media import File

    embedder = load(str(weights), cache=False)
    items = [File(Path(path).name, path) for path in paths]
    peer = script(str(weights), paths)
    mine, theirs = embedder.uncached(items), peer()
    norms = np.linalg.norm(mine, axis=1) * np.linalg.norm(theirs, axis=1)
    cosine = float(((mine * theirs).sum(1) / norms).min())
    seconds = harness.measure_alternating({"rung": lambda: embedder.uncached(items), "script": peer})
    rate = len(paths) / float(np.median(seconds["script"]))
    claim = harness.speedup(
        f"rows/s, {weights.name}", seconds, ours="rung", peer="script", reach=TWICE, peer_value=rate
    )
    return claim, {"backbone": weights.name, "rows": len(paths), "lowest cosine": cosine, **seconds}


class Drawn:
    """An image that is drawn when it is asked for, another for each number."""

    def __init__(self, number: int) -> None:
        self.number, self.name, self.key = number, f"drawn {number}", number.to_bytes(16, "little")

    def image(self) -> Any:
        """Noise of 64 x 64."""
        from PIL import Image

        return Image.fromarray(np.random.default_rng(self.number).integers(0, 256, (64, 64, 3), np.uint8))


def peak(rows: int) -> None:
    """In a process of its own: bytes with the model warm, and at the end."""
    from rung.backbones.load import load
    from rung.testing.senses import tiny_sense

    with tempfile.TemporaryDirectory() as place:
        embedder = load(str(tiny_sense("resnet", f"{place}/resnet")), cache=False)
        embedder.uncached([Drawn(0)])
        warm = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        embedder.embed_to(f"{place}/x.npy", (Drawn(i) for i in range(rows)), rows=rows)
    print(json.dumps([warm, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024]))


def main() -> None:
    """Speed of three backbones, then memory."""
    drawn, alone = int(option("rows", "50000")[0]), "--memory" in sys.argv
    sys.argv = [word for word in sys.argv if word != "--memory"]
    asked = harness.options(__doc__)
    few, drawn = (64, 500) if asked.quick else (10_000, drawn)
    weights = asked.data.parent / "weights"
    sights = sorted(map(str, (asked.data / "ants_bees" / "train").rglob("*.jpg")))[:few]
    clips = sorted(map(str, (asked.data / "spoken_digits_fsdd" / "train").rglob("*.wav")))[:few]
    name = "embed_images_quick" if asked.quick else "embed_images"
    kept = asked.results / f"{name}.json"
    claims, rows = [], []
    if alone and kept.is_file():
        before = json.loads(kept.read_text())
        claims = [harness.Claim(**claim) for claim in before["claims"] if claim["unit"] != "bytes"]
        rows = [row for row in before["rows"] if "drawn" not in row]
    jobs = [(each, sights, script_of_images) for each in IMAGES] + [(SOUND, clips, script_of_sounds)]
    for backbone, paths, script in [] if alone else jobs:
        claim, row = compared(weights / backbone, paths, script)
        claims.append(claim)
        rows.append(row)
        harness.write(name, claims, rows, asked.results)
    if drawn:
        command = [sys.executable, __file__, "--peak", str(drawn)]
        warm, most = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        over = float(most - warm)
        claims.append(harness.at_most(f"peak over the model, {drawn:,} images", [over], unit="bytes", reach=MOST))
        rows.append({"drawn": drawn, "warm_bytes": warm, "peak_bytes": most})
        harness.write(name, claims, rows, asked.results)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--peak"]:
        peak(int(sys.argv[2]))
    else:
        main()
