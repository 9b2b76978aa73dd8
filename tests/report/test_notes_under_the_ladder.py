"""What a rung noted stands under the ladder's table, whether the rung was kept or not."""

import io
from dataclasses import replace

from made_up_parts import three_steps
from rich.console import Console

from rung.core.evidence import Difference, RungEvidence
from rung.report.console import LadderView, ladder
from rung.report.sentences import measuring


def test_what_a_rung_noted_stands_under_the_table():
    steps = [replace(step, notes=("modules at encoder.*: query",)) for step in three_steps()]
    page = io.StringIO()
    Console(file=page, width=120).print(ladder(steps))
    assert page.getvalue().count(": modules at encoder.*: query") + page.getvalue().count("; modules at encoder.*") == 3


def test_a_rung_that_probabilities_promoted_says_so_when_it_ends():
    saved = Difference(0.01, 0.002, 0.018, 0.002, 0.01)
    step = replace(three_steps()[2], saved=saved, why="that of the Brier score it saves, +0.002, is above 0")
    page = io.StringIO()
    with LadderView(Console(file=page, width=200)) as view:
        view.finished(step)
    assert step.why in page.getvalue()


def test_a_rung_that_died_in_training_shows_its_time_and_no_size_or_latency():
    died = RungEvidence("full", "collapsed", "loss is not finite at step 3 of 40", seconds=12)
    page = io.StringIO()
    Console(file=page, width=120).print(ladder((*three_steps(), died)))
    (line,) = (line for line in page.getvalue().splitlines() if line.startswith("full "))
    assert line.split() == ["full", "12", "s", "collapsed"]


def test_what_measuring_took_is_said_beside_the_times_where_it_is_a_second_or_more():
    first, *others = three_steps()
    page = io.StringIO()
    Console(file=page, width=120).print(ladder((first, *(replace(step, measured=4.2) for step in others))))
    assert "Beside these times 8.4 s went on measuring what rungs would take" in page.getvalue()
    assert measuring([replace(first, measured=0.4)]) == ""
