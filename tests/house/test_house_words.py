"""Public names explain themselves, exceptions give reasons, and nothing of the author's machine leaks in."""

import ast
import importlib
import re

import pytest
from house_sources import ROOT, comments, files, module_of, python, text, tree, where

CODES = r"[A-Z]+\d+(?:[,\s]+[A-Z]+\d+)*"
SILENCED = re.compile(r"#\s*(?:noqa|type:\s*ignore)\b")
REASONED = re.compile(rf"#\s*(?:noqa:\s*{CODES}|type:\s*ignore\[[\w\-, ]+\])\s*(?:#\s*)?[A-Za-z].{{5,}}")
ONLY_HERE = re.compile(  # "me" is anybody
    r"/(?:home|Users)/(?!me\b)\w+|/(?:root|work|tmp)/\w+|[A-Z]:\\{1,2}Users|file:" + "///"
)
HOST = re.compile(r"https?://([\w.-]+)")
HOSTS = {
    "www.apache.org": "the licence",
    "keepachangelog.com": "the changelog's form",
    "semver.org": "what a version says",
    "doi.org": "sources",
    "arxiv.org": "sources",
    "huggingface.co": "backbones are named by their page",
    "github.com": "sources",
    "example.org": "reserved for examples",
    "example.com": "reserved for examples",
    "www.w3.org": "names of XML spaces, fetched by nobody",
    "127.0.0.1": "this machine, whichever it is",
    "localhost": "this machine, whichever it is",
}
SOURCELESS = {  # metrics whose name is their whole definition
    "accuracy": "share of right rows",
    "mae": "mean of absolute errors",
    "rmse": "root of the mean of squared errors",
}
STATISTICS = (
    "rung.metrics.interval",
    "rung.evaluate.calibration",
    "rung.evaluate.compare",
    "rung.evaluate.conformal",
    "rung.evaluate.learning_curve",
    "rung.rank.hscore",
    "rung.rank.logme",
)


def public(path):
    """Public module-level functions and classes, and the public methods of those classes."""
    kinds = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    for node in tree(path).body:
        if isinstance(node, kinds) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef):
                yield from (each for each in node.body if isinstance(each, kinds) and not each.name.startswith("_"))


def test_every_file_says_what_it_is():
    assert not [where(path) for path in python("src", "bench") if not ast.get_docstring(tree(path))]


def test_public_names_have_docstrings():
    named = [(path, node) for path in python("src") for node in public(path)]
    assert len(named) > 200
    assert not [f"{where(path, node.lineno)} {node.name}" for path, node in named if not ast.get_docstring(node)]


def metrics():
    importlib.import_module("rung.metrics.table")
    return importlib.import_module("rung.metrics.base").METRICS.values()


@pytest.mark.parametrize("metric", metrics(), ids=lambda metric: metric.name)
def test_every_metric_names_its_source(metric):
    assert metric.weigh.__doc__
    module = importlib.import_module(metric.weigh.__module__)
    assert metric.name in SOURCELESS or "Source:" in f"{module.__doc__}{metric.weigh.__doc__}"


def test_no_metric_is_excused_twice():
    assert set(SOURCELESS) <= {metric.name for metric in metrics()}


@pytest.mark.parametrize("name", STATISTICS)
def test_every_statistic_names_its_source(name):
    assert "Source" in text(ROOT / "src" / f"{name.replace('.', '/')}.py")


def test_every_rung_says_what_it_is():
    rungs = importlib.import_module("rung.adapt.ladder").rungs()
    assert len(rungs) >= 3
    for rung in rungs:
        assert rung.title
        assert type(rung).__doc__
        assert importlib.import_module(type(rung).__module__).__doc__


def test_no_metric_is_left_unregistered():
    nodes = [node for path in python("src/rung/metrics") for node in ast.walk(tree(path))]
    calls = [node for node in nodes if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]
    made = [node for node in calls if node.func.id == "Metric"]
    registered = [given for node in calls if node.func.id == "register" for given in node.args]
    assert len(made) > 5
    assert all(node in registered for node in made)


def test_every_battery_is_run_by_a_test():
    tests = "\n".join(text(path) for path in python("tests"))
    batteries = [path for path in python("src/rung/testing") if path.stem.startswith("checks_")]
    assert batteries
    assert not [module_of(path) for path in batteries if module_of(path) not in tests]


def test_every_silenced_check_has_a_reason():
    silenced = [(path, line, words) for path in python() for line, words in comments(path) if SILENCED.match(words)]
    assert not [f"{where(path, line)} {words}" for path, line, words in silenced if not REASONED.match(words)]


@pytest.mark.parametrize(
    ("comment", "fine"),
    [
        ("# noqa: S701  # Markdown, not HTML", True),
        ("# type: ignore[misc]  # the library ships no types", True),
        ("# noqa: PLR2004 a number beside its meaning", True),
        ("# noqa: S701", False),
        ("# noqa", False),
        ("# type: ignore", False),
        ("# type: ignore  # with no code", False),
    ],
)
def test_a_reason_is_words_after_a_code(comment, fine):
    assert SILENCED.match(comment)
    assert bool(REASONED.match(comment)) is fine


def test_nothing_names_the_machine_that_it_was_written_on():
    found = []
    for path in files():
        try:
            lines = text(path).splitlines()
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(lines, start=1):
            found += [f"{where(path, number)}: {place}" for place in ONLY_HERE.findall(line)]
            found += [f"{where(path, number)}: {host}" for host in HOST.findall(line) if host not in HOSTS]
    assert not found
