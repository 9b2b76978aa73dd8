"""ONNX graphs as frozen backbones: how they are fed, and what is refused."""

import json
import sys

import numpy as np
import onnx
import pytest
import transformers
from onnx import TensorProto, helper

from rung.backbones.huggingface import HuggingFace
from rung.backbones.load import load
from rung.backbones.source import locate
from rung.core.errors import MissingExtra, NoBackbone
from rung.testing.senses import Noise, pictures

KIND = np.array([0, 1, 2, 1])


def backbone(folder):
    return HuggingFace(locate(str(folder)))


def graph(path, inputs, weight):
    """x -> mean over all but the first axis, times a row of weights: an encoder as small as can be."""
    axes = list(range(1, len(inputs)))
    nodes = [
        helper.make_node("ReduceMean", ["x", "axes"], ["mean"], keepdims=0),
        helper.make_node("Unsqueeze", ["mean", "one"], ["column"]),
        helper.make_node("MatMul", ["column", "w"], ["y"]),
    ]
    constants = [
        helper.make_tensor("axes", TensorProto.INT64, [len(axes)], axes),
        helper.make_tensor("one", TensorProto.INT64, [1], [1]),
        helper.make_tensor("w", TensorProto.FLOAT, [1, len(weight)], weight),
    ]
    made = helper.make_graph(
        nodes, "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, inputs)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", len(weight)])], constants,
    )  # fmt: skip
    onnx.save(helper.make_model(made, opset_imports=[helper.make_opsetid("", 18)], ir_version=9), path)
    return path


def test_a_graph_embeds_sounds_as_it_is_told(tmp_path):
    path = graph(tmp_path / "encoder.onnx", ["n", "t"], [1.0, -2.0, 0.5])
    (tmp_path / "rung.json").write_text(json.dumps({"modality": "audio", "rate": 8000, "window": 4000, "hop": 4000}))
    found = load(f"onnx:{path}", cache=False)
    x = np.concatenate([np.full(4000, 0.5), np.full(2000, 0.25)]).astype(np.float32)
    vectors = found([Noise(x, 8000)])
    assert np.allclose(vectors, (0.5 + 0.125) / 2 * np.array([[1.0, -2.0, 0.5]]), atol=1e-6)
    assert (found.card.modality, found.card.width, found.tunable) == ("audio", 3, None)


def test_a_graph_embeds_images_by_the_processor_beside_it(tmp_path, toy):
    path = graph(tmp_path / "encoder.onnx", ["n", 32, 32, 3], [1.0, 2.0])
    front = (toy("vit") / "preprocessor_config.json").read_text()
    (tmp_path / "preprocessor_config.json").write_text(front)
    mine = load(f"onnx:{path}", cache=False)
    items = pictures(KIND)
    processor = transformers.AutoImageProcessor.from_pretrained(toy("vit"), backend="pil")
    pixels = processor(images=[item.image() for item in items], return_tensors="np")["pixel_values"]
    assert np.allclose(mine(items), pixels.mean((1, 2, 3))[:, None] * [[1.0, 2.0]], atol=1e-5)


def test_a_graph_without_settings_says_what_to_write(tmp_path):
    path = graph(tmp_path / "encoder.onnx", ["n", "t"], [1.0])
    with pytest.raises(NoBackbone, match=r"rung\.json.*\"modality\": \"audio\""):
        load(f"onnx:{path}")


def test_a_file_that_is_no_graph_is_refused(tmp_path):
    (tmp_path / "encoder.onnx").write_bytes(b"no graph")
    (tmp_path / "rung.json").write_text('{"modality": "audio"}')
    with pytest.raises(NoBackbone, match="wanted a whole ONNX graph"):
        load(f"onnx:{tmp_path / 'encoder.onnx'}", cache=False)([Noise(np.zeros(9, np.float32))])


def test_without_the_runtime_the_install_line_is_said(tmp_path, monkeypatch):
    path = graph(tmp_path / "encoder.onnx", ["n", "t"], [1.0])
    (tmp_path / "rung.json").write_text('{"modality": "audio"}')
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(MissingExtra, match=r'pip install "rung\[onnx\]"'):
        load(f"onnx:{path}", cache=False)([Noise(np.zeros(9, np.float32))])


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"rate": "abc"}, "rate in .*rung.json: wanted a whole number, 1 or more, got 'abc'"),
        ({"rate": 0}, "1 or more, got 0"),
        ({"window": -5}, "0 or more, got -5"),
        ({"gain": True}, "wanted a number, got True"),
        ({"windows": "max"}, "wanted mean or mean\\+max, got 'max'"),
        ({"front": 3}, "wanted words, got 3"),
    ],
)
def test_a_feeding_out_of_bounds_is_refused(tmp_path, settings, said):
    path = graph(tmp_path / "encoder.onnx", ["n", "t"], [1.0])
    (tmp_path / "rung.json").write_text(json.dumps({"modality": "audio", **settings}))
    with pytest.raises(NoBackbone, match=said):
        load(f"onnx:{path}", cache=False)


def test_a_graph_of_two_inputs_is_refused(tmp_path):
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 2]) for name in ("x", "state", "y")]
    made = helper.make_graph([helper.make_node("Add", ["x", "state"], ["y"])], "g", values[:2], values[2:])
    path = tmp_path / "two.onnx"
    onnx.save(helper.make_model(made, opset_imports=[helper.make_opsetid("", 18)], ir_version=9), path)
    with pytest.raises(NoBackbone, match="a graph with one input, got 2: x, state"):
        load(f"onnx:{path}", cache=False)
