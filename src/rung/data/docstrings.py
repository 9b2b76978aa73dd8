"""Real text that every installation already holds: what the docstrings of Rung's own dependencies say."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from inspect import cleandoc
from pathlib import Path

import polars as pl

from rung.core.rng import generator

SUBPACKAGES: dict[str, tuple[str, ...]] = {
    "numpy": ("linalg", "ma", "polynomial"),
    "scipy": (
        "cluster",
        "fft",
        "integrate",
        "interpolate",
        "io",
        "linalg",
        "ndimage",
        "optimize",
        "signal",
        "sparse",
        "spatial",
        "special",
        "stats",
    ),
    "sklearn": ("ensemble", "linear_model", "metrics", "model_selection", "preprocessing"),
    "torch": ("distributions", "nn", "optim"),
}
SHORTEST, LONGEST = 40, 800  # characters: below the one nothing is said, above the other it is a manual
PARAGRAPHS = 2

_ROLE = re.compile(r":[a-zA-Z:]+:`~?\.?([^`<]+?)(?:\s*<[^`>]*>)?`")
_UNDERLINE = re.compile(r"^\s*([-=~^\"])\1{2,}\s*$")
_SECTION = re.compile(
    r"\s*(args?|arguments|parameters|attributes|keyword args|returns?|raises|yields|shape|examples?|inputs?|outputs?|"
    r"references?|see also|notes?|warnings?|supports)\s*:{1,2}",
    re.IGNORECASE,
)
_CLOSING = re.compile(rf"{_SECTION.pattern}|>>>", re.IGNORECASE)
_SIGNATURE = re.compile(r"^[\w.\s,=]*\([^)]*\)(\s*->.*)?$", re.DOTALL)


def collect(limit_per_package: int | None = None, seed: int = 0) -> pl.DataFrame:
    """Opening paragraphs of docstrings, with the subpackage that each documents.

    The sources of numpy, scipy, scikit-learn and torch are found and parsed, never imported: no network, and no time
    for heavy imports. Section headers, doctests, directives and signatures are left out; what then has fewer than 40
    characters is dropped. Imbalance is left as it is, and so are duplicates: a function and its aliases, or one
    docstring copied from class to class, are equal rows under two names, as in any grown collection.

    So that the answer does not stand in the question, every literal name of one of the subpackages ("scipy.stats")
    is masked as "package", in all rows alike. `name` does hold the answer: it is there to look a row up, not to
    learn from.

    limit_per_package: at most so many rows of one subpackage, drawn with `seed`; None keeps all.
    Returns one row a documented name, library by library, then by name: text, label (such as "scipy.stats"), and the
    qualified name.

    >>> collect(limit_per_package=1).columns
    ['text', 'label', 'name']
    """
    rows: list[tuple[str, str, str]] = []
    for library, folders in SUBPACKAGES.items():
        for folder in folders:
            label = f"{library}.{folder}"
            found = _rows_of(library, folder)
            if limit_per_package is not None and len(found) > limit_per_package:
                drawn = generator(seed, "docstrings", label).permutation(len(found))[:limit_per_package]
                found = [found[at] for at in sorted(drawn.tolist())]
            rows.extend((text, label, name) for text, name in found)
    return pl.DataFrame(rows, schema={"text": pl.String, "label": pl.String, "name": pl.String}, orient="row")


def prose(docstring: str) -> str:
    r"""Opening paragraphs as one line of plain words; empty when there are none.

    >>> prose("Mean of `x`.\n\n    >>> mean([1])\n    1\n\nReturns\n-------\nfloat")
    'Mean of x.'
    """
    kept: list[str] = []
    for paragraph in re.split(r"\n\s*\n", cleandoc(docstring)):
        lines = paragraph.splitlines()
        if len(lines) > 1 and (under := _UNDERLINE.match(lines[1])) and (kept or under[1] == "-"):
            break
        end = next((at for at, line in enumerate(lines) if _CLOSING.match(line)), len(lines))
        plain = [line for line in lines[:end] if not _UNDERLINE.match(line) and not line.startswith("%(")]
        aside = paragraph.startswith((" ", "..", "* ", "- ")) or _SIGNATURE.match("\n".join(plain))
        if plain and not aside:
            kept.append(" ".join(" ".join(plain).split()))
        if len(kept) == PARAGRAPHS or _SECTION.match(lines[end] if end < len(lines) else ""):
            break
    words = _ROLE.sub(r"\1", " ".join(kept)).replace("`", "")
    return _OWN_NAMES.sub("package", words)[:LONGEST]


def _own_names() -> re.Pattern[str]:
    names = [f"{library}.{folder}" for library, folders in SUBPACKAGES.items() for folder in folders]
    return re.compile(r"\b(" + "|".join(re.escape(name) for name in names) + r")\b")


_OWN_NAMES = _own_names()


@cache  # an installed library stays as it is while the process lives
def _rows_of(library: str, folder: str) -> list[tuple[str, str]]:
    return sorted(_found_in(library, folder), key=lambda row: (row[1], row[0]))


def _found_in(library: str, folder: str) -> Iterator[tuple[str, str]]:
    spec = find_spec(library)
    if spec is None or not spec.submodule_search_locations:
        return
    root = Path(next(iter(spec.submodule_search_locations)))
    for path in sorted((root / folder).rglob("*.py")):
        inside = path.relative_to(root).with_suffix("")
        if {"tests", "conftest"} & set(inside.parts):
            continue
        module = ".".join((library, *inside.parts)).removesuffix(".__init__")
        for name, docstring in _documented(path):
            text = prose(docstring)
            if len(text) >= SHORTEST:
                yield text, f"{module}.{name}" if name else module


def _documented(path: Path) -> Iterator[tuple[str, str]]:
    try:
        tree = ast.parse(path.read_bytes())
    except (SyntaxError, ValueError):  # a template or a fixture of broken code, not a module
        return
    if docstring := ast.get_docstring(tree, clean=False):
        yield "", docstring
    yield from _in_body(tree.body, "", {})


def _in_body(body: list[ast.stmt], prefix: str, known: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Documented definitions, their aliases (`a = b`), and docstrings that are handed to compiled functions."""
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            if docstring := ast.get_docstring(node, clean=False):
                known[prefix + node.name] = docstring
                yield prefix + node.name, docstring
            if isinstance(node, ast.ClassDef):
                yield from _in_body(node.body, f"{prefix}{node.name}.", known)
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Name):
            docstring = known.get(prefix + node.value.id)
            for target in node.targets:
                if docstring and isinstance(target, ast.Name):
                    yield prefix + target.id, docstring
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            yield from _handed_over(node.value)


def _handed_over(call: ast.Call) -> Iterator[tuple[str, str]]:
    """`add_newdoc("place", "name", docstring)`, the way in which numpy and scipy document compiled functions."""
    if not (isinstance(call.func, ast.Name) and call.func.id == "add_newdoc"):
        return
    given = [argument.value for argument in call.args if isinstance(argument, ast.Constant)]
    words = [value for value in given if isinstance(value, str)]
    if len(words) >= 2:
        yield words[-2], words[-1]
    elif len(words) == 1 and call.args and isinstance(call.args[-1], ast.Tuple):
        yield from _of_member(words[0], call.args[-1])


def _of_member(owner: str, pair: ast.Tuple) -> Iterator[tuple[str, str]]:
    words = [part.value for part in pair.elts if isinstance(part, ast.Constant) and isinstance(part.value, str)]
    if len(words) == 2:
        yield f"{owner}.{words[0]}", words[1]
