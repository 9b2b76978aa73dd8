"""The terminal's tables fit, survive pipes, and the live view says what matters and no more."""

import io
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_up_evidence import EVERY, evidence, few_classes, many_classes, regression
from made_up_parts import COLUMNS, FINDINGS, three_steps
from rich.cells import cell_len
from rich.console import Console

from rung.backbones.catalog import catalog
from rung.core.evidence import Difference, RungEvidence, Score, Verdict
from rung.core.types import Column, Cost, Finding, Progress, Role
from rung.recipes.backbones import Known
from rung.report import units
from rung.report.console import (
    LadderView,
    backbones_table,
    closing,
    facts_table,
    findings_panel,
    ladder,
    roles_table,
    scores_table,
    slices_table,
)

ANYTHING = st.floats(allow_nan=True, allow_infinity=True, width=32)
METRICS = st.sampled_from(["accuracy", "rmse", "log_loss", "balanced_accuracy", "r2"])


@pytest.fixture(autouse=True)
def _a_common_terminal(monkeypatch):
    monkeypatch.setenv("TERM", "xterm-256color")
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES"):
        monkeypatch.delenv(name, raising=False)


@st.composite
def steps(draw):
    """Any rungs that the contract allows, sane or not."""
    metric = draw(METRICS)
    found = []
    for n in range(draw(st.integers(1, 4))):
        status = draw(st.sampled_from(["tried", "skipped", "collapsed", "failed"]))
        measured = status != "skipped"
        found.append(
            RungEvidence(
                draw(st.sampled_from(["prior", "classic", "a_rung_with_a_very_long_name_indeed"])),
                status,
                why=draw(st.text(max_size=120)),
                score=Score(metric, *draw(st.tuples(ANYTHING, ANYTHING, ANYTHING))) if measured else None,
                gain=Difference(*draw(st.tuples(*[ANYTHING] * 5))) if measured and n else None,
                promoted=draw(st.booleans()),
                against="prior",
                seconds=draw(st.floats(0, 1e6)),
                latency_ms=draw(st.floats(0, 1e6)),
                trained=draw(st.integers(0, 10**11)),
                parameters=draw(st.integers(0, 10**11)),
            )
        )
    return found


def drawn(renderable, width=80, **options):
    stream = io.StringIO()
    Console(file=stream, width=width, highlight=False, **options).print(renderable)
    return stream.getvalue()


def lines(text):
    return [line.rstrip() for line in text.splitlines()]


@settings(max_examples=40, deadline=None)
@given(steps(), st.sampled_from([40, 60, 80]))
def test_the_ladder_fits_its_width_whatever_the_numbers(found, width):
    assert max(cell_len(line) for line in drawn(ladder(found), width=width).split("\n")) <= width
    assert max(cell_len(line) for line in drawn(ladder(found, width=width), width=200).split("\n")) <= width


@pytest.mark.parametrize("make", EVERY.values(), ids=EVERY)
def test_at_80_columns_no_number_of_the_ladder_is_torn(make):
    text = drawn(ladder(make().evidence))
    for step in make().evidence.rungs:
        for said in (units.score(step.score), units.gain(step.gain, make().evidence.metric, unit=False)):
            value, _, ends = said.partition(" ")
            assert value in text
            assert ends in text


def test_a_wide_place_puts_each_rung_on_one_line():
    text = drawn(ladder(many_classes().evidence), width=120)
    assert "0.931 [0.924, 0.938]  +6.0 [5.1, 6.9]" in text


def test_piped_output_is_plain_ascii_without_escape_codes():
    text = drawn(ladder(few_classes().evidence))
    assert text.isascii()
    assert "\x1b" not in text


def test_no_color_takes_colour_but_no_word():
    plain = drawn(ladder(few_classes().evidence))
    coloured = drawn(ladder(few_classes().evidence), force_terminal=True, color_system="truecolor", no_color=False)
    assert "\x1b[" in coloured
    assert all(word in plain for word in ("won", "dropped", "collapsed", "skipped"))


def test_what_was_not_kept_says_why_under_the_table():
    text = " ".join(drawn(ladder(few_classes().evidence)).split())
    assert "frozen: the 95 % lower bound of its gain over classic" in text
    assert "lora: needs about 840 s, more than the 120 s left of the budget" in text
    assert "prior: the first rung" not in text


def test_steps_alone_know_who_won_once_the_climb_is_over():
    found = three_steps()
    assert [line.split()[-1] for line in lines(drawn(ladder(found), width=120))[2:5]] == ["start", "promoted", "won"]
    still = drawn(ladder(found, over=False), width=120)
    assert "won" not in still


def test_closing_says_what_won_how_good_and_what_next():
    won, tested, then = closing(many_classes().evidence)
    assert won == "frozen won: accuracy 0.931 [0.924, 0.938] on validation rows, +6.0 [5.1, 6.9] pts over classic."
    assert tested == (
        "On the 3,080 test rows, opened once, accuracy is 0.929 [0.920, 0.938]; "
        "transfer helps (+5.4 [4.2, 6.7] pts over classic)."
    )
    assert then == "Next: 1,000 more labels: +1.2 points [0.4, 2.1]."


@pytest.mark.parametrize(
    ("word", "said"), [("hurts", "transfer hurts"), ("no evidence", "no evidence that transfer helps")]
)
def test_closing_repeats_the_transfer_verdict_as_it_is(word, said):
    found = evidence(verdicts=(Verdict("transfer", word, "x"),))
    assert closing(found)[1].endswith(f"; {said}.")


def test_gains_of_unbounded_metrics_keep_their_unit():
    assert "+90.2 [58.7, 121.7] over classic" in closing(regression().evidence)[0]


@pytest.mark.parametrize("make", EVERY.values(), ids=EVERY)
def test_closing_is_always_three_sentences(make):
    assert all(sentence.endswith(".") for sentence in closing(make().evidence))


class Clock:
    """Time that moves when told to."""

    now = 0.0

    def __call__(self):
        return self.now


def viewed(act, **options):
    """What `act(view, clock)` writes."""
    stream, clock = io.StringIO(), Clock()
    console = Console(file=stream, width=80, highlight=False, **options)
    with LadderView(console, clock=clock) as view:
        act(view, clock)
    return stream.getvalue()


def test_without_a_terminal_a_rung_is_a_line_when_it_starts_and_a_line_when_it_ends():
    frozen = three_steps()[2]

    def act(view, _):
        view.starting("frozen", Cost(38.0))
        view.progress(Progress("embedding", 1, 10))
        view.finished(frozen)
        view.skipped("lora", "no budget is left")

    assert lines(viewed(act)) == [
        "frozen starts, about 38 s",
        "frozen promoted in 38 s: 0.931 [0.924, 0.938], +6.0 [5.1, 6.9] pts over classic",
        "lora skipped: no budget is left",
    ]


def test_a_long_wait_without_a_terminal_says_its_pace_every_half_minute():
    def act(view, clock):
        for second in range(0, 65, 5):
            clock.now = float(second)
            view.progress(Progress("embedding", second * 100, 10_000))

    assert lines(viewed(act)) == [
        "embedding: 3,000 of 10,000 rows, 100 rows/s, 1m 10s left",
        "embedding: 6,000 of 10,000 rows, 100 rows/s, 40 s left",
    ]


def test_a_wait_under_two_seconds_draws_no_bar_on_a_terminal():
    def act(view, clock):
        for done in range(10):
            clock.now += 0.19
            view.progress(Progress("embedding", done, 10))

    assert viewed(act, force_terminal=True) == ""


def test_a_wait_over_two_seconds_draws_a_bar_with_rate_and_time_left():
    def act(view, clock):
        for done in range(5):
            clock.now += 1.0
            view.progress(Progress("embedding", done * 50, 1000))
        view._live.refresh()

    text = viewed(act, force_terminal=True)
    assert "50 rows/s, 16 s left" in text


def test_the_live_ladder_is_taken_away_at_the_end_and_stays_after_an_interruption():
    def act(view, _):
        view.starting("prior", None)
        view.finished(three_steps()[0])

    def interrupted(view, clock):
        act(view, clock)
        raise KeyboardInterrupt

    erase = "\x1b[1A\x1b[2K"
    assert viewed(act, force_terminal=True).rstrip("\r\n").endswith(erase)
    stream = io.StringIO()
    with pytest.raises(KeyboardInterrupt), LadderView(Console(file=stream, width=80, force_terminal=True)) as view:
        interrupted(view, None)
    assert "0.026" in stream.getvalue().rsplit(erase, 1)[-1]


def test_no_color_and_dumb_terminals_get_plain_lines(monkeypatch):
    def act(view, _):
        view.starting("prior", Cost(0.5))

    assert lines(viewed(act, force_terminal=True, no_color=True)) == ["prior starts, about 0.5 s"]
    monkeypatch.setenv("TERM", "dumb")
    assert lines(viewed(act, force_terminal=True)) == ["prior starts, about 0.5 s"]


def test_findings_stand_most_serious_first_with_their_rows():
    text = drawn(findings_panel(FINDINGS))
    assert [line.split()[0] for line in lines(text) if not line.startswith(" ")] == ["block", "warn", "warn", "note"]
    assert "0, 1, 2 and 307" in text
    assert "0, 1, 2, 3, 4, 5, 6, 7 and 302" in drawn(findings_panel(FINDINGS, effects=True))


def test_names_from_the_data_are_no_markup_and_no_control_codes():
    evil = "[red]x[/red]\x1b[31m\n" + "y" * 300
    text = drawn(roles_table((Column(evil, Role.TEXT, "why"),)), force_terminal=True, color_system=None)
    assert "[red]x" in text
    assert "\x1b[31m" not in text
    panel = drawn(findings_panel((Finding("c", evil, (1,), "note"),)), force_terminal=True, color_system=None)
    assert "\x1b[31m" not in panel


def test_scores_show_value_and_interval_and_name_the_run_where_keys_do():
    a = Score("accuracy", 0.9, 0.8, 0.95)
    assert "accuracy  0.900  [0.800, 0.950]" in drawn(scores_table({"accuracy": a}))
    assert "first: accuracy" in drawn(scores_table({"first": a}))


def test_a_small_slice_is_marked_and_a_missing_score_said():
    scores = {"accuracy": {"value": 0.9, "low": 0.8, "high": 0.95}}
    nothing = {"accuracy": {"value": None, "low": None, "high": None}}
    text = drawn(
        slices_table(
            [
                {"column": "country", "value": "at", "n": 12, "small": True, "scores": scores},
                {"column": "country", "value": "de", "n": 1200, "small": False, "scores": nothing},
            ]
        )
    )
    rows = lines(text)
    assert "few rows" in rows[2]
    assert "n/a" in rows[3]
    assert "few rows" not in rows[3]


def test_a_backbone_that_the_loader_would_refuse_is_listed_as_pickled():
    entry = replace(catalog()[1], megabytes=614, pickled=True)
    assert "614 MB, pickled" in drawn(backbones_table([Known(entry, here=False).to_json()]))
    assert "pickled" not in drawn(backbones_table([Known(replace(entry, pickled=False), here=False).to_json()]))


def test_tables_of_facts_and_backbones_fit_80_columns():
    long = replace(catalog()[0], id="owner/" + "x" * 90, note="word " * 40, languages=("en",) * 90)
    known = Known(long, here=True).to_json()
    for table in (
        backbones_table([known]),
        backbones_table([]),
        facts_table({"processor": "Xeon " * 60}),
        roles_table(COLUMNS),
    ):
        assert all(len(line) <= 80 for line in drawn(table).splitlines())
