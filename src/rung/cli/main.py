"""`rung`: one thin file per verb, loaded when it is called."""

import os
import sys
import traceback
from importlib import import_module
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import typer
from typer.core import TyperGroup

from rung import __version__
from rung.core.errors import RungError

VERBS = {
    "fit": "Climb the ladder on labelled data and write a run: bundle, evidence, report.",
    "predict": "Predict new rows with a run.",
    "evaluate": "Score a run on labelled rows, with intervals and slices.",
    "compare": "Judge two runs on the same rows: a paired verdict.",
    "embed": "Write the backbone's features of a text column.",
    "audit": "Tell what in labelled data will ruin a result, before anything is trained.",
    "backbones": "List the backbones that are known and those on this machine.",
    "rank": "Tell which backbone suits labelled data, and at what cost.",
    "report": "Write a run's report.html again.",
    "card": "Write a run's model card again.",
    "doctor": "Tell what this machine can do, what is missing, what the cache holds.",
    "demo": "Run the main job on embedded data and backbone.",
}
INTERRUPTED = 130
WrongUse: Any = typer.BadParameter.__base__  # the root of what typer says no to, which it names nowhere in public


class Verbs(TyperGroup):
    """The verbs by name; a verb's file is imported only when it is called."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002  # typer's signature
        """Names in the order of VERBS."""
        return list(VERBS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return the verb's command; for the list of verbs a stand-in with its one line is enough."""
        if cmd_name not in VERBS:
            return None
        if ctx.resilient_parsing or _asks_for_list(sys.argv[1:]):
            return _named(cmd_name, _stand_in)
        return _named(cmd_name, import_module(f"rung.cli.{cmd_name}").command)

    def invoke(self, ctx: Any) -> Any:
        """Run the verb; what typer itself refuses is told in lines as ours are."""
        try:
            return super().invoke(ctx)
        except WrongUse as error:
            from rung.cli.show import fitted

            said = fitted(f"Error: {error.format_message()}").removeprefix("Error: ")
            error.format_message = lambda: said
            raise


def _asks_for_list(arguments: list[str]) -> bool:
    return not any(argument in VERBS for argument in arguments)


def _stand_in() -> None:
    """Hold the place of a verb in the list."""


def _named(name: str, function: Any) -> Any:
    app = typer.Typer(add_completion=False, rich_markup_mode=None)
    app.command(name, help=VERBS[name] if function is _stand_in else None)(function)
    return typer.main.get_command(app)


app = typer.Typer(
    cls=Verbs, add_completion=False, no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"rung {__version__}")
        raise typer.Exit


@app.callback(epilog="rung VERB --help tells a verb's options. Exit codes: docs/index.md.")
def rung(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Print the version."),
    debug: bool = typer.Option(False, "--debug", help="Show the traceback of a failure."),
) -> None:
    """Turn a pretrained model and labelled data into a model that can be trusted, with the evidence for every step."""


def main() -> None:
    """Run the command line; every refusal is one message and the exit code of its class."""
    debug = "--debug" in sys.argv
    sys.argv = [sys.argv[0], *(argument for argument in sys.argv[1:] if argument != "--debug")]
    try:
        app()
    except RungError as error:
        if debug:
            raise
        names = str(error.wanted).partition("one of ")[2].split(", ")
        _say(f"{type(error).__name__}: {error}", f"{error.what}: wanted", *names)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception:  # the last door: a bug ends with a log, not with a wall of text
        if debug:
            raise
        log = str(_log())
        _say(f"This is a bug in Rung. The log is in {log}; --debug shows it here.", log)
        sys.exit(1)


def _say(text: str, *whole: str) -> None:
    from rung.cli.show import fitted

    typer.echo(fitted(text, whole), err=True)


def _log() -> Path:
    with NamedTemporaryFile("w", prefix="rung-", suffix=".log", delete=False, encoding="utf-8") as file:
        file.write(f"rung {__version__}\n{' '.join(sys.argv)}\n{traceback.format_exc()}")
    return Path(file.name)
