"""Images and sounds reach a backbone as its own processor would bring them, and convolutions keep their numbers."""

import shutil

import numpy as np
import pytest
import torch
import transformers

from rung.adapt.prefix import Suffix, keep
from rung.adapt.training.learner import Net
from rung.backbones import yamnet
from rung.backbones.convolutions import fold
from rung.backbones.huggingface import HuggingFace
from rung.backbones.load import load
from rung.backbones.source import locate
from rung.backbones.windows import IN_MEMORY
from rung.core.errors import NoBackbone
from rung.data.media import File
from rung.testing.senses import MAKES, RATE, Noise, noises, pictures

SIGHTS = [name for name, (_, front) in MAKES.items() if "image_processor_type" in front]
KIND = np.array([0, 1, 2, 1])


def backbone(folder):
    return HuggingFace(locate(str(folder)))


@pytest.mark.parametrize("family", SIGHTS)
def test_pixels_are_the_processors_bit_for_bit(toy, family):
    folder = toy(family)
    mine = backbone(folder)
    processor = transformers.AutoImageProcessor.from_pretrained(folder, backend="pil")
    for side in (20, 40, 77):  # smaller and larger than the model's
        items = pictures(KIND, side=side)
        batch = mine.reader.batch(mine.prepare(items), np.arange(len(items)), torch.device("cpu"))
        theirs = processor(images=[item.image() for item in items], return_tensors="pt")["pixel_values"]
        assert torch.equal(batch.x_U, theirs)


@pytest.mark.parametrize("family", [name for name in SIGHTS if name != "efficientnet"])  # which rescales twice
def test_pixels_are_kept_as_bytes(toy, family):
    prepared = backbone(toy(family)).prepare(pictures(KIND))
    assert {row.dtype for row in prepared.ids} == {np.dtype(np.uint8)}


def test_many_rows_are_prepared_into_a_file_and_are_the_same(toy):
    mine = backbone(toy("resnet"))
    items = pictures(np.arange(IN_MEMORY + 9) % 3)
    many, few = mine.prepare(items), mine.prepare(items[:3])
    assert isinstance(many.ids[0].base, np.memmap)
    assert all(np.array_equal(a, b) for a, b in zip(many.ids[:3], few.ids, strict=True))


def test_sounds_are_the_extractors_own_at_its_rate(toy):
    folder = toy("wav2vec2")
    mine = backbone(folder)
    sound = noises(KIND[:1], seconds=1.0)[0]
    extractor = transformers.AutoFeatureExtractor.from_pretrained(folder)
    x = sound.clip().samples
    filled = np.pad(x, (0, 2 * RATE - len(x)))
    theirs = extractor(filled, sampling_rate=RATE, return_tensors="np")["input_values"]
    assert np.array_equal(mine.prepare([sound]).ids[0], theirs)


def test_another_rate_is_resampled(toy):
    mine = backbone(toy("yamnet"))
    t = np.arange(8000) / 8000
    low = Noise((0.5 * np.sin(2 * np.pi * 440 * t)).astype(np.float32), 8000)
    high = Noise((0.5 * np.sin(2 * np.pi * 440 * np.arange(RATE) / RATE)).astype(np.float32))
    a, b = (mine.prepare([each]).ids[0][0, 0] for each in (low, high))
    assert a.shape == b.shape
    strong = b.max(1, keepdims=True) - 4 < b  # where the tone is; far below it lies rounding
    assert np.abs(a - b)[2:-10][strong[2:-10]].max() < 0.1


@pytest.mark.parametrize(("seconds", "windows"), [(0.2, 1), (0.975, 1), (1.2, 2), (3.0, 6)])
def test_long_sounds_are_cut_into_overlapping_windows(toy, seconds, windows):
    x = np.ones(round(seconds * RATE), np.float32)
    assert len(backbone(toy("yamnet")).prepare([Noise(x)]).ids[0]) == windows


def test_the_vector_of_several_windows_is_their_mean_and_greatest(toy):
    mine = backbone(toy("yamnet"))
    long = noises(KIND[:1], seconds=3.0)[0]
    prepared = mine.prepare([long])
    each = np.concatenate([mine.embed(type(prepared)([window[None]], np.zeros(1, bool))) for window in prepared.ids[0]])
    half = each.shape[1] // 2
    whole = mine.embed(prepared)[0]
    assert np.allclose(whole[:half], each[:, :half].mean(0), atol=1e-5)
    assert np.allclose(whole[half:], each[:, half:].max(0), atol=1e-5)


@pytest.mark.shared
def test_the_front_end_of_yamnet_is_its_authors(shared):
    known = np.load(shared / "weights" / "yamnet_audioset" / "frontend_check.npz")
    assert np.abs(yamnet.mel_matrix() - known["mel_matrix"]).max() < 1e-6
    x = known["audio_int16"].astype(np.float32) / 32768
    assert np.abs(yamnet.log_mel(x)[0] - known["log_mel"]).max() < 1e-3


@pytest.mark.shared
@pytest.mark.parametrize(
    ("folder", "known"), [("mobilenet_v1_0.75_224_imagenet", 94), ("mobilenet_v2_1.0_224_imagenet", 110)]
)
def test_known_photographs_get_their_labels_through_the_kept_classifier(shared, folder, known):
    """The counts are those that came with the weights, of 153 test photographs; another resizer made them."""
    place = shared / "weights" / folder
    head = transformers.AutoModelForImageClassification.from_pretrained(place)
    mine = load(str(place), precision="float32")
    right = 0
    for label in ("ants", "bees"):
        paths = sorted((shared / "data" / "ants_bees" / "test" / label).glob("*"))
        vectors = mine([File(path.name, str(path)) for path in paths])
        said = head.classifier(torch.from_numpy(vectors)).argmax(1).tolist()
        names = [head.config.id2label[i].split(",")[0].lower() for i in said]
        right += sum(name == {"ants": "ant", "bees": "bee"}[label] for name in names)
    assert abs(right - known) <= 4


CONVOLUTIONAL = ["resnet", "regnet", "efficientnet", "mobilenet_v1", "mobilenet_v2", "yamnet"]


@pytest.mark.parametrize("family", CONVOLUTIONAL)
def test_batch_norms_are_folded_into_convolutions(toy, family):
    mine = backbone(toy(family))
    raw = mine.reader._blank[:1]
    norms = sum(isinstance(part, torch.nn.BatchNorm2d) for part in mine.model.modules())
    folded = fold(mine.model, lambda: mine.model(pixel_values=torch.zeros(raw.shape)))
    assert folded == norms


@pytest.mark.parametrize("family", list(MAKES))
def test_the_top_runs_on_what_was_kept_below(toy, family):
    tunable = load(str(toy(family)), precision="float32", cache=False, device="cpu").tunable
    items = pictures(KIND) if family in SIGHTS else noises(KIND)
    prepared = tunable.prepare(items)
    whole = tunable.module()
    rows = np.arange(len(items))
    kept = keep(tunable, tunable.module(), 1, (prepared,))[0]
    suffix = Suffix(tunable, tunable.module(), 1, prepared)
    with torch.no_grad():
        wanted = tunable.vectors(whole, tunable.batch(prepared, rows))
        got = suffix(tunable.batch(prepared, rows, hollow=True), kept.rows(rows, torch.device("cpu")))
    size = wanted.abs().max()
    assert (got - wanted).abs().max() < 0.05 * size  # what is kept has the precision of bfloat16


def test_what_was_kept_of_long_sounds_is_whole(toy):
    tunable = load(str(toy("wav2vec2")), precision="float32", cache=False, device="cpu").tunable
    prepared = tunable.prepare(noises(np.arange(6) % 3, seconds=6.0))
    assert sum(map(len, prepared.ids)) > tunable.at_once
    kept = keep(tunable, tunable.module(), 1, (prepared,))[0]
    assert len(kept.bits_U) == sum(map(len, prepared.ids))


@pytest.mark.parametrize("family", ["resnet", "mobilenet_v2"])
def test_statistics_of_pretrained_norms_never_move(toy, family):
    tunable = load(str(toy(family)), precision="float32", cache=False, device="cpu").tunable
    prepared = tunable.prepare(pictures(KIND))
    body = tunable.module().requires_grad_(requires_grad=True)
    before = {name: tensor.clone() for name, tensor in body.named_buffers()}
    net = Net(body, tunable.vectors, torch.nn.Identity()).train()
    tunable.vectors(net.body, tunable.batch(prepared, np.arange(4))).sum().backward()
    assert all(torch.equal(before[name], tensor) for name, tensor in body.named_buffers())
    net.fresh = True
    net.train()
    tunable.vectors(net.body, tunable.batch(prepared, np.arange(4)))
    assert not all(torch.equal(before[name], tensor) for name, tensor in body.named_buffers())


def test_a_folder_without_a_processor_says_so(toy, tmp_path):
    copy = shutil.copytree(toy("resnet"), tmp_path / "copy")
    (copy / "preprocessor_config.json").unlink()
    with pytest.raises(NoBackbone, match=r"wanted preprocessor_config\.json"):
        backbone(copy)


def test_equal_content_is_one_row_of_the_cache(toy):
    mine = load(str(toy("resnet")), precision="float32")
    items = pictures(KIND)
    mine([*items, *items])
    assert mine.seconds_for(items) == 0.0


class NormThatActs(torch.nn.BatchNorm2d):
    """A norm that does more than a norm, as timm's do."""

    def forward(self, x):
        return torch.relu(super().forward(x))


def test_a_norm_that_does_more_is_not_folded():
    model = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), NormThatActs(4)).eval()
    x = torch.randn(2, 3, 8, 8)
    with torch.no_grad():
        before = model(x)
        assert fold(model, lambda: model(x)) == 0
        assert torch.allclose(model(x), before, atol=1e-6)


@pytest.mark.shared
def test_spoken_words_are_speech_to_yamnets_kept_classifier(shared):
    """49 of 50 came with the weights; which 50 was not said."""
    place = shared / "weights" / "yamnet_audioset"
    head = transformers.AutoModelForImageClassification.from_pretrained(place)
    mine, heard = backbone(place), 0
    paths = sorted((shared / "data" / "speech_commands_6" / "test").rglob("*.wav"))[::3][:50]
    for path in paths:
        prepared = mine.prepare([File(path.name, str(path))])
        x_U = mine.reader.batch(prepared, np.arange(1), torch.device("cpu")).x_U
        with torch.no_grad():
            pooled = mine.model(pixel_values=x_U).pooler_output.flatten(1)
            said = torch.sigmoid(head.classifier(pooled)).mean(0).topk(3).indices.tolist()
        heard += "Speech" in [head.config.id2label[i] for i in said]
    assert heard >= 0.94 * len(paths)
    known = np.load(place / "frontend_check.npz")
    x_U = torch.from_numpy(yamnet.log_mel(known["audio_int16"].astype(np.float32) / 32768))[None]
    with torch.no_grad():
        speech = torch.sigmoid(head.classifier(mine.model(pixel_values=x_U).pooler_output.flatten(1)))
    place_of = {name: int(i) for i, name in head.config.id2label.items()}
    assert float(speech[0, place_of["Speech"]]) > 0.9
