"""Who may load what: the lobby and the ground stay light, rooms have no knots, nothing is unpickled."""

import ast
import json
import subprocess
import sys

import pytest
from house_sources import SRC, imported, module_of, python, room_of, tree, where

HEAVY = ("torch", "transformers", "timm")
LIGHT_ROOMS = ("core", "bundle", "data", "metrics", "evaluate", "report")
UNPICKLERS = {"pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}


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


@pytest.mark.parametrize("path", [path for path in python("src") if path.name == "__init__.py"], ids=where)
def test_an_init_imports_nothing_of_its_own_room(path):
    own = module_of(path)
    knots = [
        f"line {line}: {name}"
        for line, name in imported(path)
        if name.startswith(f"{own}.") and (own != "rung" or name.startswith("rung."))
    ]
    assert not knots, "name it in a lazy table (__getattr__) instead"


def test_every_name_of_the_lobby_is_there():
    import rung

    missing = [name for name in rung.__all__ if getattr(rung, name, None) is None]
    assert not missing


def test_rooms_are_named_for_what_they_hold():
    vague = {"utils", "util", "common", "helpers", "helper", "misc", "shared", "vision", "text", "base_classes"}
    assert not {where(path) for path in python("src") if {path.stem, *path.relative_to(SRC).parts[:-1]} & vague}


@pytest.mark.parametrize("path", python("src"), ids=where)
def test_nothing_is_ever_unpickled(path):
    found = [f"line {line}: {name}" for line, name in imported(path) if name.split(".")[0] in UNPICKLERS]
    found += [
        f"line {node.lineno}: {ast.unparse(node)}"
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Attribute)
        and (
            ast.unparse(node) in {"torch.load", "torch.jit.load", "numpy.load", "joblib.load"}
            or node.attr in {"read_pickle", "to_pickle", "unpickle"}
        )
    ]
    found += [
        f"line {node.lineno}: allow_pickle"
        for node in ast.walk(tree(path))
        if isinstance(node, ast.keyword) and node.arg == "allow_pickle" and ast.unparse(node.value) != "False"
    ]
    assert not found


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
