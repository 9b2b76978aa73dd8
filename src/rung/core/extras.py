"""One gate for heavy and optional libraries: loaded by the verb that needs them, or the install line."""

import importlib
from typing import Any

from rung.core.errors import MissingExtra


def need(module: str, extra: str = "") -> Any:
    """Import `module` now and return it.

    extra: the extra of Rung that brings it; empty for a base dependency that is merely slow to import.
    Raises MissingExtra with the line to type.

    >>> need("json").dumps([1])
    '[1]'
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.split(".")[0] != module.split(".", maxsplit=1)[0]:
            raise
        line = f'pip install "rung[{extra}]"' if extra else f"pip install {module.split('.', maxsplit=1)[0]}"
        raise MissingExtra(f"library {module!r}", wanted="it installed", got="none", fix=f"Run: {line}") from error
