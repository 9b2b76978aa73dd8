"""A file is read at one sitting, a function at one glance; a longer one says why."""

import ast
import re
from statistics import median

import pytest
from house_sources import python, text, tree, where

LINES, BODY, PARAMETERS = 300, 60, 8
EVERYWHERE = python("src", "tests", "bench")
REASON = re.compile(r"#\s*house:\s*(\S+\s+\S+\s+\S+.*)")  # three words at least: "too long" is no reason


def functions(path):
    return [node for node in ast.walk(tree(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def parameters(function):
    given = function.args
    named = [*given.posonlyargs, *given.args, *given.kwonlyargs]
    bound = named[:1] if named and named[0].arg in {"self", "cls"} else []
    return len(named) - len(bound) + sum(extra is not None for extra in (given.vararg, given.kwarg))


def excused(path, function):
    """True when a reason stands beside the signature, between `def` and the first statement."""
    lines = text(path).splitlines()[function.lineno - 1 : function.body[0].lineno]
    return any(REASON.search(line) for line in lines)


def test_files_fit_in_three_hundred_lines():
    lengths = {where(path): len(text(path).splitlines()) for path in EVERYWHERE}
    assert not {name: length for name, length in lengths.items() if length > LINES}


def test_functions_are_short_or_say_why_not():
    long = [
        f"{where(path, each.lineno)} {each.name}: {each.end_lineno - each.lineno + 1} lines"
        for path in EVERYWHERE
        for each in functions(path)
        if each.end_lineno - each.lineno + 1 > BODY and not excused(path, each)
    ]
    assert not long


def test_functions_take_eight_parameters_or_say_why_not():
    wide = [
        f"{where(path, each.lineno)} {each.name}: {parameters(each)} parameters"
        for path in EVERYWHERE
        for each in functions(path)
        if parameters(each) > PARAMETERS and not excused(path, each)
    ]
    assert not wide


@pytest.mark.parametrize(
    ("source", "count"),
    [("def f(a, /, b, *c, d, **e): ...", 5), ("def f(self, a): ...", 1), ("def f(*, a): ...", 1)],
)
def test_every_kind_of_parameter_counts_but_self(source, count):
    assert parameters(ast.parse(source).body[0]) == count


@pytest.mark.parametrize(
    ("comment", "fine"), [("# house: one flag an argument", True), ("# house:", False), ("# house: long", False)]
)
def test_an_excuse_needs_a_reason(comment, fine):
    assert bool(REASON.search(f"def f(  {comment}")) is fine


def test_the_median_file_is_reported(record_property):
    lengths = [len(text(path).splitlines()) for path in python("src") if path.name != "__init__.py"]
    record_property("median_file_lines", median(lengths))
    print(f"median file of src: {median(lengths):.0f} lines of {len(lengths)} files")  # noqa: T201  # told, not judged
    assert lengths
