"""A state dict of torchvision's shape is read by names and shapes, and gives what its own architecture gives."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch.nn import functional as F  # noqa: N812  # its usual name

import rung
from rung.backbones.huggingface import HuggingFace
from rung.backbones.source import locate
from rung.core.errors import NoBackbone
from rung.data.media import File
from rung.testing.senses import pictures, write_pictures

SIDE = 64


class Drawn(dict):
    """A state dict that is drawn as it is asked for, by the names that torchvision gives."""

    def __init__(self):
        super().__init__()
        self.draw = torch.Generator().manual_seed(0)

    def conv(self, name, inner, outer, kernel, *, groups=1, bias=False):
        fan = inner // groups * kernel * kernel
        self[f"{name}.weight"] = (
            torch.randn(outer, inner // groups, kernel, kernel, generator=self.draw) * (2 / fan) ** 0.5
        )
        if bias:
            self[f"{name}.bias"] = torch.randn(outer, generator=self.draw) * 0.1

    def norm(self, name, width):
        for part, low in (("weight", 0.8), ("running_var", 0.8), ("bias", -0.1), ("running_mean", -0.1)):
            self[f"{name}.{part}"] = low + 0.2 * torch.rand(width, generator=self.draw)
        self[f"{name}.num_batches_tracked"] = torch.tensor(3)

    def convolved(self, x, conv, norm="", **how):
        x = F.conv2d(x, self[f"{conv}.weight"], self.get(f"{conv}.bias"), **how)
        if not norm:
            return x
        return F.batch_norm(x, *(self[f"{norm}.{part}"] for part in ("running_mean", "running_var", "weight", "bias")))


def resnet(deep, depths=(2, 1, 1, 2)):
    """ResNet with basic (2) or bottleneck (3) blocks; its own forward, by torchvision's names."""
    state, width, inner = Drawn(), (8, 16, 24, 32), 8
    state.conv("conv1", 3, 8, 7)
    state.norm("bn1", 8)
    for k, (depth, narrow) in enumerate(zip(depths, width, strict=True), 1):
        outer = narrow * (4 if deep == 3 else 1)
        for i in range(depth):
            name = f"layer{k}.{i}"
            sizes = [(inner, narrow, 1), (narrow, narrow, 3), (narrow, outer, 1)] if deep == 3 else [
                (inner, outer, 3), (outer, outer, 3)]  # fmt: skip
            for j, size in enumerate(sizes, 1):
                state.conv(f"{name}.conv{j}", *size)
                state.norm(f"{name}.bn{j}", size[1])
            if i == 0 and (k > 1 or inner != outer):
                state.conv(f"{name}.downsample.0", inner, outer, 1)
                state.norm(f"{name}.downsample.1", outer)
            inner = outer
    state["fc.weight"], state["fc.bias"] = torch.randn(5, inner), torch.zeros(5)

    def forward(x):
        x = F.max_pool2d(torch.relu(state.convolved(x, "conv1", "bn1", stride=2, padding=3)), 3, 2, 1)
        for k, depth in enumerate(depths, 1):
            for i in range(depth):
                name, stride, own = f"layer{k}.{i}", 2 if k > 1 and i == 0 else 1, x
                strided = 2 if deep == 3 else 1  # the second convolution of a bottleneck, the first of a basic block
                for j in range(1, deep + 1):
                    kernel = state[f"{name}.conv{j}.weight"].shape[-1]
                    how = {"stride": stride if j == strided else 1, "padding": kernel // 2}
                    x = state.convolved(x, f"{name}.conv{j}", f"{name}.bn{j}", **how)
                    x = torch.relu(x) if j < deep else x
                if f"{name}.downsample.0.weight" in state:
                    own = state.convolved(own, f"{name}.downsample.0", f"{name}.downsample.1", stride=stride)
                x = torch.relu(x + own)
        return x

    return state, forward


def mobilenet():
    """MobileNetV2 of half the width."""
    state = Drawn()
    plan = [(1, 8, 1, 1), (6, 16, 2, 2), (6, 16, 3, 2), (6, 32, 4, 2), (6, 48, 3, 1), (6, 80, 3, 2), (6, 160, 1, 1)]
    state.conv("features.0.0", 3, 16, 3)
    state.norm("features.0.1", 16)
    blocks, inner, at = [], 16, 1
    for expand, outer, many, stride in plan:
        for i in range(many):
            name, wide, parts = f"features.{at}.conv", inner * expand, []
            if expand > 1:
                parts.append((f"{name}.{len(parts)}.0", f"{name}.{len(parts)}.1", inner, wide, 1, 1))
            parts.append((f"{name}.{len(parts)}.0", f"{name}.{len(parts)}.1", wide, wide, 3, wide))
            parts.append((f"{name}.{len(parts)}", f"{name}.{len(parts) + 1}", wide, outer, 1, 1))
            for conv, norm, a, b, kernel, groups in parts:
                state.conv(conv, a, b, kernel, groups=groups)
                state.norm(norm, b)
            blocks.append((parts, stride if i == 0 else 1, inner == outer))
            inner, at = outer, at + 1
    state.conv("features.18.0", inner, 1280, 1)
    state.norm("features.18.1", 1280)
    state["classifier.1.weight"] = torch.randn(5, 1280)

    def forward(x):
        x = F.relu6(state.convolved(x, "features.0.0", "features.0.1", stride=2, padding=1))
        for parts, stride, alike in blocks:
            own = x
            for conv, norm, _, _, kernel, groups in parts:
                how = {"stride": stride if kernel == 3 else 1, "padding": kernel // 2, "groups": groups}
                x = state.convolved(x, conv, norm, **how)
                x = x if (conv, norm) == parts[-1][:2] else F.relu6(x)
            x = x + own if alike and stride == 1 else x
        return F.relu6(state.convolved(x, "features.18.0", "features.18.1"))

    return state, forward


def vgg(*, normed):
    """VGG of three stages; "M" in the plan pools."""
    state, plan, at, inner, steps = Drawn(), [8, "M", 8, 16, "M", 16, 24, "M"], 0, 3, []
    for size in plan:
        if size == "M":
            steps.append("M")
            at += 1
            continue
        state.conv(f"features.{at}", inner, size, 3, bias=True)
        if normed:
            state.norm(f"features.{at + 1}", size)
        steps.append((f"features.{at}", f"features.{at + 1}" if normed else ""))
        inner, at = size, at + (3 if normed else 2)
    state["classifier.0.weight"] = torch.randn(5, inner * 49)

    def forward(x):
        for step in steps:
            x = F.max_pool2d(x, 2, 2) if step == "M" else torch.relu(state.convolved(x, *step, padding=1))
        return x

    return state, forward


def squeezenet():
    """SqueezeNet 1.1 with three fire modules, one before a pooling."""
    state = Drawn()
    state.conv("features.0", 3, 8, 3, bias=True)
    for at, inner in ((3, 8), (4, 16), (6, 16)):
        state.conv(f"features.{at}.squeeze", inner, 4, 1, bias=True)
        state.conv(f"features.{at}.expand1x1", 4, 8, 1, bias=True)
        state.conv(f"features.{at}.expand3x3", 4, 8, 3, bias=True)
    state["classifier.1.weight"] = torch.randn(5, 16, 1, 1)

    def forward(x):
        x = F.max_pool2d(torch.relu(state.convolved(x, "features.0", stride=2)), 3, 2, ceil_mode=True)
        for at in (3, 4, 6):
            if at == 6:
                x = F.max_pool2d(x, 3, 2, ceil_mode=True)
            x = torch.relu(state.convolved(x, f"features.{at}.squeeze"))
            sides = [state.convolved(x, f"features.{at}.expand{k}x{k}", padding=k // 2) for k in (1, 3)]
            x = torch.relu(torch.cat(sides, dim=1))
        return x

    return state, forward


MAKES = {
    "resnet basic": lambda: resnet(2),
    "resnet bottleneck": lambda: resnet(3),
    "mobilenet_v2": mobilenet,
    "vgg": lambda: vgg(normed=False),
    "vgg with batch norm": lambda: vgg(normed=True),
    "squeezenet": squeezenet,
}


@pytest.mark.parametrize("suffix", [".safetensors", ".pth"])
@pytest.mark.parametrize("name", MAKES)
def test_the_state_dict_gives_what_its_architecture_gives(tmp_path, name, suffix):
    state, forward = MAKES[name]()
    path = tmp_path / f"weights{suffix}"
    plain = {key: each.contiguous() for key, each in state.items()}
    save_file(plain, path) if suffix == ".safetensors" else torch.save(plain, path)
    backbone = HuggingFace(locate(str(path)))
    assert backbone.card.family == name.split(" ")[0]
    assert backbone.card.id == str(path)
    x = torch.randn(2, 3, SIDE, SIDE)
    with torch.no_grad():
        mine, theirs = backbone.model(pixel_values=x), forward(x)
    assert mine.last_hidden_state.shape == theirs.shape
    assert torch.allclose(mine.last_hidden_state, theirs, atol=1e-4 * float(theirs.abs().max()))
    assert torch.allclose(mine.pooler_output.flatten(1), theirs.mean((2, 3)), atol=1e-4 * float(theirs.abs().max()))


def test_preprocessing_is_imagenets_or_what_a_file_beside_says(tmp_path):
    state = vgg(normed=False)[0]
    save_file(dict(state), tmp_path / "vgg.safetensors")
    item = pictures(np.array([0]), side=300)[0]
    usual = HuggingFace(locate(str(tmp_path / "vgg.safetensors"))).prepare([item]).ids[0]
    assert usual.shape == (1, 3, 224, 224)
    said = {"mean": [0.5] * 3, "std": [0.5] * 3, "resize_shortest": 80, "input_size": [3, 64, 64]}
    (tmp_path / "config.json").write_text(json.dumps(said))
    own = HuggingFace(locate(str(tmp_path)))  # the folder is enough
    assert own.prepare([item]).ids[0].shape == (1, 3, 64, 64)
    assert own.reader._front.table[:, 255] == pytest.approx(1.0)


def test_an_unwritable_cache_costs_a_conversion_and_no_run(tmp_path, monkeypatch):
    save_file(dict(squeezenet()[0]), tmp_path / "s.safetensors")
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("RUNG_CACHE", str(tmp_path / "file"))
    first, second = (HuggingFace(locate(str(tmp_path / "s.safetensors"))) for _ in range(2))
    assert first.fingerprint == second.fingerprint


class Evil:
    """What a pickle may be made to do."""

    def __reduce__(self):
        return (print, ("run",))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"a.weight": torch.zeros(2)}, "tensors such as a.weight"),
        ({"model": Evil()}, "one that can't be read"),
        ([torch.zeros(2)], "a list of other things"),
    ],
)
def test_what_is_no_such_state_dict_is_refused(tmp_path, capsys, content, said):
    torch.save(content, tmp_path / "w.pth")
    with pytest.raises(NoBackbone, match=said):
        locate(str(tmp_path / "w.pth"))
    assert "run" not in capsys.readouterr().out


def test_a_damaged_file_is_refused(tmp_path):
    for name in ("w.safetensors", "w.pth"):
        (tmp_path / name).write_bytes(b"no weights")
        with pytest.raises(NoBackbone, match="one that can't be read"):
            locate(str(tmp_path / name))


def test_wide_and_grouped_residual_nets_are_refused(tmp_path):
    state = resnet(3)[0]
    state.conv("layer1.0.conv2", 8, 16, 3)
    save_file(dict(state), tmp_path / "wide.safetensors")
    with pytest.raises(NoBackbone, match="the state dict of ResNet"):
        locate(str(tmp_path / "wide.safetensors"))


def test_alexnet_is_not_taken_for_vgg(tmp_path):
    state = vgg(normed=False)[0]
    state.conv("features.0", 3, 8, 11, bias=True)
    save_file(dict(state), tmp_path / "alexnet.safetensors")
    with pytest.raises(NoBackbone, match="the state dict of ResNet"):
        locate(str(tmp_path / "alexnet.safetensors"))


def test_a_climb_on_a_state_dict_is_delivered_and_found_again(tmp_path):
    data = write_pictures(tmp_path / "data", 60)
    save_file(dict(vgg(normed=True)[0]), tmp_path / "vgg.safetensors")
    (tmp_path / "config.json").write_text(json.dumps({"resize_shortest": 36, "input_size": [3, 32, 32]}))
    run = rung.fit(data, backbone=str(tmp_path / "vgg.safetensors"), rungs="partial", out=tmp_path / "run",
                   set={"partial.k": 1, "partial.epochs": 1})  # fmt: skip
    assert {step.name: step.status for step in run.evidence.rungs}["partial"] in ("tried", "collapsed")
    assert len(rung.predict(run, data)) == 60


@pytest.mark.shared
def test_known_photographs_get_their_labels_through_squeezenets_classifier(shared):
    """79 of 153 came with the weights; another resizer made them."""
    place = shared / "weights" / "squeezenet1_1_imagenet"
    state = load_file(next(place.glob("*.safetensors")))
    names = json.loads((place / "config.json").read_text())["id2label"]
    backbone, right = HuggingFace(locate(str(place))), 0
    for label, known in (("ants", "ant"), ("bees", "bee")):
        paths = sorted((shared / "data" / "ants_bees" / "test" / label).glob("*"))
        prepared = backbone.prepare([File(path.name, str(path)) for path in map(Path, paths)])
        for at in range(0, len(paths), 8):
            rows = np.arange(at, min(at + 8, len(paths)))
            batch = backbone.reader.batch(prepared, rows, torch.device("cpu"))
            with torch.no_grad():
                maps = backbone.model(pixel_values=batch.x_U).last_hidden_state
                z = torch.relu(F.conv2d(maps, state["classifier.1.weight"], state["classifier.1.bias"])).mean((2, 3))
            right += sum(names[str(i)].split(",")[0].lower() == known for i in z.argmax(1).tolist())
    assert abs(right - 79) <= 4
