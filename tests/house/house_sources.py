"""The repository as the house tests read it: which files, their trees, their comments."""

import ast
import io
import subprocess
import tokenize
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SRC = ROOT / "src" / "rung"


@cache
def files():
    """What git tracks, or will (not ignored); everything under the known folders where there is no git."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True).stdout.split("\0")
    except (OSError, subprocess.CalledProcessError):
        folders = ("src", "tests", "bench", "docs")
        paths = [path for folder in folders for path in (ROOT / folder).rglob("*") if "__pycache__" not in path.parts]
        return tuple(sorted(path for path in paths if path.is_file()))
    return tuple(sorted(ROOT / name for name in listed if name and (ROOT / name).is_file()))


@cache
def python(*folders):
    """Python files, all of them or those under some folders of the repository."""
    roots = [ROOT / folder for folder in folders] or [ROOT]
    return tuple(path for path in files() if path.suffix == ".py" and any(root in path.parents for root in roots))


@cache
def text(path):
    return path.read_text(encoding="utf-8")


@cache
def tree(path):
    return ast.parse(text(path))


def comments(path):
    """Line number and words of each comment."""
    for token in tokenize.generate_tokens(io.StringIO(text(path)).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def where(path, line=None):
    """A place as a person would look it up."""
    return f"{path.relative_to(ROOT)}" + (f":{line}" if line else "")


def module_of(path):
    """Dotted name of a file under src."""
    parts = path.relative_to(ROOT / "src").with_suffix("").parts
    return ".".join(parts).removesuffix(".__init__")


def room_of(module):
    """The room that a module is in: `rung.data.read` -> data; the lobby itself has none."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else ""


def imported(path):
    """Modules that a file imports, anywhere in it: (line, dotted name); `from a import b` gives a and a.b."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                package = module_of(path).split(".")
                kept = len(package) - node.level + (path.name == "__init__.py")
                base = ".".join([*package[:kept], *([base] if base else [])])
            yield node.lineno, base
            for alias in node.names:
                yield node.lineno, f"{base}.{alias.name}"
