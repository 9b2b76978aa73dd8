"""Who may load what: the lobby and the ground stay light, rooms have no knots, nothing is unpickled."""

import ast
import json
import subprocess
import sys

import pytest
from house_sources import SRC, imported, module_of, python, room_of, tree, where

HEAVY = ("torch", "transformers", "timm")
LIGHT_ROOMS = ("core", "bundle", "data", "metrics", "evaluate", "rank", "report")
UNPICKLERS = {"pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}
LOADERS = {"torch.load", "torch.jit.load", "joblib.load"}
WEIGHTS_ONLY = "weights_only=True"
PICKLED = {"read_pickle", "to_pickle"}


def loaded_by(*modules):
    """Names in sys.modules after a fresh process imported these."""
    code = f"import importlib, json, sys\nfor name in {modules!r}: importlib.import_module(name)\n"
    code += "print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout))


def test_the_lobby_loads_no_heavy_library():
    heavy = {
        *HEAVY,
        "sklearn",
        "scipy",
        "polars",
        "pyarrow",
        "pandas",
        "numpy",
        "lightgbm",
        "pydantic",
        "rich",
        "typer",
    }
    assert not heavy & loaded_by("rung")


def test_the_table_of_verbs_loads_no_model_library():
    assert not {*HEAVY, "sklearn", "scipy", "polars", "pandas", "lightgbm"} & loaded_by("rung.cli.main")


@pytest.mark.parametrize("room", LIGHT_ROOMS)
def test_rooms_without_torch_load_none(room):
    modules = [module_of(path) for path in python(f"src/rung/{room}")]
    assert modules
    assert not set(HEAVY) & loaded_by(*modules)


def test_an_init_imports_nothing_of_its_own_room():
    inits = [path for path in python("src") if path.name == "__init__.py"]
    assert len(inits) > 10
    knots = [
        f"{where(path, line)}: {name}"
        for path in inits
        for line, name in imported(path)
        if name.startswith(f"{module_of(path)}.")
    ]
    assert not knots, "name it in a lazy table (__getattr__) instead"


def test_every_name_of_the_lobby_is_there():
    import rung

    missing = [name for name in rung.__all__ if getattr(rung, name, None) is None]
    assert not missing


def test_rooms_are_named_for_what_they_hold():
    vague = {"utils", "util", "common", "helpers", "helper", "misc", "shared", "vision", "text", "base_classes"}
    assert not {where(path) for path in python("src") if {path.stem, *path.relative_to(SRC).parts[:-1]} & vague}


def unpickles(path):
    """Places that could run code from a file: (line, what)."""
    yield from ((line, name) for line, name in imported(path) if name.split(".")[0] in UNPICKLERS)
    safe = set()  # torch's reader of tensors and names, which refuses code: a walk sees a call before its parts
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "torch.load" and WEIGHTS_ONLY in ast.unparse(node):
            safe.add(node.func)
        if node in safe:
            continue
        if isinstance(node, ast.Attribute) and (ast.unparse(node) in LOADERS or node.attr in PICKLED):
            yield node.lineno, ast.unparse(node)
        if isinstance(node, ast.keyword) and node.arg == "allow_pickle" and ast.unparse(node.value) != "False":
            yield node.value.lineno, "allow_pickle"


def test_nothing_is_ever_unpickled():
    assert not [f"{where(path, line)}: {what}" for path in python("src") for line, what in unpickles(path)]


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from joblib import load",
        "x = torch.load(path)",
        "x = torch.load(path, weights_only=False)",
        "np.load(path, allow_pickle=True)",
        "pd.read_pickle(path)",
    ],
)
def test_each_way_to_unpickle_is_seen(source, tmp_path):
    (tmp_path / "bad.py").write_text(source)
    assert list(unpickles(tmp_path / "bad.py"))


def test_the_doors_hold_no_room_of_their_own():
    """Only doors stand above the stories: nothing in the house imports `cli` or `sklearn`."""
    callers = [
        f"{where(path, line)}: {name}"
        for path in python("src")
        if room_of(module_of(path)) not in {"cli", "sklearn", "__main__", ""}
        for line, name in imported(path)
        if name.startswith(("rung.cli", "rung.sklearn"))
    ]
    assert not callers
