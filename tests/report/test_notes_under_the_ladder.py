"""What a rung noted stands under the ladder's table, whether the rung was kept or not."""

import io
from dataclasses import replace

from made_up_parts import three_steps
from rich.console import Console

from rung.report.console import ladder


def test_what_a_rung_noted_stands_under_the_table():
    steps = [replace(step, notes=("modules at encoder.*: query",)) for step in three_steps()]
    page = io.StringIO()
    Console(file=page, width=120).print(ladder(steps))
    assert page.getvalue().count(": modules at encoder.*: query") + page.getvalue().count("; modules at encoder.*") == 3
