"""`rung card`: the model card again."""

from rung.cli.options import RunFolder
from rung.cli.show import screen


def command(run: RunFolder) -> None:
    """Write a run's model card again."""
    from rung.recipes.report import card

    screen().print(str(card(run)), soft_wrap=True)
