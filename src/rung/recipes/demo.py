"""Demo: the main job on text that is here already, the docstrings of the libraries that Rung installs.

Expected ending, 2 cores: about a minute. Words alone tell these subpackages apart better than the general
backbone does, and the verdict says so.
"""

from pathlib import Path

from rung.data.docstrings import collect
from rung.recipes.fit import fit
from rung.recipes.run import Run
from rung.recipes.view import View

LAST = "frozen"  # rungs that train the backbone would take the demo from two minutes to half an hour on two cores


def demo(
    *, out: str | Path | None = None, seed: int = 0, budget: str | float | None = None, view: View | None = None
) -> Run:
    """Which subpackage does this paragraph document? Collect the paragraphs, climb, write a run.

    out: the run folder (default runs/docstrings). Raises what `rung.fit` raises.
    """
    table = collect().select("text", "label")
    return fit(table, target="label", out=out or _free(), seed=seed, budget=budget, max_rung=LAST, view=view)


def _free() -> Path:
    first = Path("runs/docstrings")
    candidates = [first, *(first.with_name(f"docstrings-{i}") for i in range(2, 100_000))]
    return next(folder for folder in candidates if not folder.exists())
