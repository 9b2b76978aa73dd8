"""Tiny random models of real architectures that see and hear, and pictures and sounds to try them with."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rung.core.extras import need
from rung.core.rng import digest, generator
from rung.core.types import Clip, Floats

SIDE, WIDTH, RATE = 32, 32, 16_000

_STAGES: dict[str, Any] = {"hidden_sizes": [8, 8, 16, 32], "depths": [1, 1, 1, 1]}
_TOKENS: dict[str, Any] = {
    "hidden_size": WIDTH,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "intermediate_size": 2 * WIDTH,
    "image_size": SIDE,
    "patch_size": 8,
    "initializer_range": 0.2,  # at the usual 0.02 the states of so narrow a model drown in rounding
}
_SPEECH: dict[str, Any] = {
    "hidden_size": WIDTH,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 2 * WIDTH,
    "conv_dim": [16] * 7,
    "num_conv_pos_embeddings": 16,
    "num_conv_pos_embedding_groups": 4,
}
_BESIDE = {
    "hidden_size": 16,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 16,
    "vocab_size": 300,
    "pad_token_id": 0,
    "bos_token_id": 2,
    "eos_token_id": 3,
}
_CHAIN = ((3, 8), (8, 16), (16, 32))
_CONVNEXT = {"image_processor_type": "ConvNextImageProcessor", "size": {"shortest_edge": SIDE}, "crop_pct": 0.875}
_SPEECH_FRONT = {"feature_extractor_type": "Wav2Vec2FeatureExtractor", "sampling_rate": RATE, "do_normalize": True}
_CROP = {"size": {"shortest_edge": SIDE + 8}, "crop_size": {"height": SIDE, "width": SIDE}}
_SQUARE = {"size": {"height": SIDE, "width": SIDE}}

# Each family's configuration, and the file that its processor is made from.
MAKES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "resnet": ({**_STAGES, "embedding_size": 8, "layer_type": "basic"}, _CONVNEXT),
    "regnet": ({**_STAGES, "embedding_size": 8, "groups_width": 8}, _CONVNEXT),
    "convnext": (_STAGES, _CONVNEXT),
    "convnextv2": (_STAGES, _CONVNEXT),
    "efficientnet": (
        {"image_size": SIDE, "width_coefficient": 0.1, "depth_coefficient": 0.2, "hidden_dim": 128},
        {"image_processor_type": "EfficientNetImageProcessor", **_SQUARE},
    ),
    "mobilenet_v1": ({"depth_multiplier": 0.25}, {"image_processor_type": "MobileNetV1ImageProcessor", **_CROP}),
    "mobilenet_v2": ({"depth_multiplier": 0.35}, {"image_processor_type": "MobileNetV2ImageProcessor", **_CROP}),
    "vgg": (
        {"layers": [{"conv": [a, b, 3, 1, 1], "norm": True, "pool": [2, 2, False]} for a, b in _CHAIN]},
        {"image_processor_type": "MobileNetV1ImageProcessor", **_CROP},
    ),
    "squeezenet": (
        {"layers": [{"conv": [3, 8, 3, 2, 0], "pool": [3, 2, True]}, *({"fire": [a, 4, 8, 8]} for a in (8, 16))]},
        {"image_processor_type": "MobileNetV1ImageProcessor", **_CROP},
    ),
    "vit": (_TOKENS, {"image_processor_type": "ViTImageProcessor", **_SQUARE}),
    "deit": (_TOKENS, {"image_processor_type": "DeiTImageProcessor", **_CROP}),
    "beit": (_TOKENS, {"image_processor_type": "BeitImageProcessor", **_CROP}),
    "swin": (
        {"image_size": SIDE, "patch_size": 4, "embed_dim": 8, "depths": [1, 1], "num_heads": [2, 2], "window_size": 4},
        {"image_processor_type": "ViTImageProcessor", **_SQUARE},
    ),
    "dinov2": ({**_TOKENS, "mlp_ratio": 2}, {"image_processor_type": "BitImageProcessor", **_CROP}),
    "clip": (
        {"vision_config": _TOKENS, "text_config": _BESIDE, "projection_dim": 16},
        {"image_processor_type": "CLIPImageProcessor", **_CROP},
    ),
    "siglip": (
        {"vision_config": _TOKENS, "text_config": _BESIDE},
        {"image_processor_type": "SiglipImageProcessor", **_SQUARE},
    ),
    "wav2vec2": (_SPEECH, _SPEECH_FRONT),
    "hubert": (_SPEECH, _SPEECH_FRONT),
    "wavlm": (_SPEECH, _SPEECH_FRONT),
    "whisper": (
        {
            "d_model": WIDTH,
            "encoder_layers": 2,
            "encoder_attention_heads": 4,
            "encoder_ffn_dim": 2 * WIDTH,
            "decoder_layers": 1,
            "decoder_attention_heads": 4,
            "decoder_ffn_dim": 2 * WIDTH,
            "max_source_positions": 100,
            "vocab_size": 100,
            "pad_token_id": 0,
        },
        {"feature_extractor_type": "WhisperFeatureExtractor", "sampling_rate": RATE, "chunk_length": 2},
    ),
    "audio-spectrogram-transformer": (
        {**{k: v for k, v in _TOKENS.items() if k != "image_size"}, "max_length": 64, "num_mel_bins": 16},
        {"feature_extractor_type": "ASTFeatureExtractor", "sampling_rate": RATE, "max_length": 64, "num_mel_bins": 16},
    ),
    "clap": (
        {
            "audio_config": {
                "spec_size": 64,
                "num_mel_bins": 16,
                "window_size": 4,
                "depths": [1, 1],
                "num_attention_heads": [2, 2],
                "patch_embeds_hidden_size": 8,
                "hidden_size": 16,
                "projection_dim": 16,
            },
            "text_config": {**_BESIDE, "projection_dim": 16},
            "projection_dim": 16,
        },
        {
            "feature_extractor_type": "ClapFeatureExtractor",
            "sampling_rate": RATE,
            "feature_size": 16,
            "max_length_s": 1,
            "frequency_max": 8000,
            "truncation": "rand_trunc",
            "padding": "pad",
        },
    ),
    "yamnet": ({"depth_multiplier": 0.25, "num_channels": 1}, {"feature_extractor_type": "yamnet_log_mel"}),
}


def tiny_sense(family: str, folder: str | Path, *, seed: int = 0) -> Path:
    """Write a random model of a real architecture and its processor's file into `folder`; return the folder.

    Pictures of 32 x 32, sounds of 1 to 2 s, a few blocks, weights in safetensors. The same seed writes the same
    weights. Raises KeyError for a family without a toy.
    """
    torch, transformers = need("torch"), need("transformers")
    need("rung.backbones.chains")  # architectures that transformers lacks
    sizes, front = MAKES[family]
    path = Path(folder)
    path.mkdir(parents=True, exist_ok=True)
    config = transformers.AutoConfig.for_model("mobilenet_v1" if family == "yamnet" else family, **sizes)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = transformers.AutoModel.from_config(config)
        _settle(model, family)
    model.eval().save_pretrained(path)
    (path / "preprocessor_config.json").write_text(json.dumps(front), encoding="utf-8")
    return path


def _settle(model: Any, family: str) -> None:
    """Draw convolutions so that a signal keeps its size, and let batch norms know the toys, as training would."""
    torch = need("torch")
    norms = [part for part in model.modules() if isinstance(part, torch.nn.BatchNorm2d)]
    if not norms or family == "clap":
        return
    for part in model.modules():
        if isinstance(part, torch.nn.Conv2d):
            torch.nn.init.kaiming_normal_(part.weight)
    for norm in norms:
        norm.momentum = 1.0
        torch.nn.init.ones_(norm.weight)
    if family == "yamnet":
        x = 2 * torch.randn(24, 1, 96, 64) - 4
    else:
        shown = [item.pixels[:SIDE, :SIDE] for item in pictures(np.arange(24) % 3)]
        x = torch.from_numpy(np.stack(shown)).permute(0, 3, 1, 2).float() / 127.5 - 1
    with torch.no_grad():
        model.train()(x)


class Picture:
    """An image that Python holds, behind the seam of Media. pixels: (H, W, 3) bytes."""

    def __init__(self, pixels: NDArray[np.uint8]) -> None:
        self.pixels = pixels
        self.key = digest(pixels.tobytes(), str(pixels.shape))
        self.name = "picture"

    def image(self) -> Any:
        """A PIL image."""
        return need("PIL.Image").fromarray(self.pixels)

    def clip(self) -> Clip:
        """Raise TypeError: a picture makes no sound."""
        raise TypeError("a picture makes no sound")

    def values(self) -> Floats:
        """Raise TypeError: a picture is no series."""
        raise TypeError("a picture is no series")


class Noise:
    """A sound that Python holds, behind the seam of Media."""

    def __init__(self, samples: Floats, rate: int = RATE) -> None:
        self._clip = Clip(samples, rate)
        self.key = digest(samples.tobytes(), str(rate))
        self.name = "noise"

    def image(self) -> Any:
        """Raise TypeError: a sound can't be seen."""
        raise TypeError("a sound can't be seen")

    def clip(self) -> Clip:
        """The sound."""
        return self._clip

    def values(self) -> Floats:
        """Raise TypeError: a sound is no series here."""
        raise TypeError("a sound is no series here")


def pictures(kind_N: NDArray[np.int64], *, seed: int = 0, side: int = 40) -> list[Picture]:
    """One picture a row: stripes whose direction and colour tell the kind, in a brightness and a noise of its own."""
    draw = generator(seed, "toy pictures")
    found = []
    for kind in kind_N.tolist():
        down, across = np.mgrid[:side, :side]
        turn = kind * np.pi / (1 + int(kind_N.max()))
        wave = np.sin((down * np.sin(turn) + across * np.cos(turn)) * 0.9 + draw.uniform(0, 6))
        colour = np.roll([1.0, 0.55, 0.1], kind) * draw.uniform(0.8, 1, 3)
        values = 127 + 90 * wave[..., None] * colour + draw.normal(0, 12, (side, side, 3))
        found.append(Picture(np.clip(values, 0, 255).astype(np.uint8)))
    return found


def write_pictures(folder: str | Path, rows: int = 60, *, seed: int = 0) -> Path:
    """Write `rows` toy pictures of three kinds as class folders of PNG files; return the folder."""
    place = Path(folder)
    kind_N = np.arange(rows) % 3
    for i, picture in enumerate(pictures(kind_N, seed=seed)):
        (place / f"kind {kind_N[i]}").mkdir(parents=True, exist_ok=True)
        picture.image().save(place / f"kind {kind_N[i]}" / f"{i:03}.png")
    return place


def noises(kind_N: NDArray[np.int64], *, seed: int = 0, seconds: float = 0.6, rate: int = RATE) -> list[Noise]:
    """One sound a row: a tone whose height tells the kind, in a loudness and a noise of its own."""
    draw = generator(seed, "toy sounds")
    found = []
    for kind in kind_N.tolist():
        n = round(seconds * rate * draw.uniform(0.6, 1.4))
        tone = np.sin(2 * np.pi * (300 * 1.6**kind * draw.uniform(0.97, 1.03)) * np.arange(n) / rate)
        samples = draw.uniform(0.2, 0.6) * tone + draw.normal(0, 0.03, n)
        found.append(Noise(np.clip(samples, -1, 1).astype(np.float32), rate))
    return found
