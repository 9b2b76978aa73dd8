"""The options of one fit, checked all at once before a row is read."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator, model_validator

from rung.core.errors import BadOption
from rung.core.evidence import LEAST
from rung.core.types import Role, Task

_UNITS = {"": 1.0, "ms": 0.001, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
_BYTES = {"": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "kib": 2**10, "mib": 2**20, "gib": 2**30}


def seconds_of(text: str | float | None) -> float | None:
    """Read a duration such as 90, "90s", "5ms", "10m" or "1.5h" as seconds.

    Raises ValueError for anything else.

    >>> seconds_of("1.5h")
    5400.0
    """
    if text is None:
        return None
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*", str(text).lower())
    if not found or found[2] not in _UNITS or float(found[1]) <= 0:
        raise ValueError(f"wanted a duration such as 5ms, 90s, 10m or 1.5h, got {text!r}")
    return float(found[1]) * _UNITS[found[2]]


def bytes_of(text: str | float | None) -> int | None:
    """Read a size such as 5000000, "100MB" or "1.5 GiB" as bytes; kB, MB and GB are powers of 1000.

    Raises ValueError for anything else.

    >>> bytes_of("100MB"), bytes_of("1KiB")
    (100000000, 1024)
    """
    if text is None:
        return None
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*", str(text).lower())
    if not found or found[2] not in _BYTES or float(found[1]) <= 0:
        raise ValueError(f"wanted a size such as 100MB, 1.5GB or a number of bytes, got {text!r}")
    return round(float(found[1]) * _BYTES[found[2]])


def names_of(value: str | Sequence[str] | None) -> tuple[str, ...]:
    """Read "a,b,c" or ["a", "b"] as a tuple of names; nothing given is no name.

    Raises ValueError for text that names nothing.

    >>> names_of("prior, frozen")
    ('prior', 'frozen')
    """
    parts = value.split(",") if isinstance(value, str) else list(value or ())
    names = tuple(part.strip() for part in parts if part.strip())
    if parts and not names:
        raise ValueError(f"wanted names with commas between them, got {','.join(parts)!r}")
    return names


def rate_of(value: Any) -> Any:
    """Read a learning rate, or the word find.

    Raises ValueError for anything else.

    >>> rate_of("2e-5")
    2e-05
    """
    if value is None or value == "find":
        return value
    try:
        rate = float(value)
    except (TypeError, ValueError):
        rate = 0.0
    if not 0 < rate < 1:
        raise ValueError(f"wanted a rate between 0 and 1, or find, got {value!r}")
    return rate


def roles_of(value: Mapping[str, str] | Sequence[str] | str | None) -> dict[str, Role]:
    """Read ["age=number"] or {"age": "number"} as roles by column.

    Raises ValueError for a role that does not exist.
    """
    if isinstance(value, Mapping):
        pairs = [(name, str(role)) for name, role in value.items()]
    else:
        given = [value] if isinstance(value, str) else list(value or ())
        if wrong := [item for item in given if "=" not in item]:
            raise ValueError(f"wanted NAME=ROLE, got {wrong[0]!r}")
        pairs = [(item.rpartition("=")[0], item.rpartition("=")[2]) for item in given]
    known = [role.value for role in Role]
    for name, role in pairs:
        if role not in known:
            raise ValueError(f"column {name!r}: wanted a role out of {', '.join(known)}, got {role!r}")
    return {name: Role(role) for name, role in pairs}


def pairs_of(value: Mapping[str, Any] | Sequence[str] | str | None) -> dict[str, Any]:
    """Read ["lora.rank=16"] or {"lora.rank": 16} as settings by name.

    Raises ValueError for an item without "=".
    """
    if isinstance(value, Mapping):
        return dict(value)
    given = [value] if isinstance(value, str) else list(value or ())
    if wrong := [item for item in given if "=" not in item]:
        raise ValueError(f"wanted RUNG.SETTING=VALUE, got {wrong[0]!r}")
    return {item.partition("=")[0].strip(): item.partition("=")[2].strip() for item in given}


PROBLEM = re.compile(r"(?P<what>.+): wanted (?P<wanted>.+), got (?P<got>.+)", re.DOTALL)


class FitOptions(BaseModel):
    """What `rung fit` was asked for, resolved. Raises BadOption through `checked` naming every problem."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    target: str | None = None
    test: str | float = 0.2
    task: Task | None = None
    metric: str | None = None
    budget: Annotated[float | None, BeforeValidator(seconds_of)] = None
    max_rung: str | None = None
    rungs: Annotated[tuple[str, ...], BeforeValidator(names_of)] = ()
    backbone: Annotated[tuple[str, ...], BeforeValidator(names_of)] = ()
    max_latency: Annotated[float | None, BeforeValidator(seconds_of)] = None
    max_size: Annotated[int | None, BeforeValidator(bytes_of)] = None
    licence: str | None = None
    group: str | None = None
    time: str | None = None
    column: Annotated[dict[str, Role], BeforeValidator(roles_of)] = Field(default_factory=dict)
    seed: int = Field(default=0, ge=0)
    workers: int | None = Field(default=None, ge=1)
    device: Literal["auto", "cpu", "cuda"] = "auto"
    ensemble: bool = False
    confidence: float | None = None
    min_gain: float = Field(default=LEAST, ge=0, allow_inf_nan=False)
    set: Annotated[dict[str, Any], BeforeValidator(pairs_of)] = Field(default_factory=dict)

    lr: Annotated[float | Literal["find"] | None, BeforeValidator(rate_of)] = None
    search: int = Field(default=0, ge=0)
    storage: str | None = None

    @field_validator("storage")
    @classmethod
    def _address(cls, value: str | None) -> str | None:
        if value is not None and not re.match(r"(sqlite|mysql|postgresql)(\+\w+)?://", value):
            raise ValueError(f"wanted a database's URL, such as sqlite:///study.db, got {value}")
        if value is not None and re.match(r"sqlite(\+\w+)?://(/?$|.*(:memory:|mode=memory))", value):
            raise ValueError(f"wanted a database in a file, such as sqlite:///study.db, got {value}, kept in memory")
        return value

    @field_validator("confidence")
    @classmethod
    def _sure(cls, value: float | None) -> float | None:
        if value is not None and not 0.5 <= value < 1:
            raise ValueError(f"wanted from 0.5 to below 1, got {value}")
        return value

    @model_validator(mode="after")
    def _together(self) -> "FitOptions":
        if self.storage and not self.search:
            raise ValueError("--storage: wanted --search N beside it, as machines share a search there, got none")
        if self.lr == "find" and self.search:
            raise ValueError("--lr find: wanted it or --search N, which tries rates of its own, got both")
        return self

    @field_validator("test", mode="before")
    @classmethod
    def _share_or_file(cls, value: Any) -> str | float:
        if value is None:
            return 0.2
        if isinstance(value, Path):
            return str(value)
        try:
            share = float(value)
        except (TypeError, ValueError):
            return str(value)
        if not 0 <= share < 1:
            raise ValueError(f"wanted a file or a share from 0 (no test rows) to below 1, got {value!r}")
        return share


def checked(verb: str = "fit", /, **given: Any) -> FitOptions:
    """Validate all options together; verb: whose help knows more.

    Raises BadOption whose message names every option that is wrong, not the first alone.

    >>> checked(budget="10m").budget
    600.0
    """
    try:
        return FitOptions(**given)
    except ValidationError as error:
        first, *others = [_flag(e) + _said(e) for e in error.errors()]
        fix = "".join(f"Also {problem}. " for problem in others) + f"See rung {verb} --help."
        if one := PROBLEM.fullmatch(first):
            raise BadOption(one["what"], wanted=one["wanted"], got=one["got"], fix=fix) from error
        raise BadOption("an option", wanted="a value that it takes", got=first, fix=fix) from error


def _flag(error: Any) -> str:
    """The option that is wrong; one that goes ill with another names itself."""
    return f"--{str(error['loc'][0]).replace('_', '-')}: " if error["loc"] else ""


_WANTED = {
    "greater_than_equal": "wanted {ge} or more",
    "finite_number": "wanted a finite number",
    "int_parsing": "wanted a whole number",
    "int_from_float": "wanted a whole number",
    "int_type": "wanted a whole number",
    "bool_parsing": "wanted true or false",
    "literal_error": "wanted {expected}",
    "enum": "wanted {expected}",
    "extra_forbidden": "no such option",
}


def _said(error: Any) -> str:
    message = str(error["msg"]).removeprefix("Value error, ")
    if known := _WANTED.get(error["type"]):
        message = known.format(**error.get("ctx", {}))
    return message if ", got " in message else f"{message}, got {error['input']!r}"
