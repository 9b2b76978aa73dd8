"""The page holds what the data holds, escapes what came from it, and needs nothing from outside."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from made_up_evidence import EVERY, evidence, few_classes, many_classes, minimal, multilabel, regression
from made_up_parts import tried

from rung.core.evidence import Difference, Score
from rung.core.types import Column, Finding, Role
from rung.report.html import ROWS, render

VOID = {"meta", "wbr", "br", "hr", "img", "link", "input"}
ALONE = {"line", "circle", "rect"}  # SVG shapes that may close themselves


class Page(HTMLParser):
    """Sections, links, words and unbalanced tags of a page."""

    def __init__(self, text):
        super().__init__()
        self.open, self.wrong, self.links, self.ids, self.tags, self.words = [], [], [], [], [], []
        self.feed(text)
        self.close()
        self.wrong += self.open

    def handle_starttag(self, tag, attributes):
        self.handle_startendtag(tag, attributes)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        found = dict(attributes)
        self.tags.append(tag)
        self.links += [
            found[name] for name in ("href", "src", "srcset", "action", "data", "xlink:href") if name in found
        ]
        if "id" in found:
            self.ids.append(found["id"])
        self.wrong += [f"{tag} {name}" for name in found if name.startswith("on")]

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f"/{tag}")

    def handle_data(self, data):
        if "style" not in self.open:
            self.words.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.words).replace("\xa0", " ").split())


@pytest.fixture(params=EVERY)
def report(request):
    return EVERY[request.param]()


def test_tags_are_balanced_and_nothing_runs(report):
    page = Page(render(report))
    assert page.wrong == []
    assert "script" not in page.tags


def test_every_link_leads_into_the_page_itself(report):
    page = Page(render(report))
    assert page.links
    assert all(link.startswith("#") and link[1:] in page.ids for link in page.links)


def test_the_style_sheet_fetches_nothing(report):
    assert not re.search(r"url\(|@import|https?://", render(report))


def test_no_number_of_a_drawing_is_undefined(report):
    drawings = "".join(re.findall(r"<svg.*?</svg>", render(report), re.DOTALL))
    assert "nan" not in drawings.lower()
    assert not re.search(r"\binf", drawings)


def test_the_page_is_small(report):
    assert len(render(report).encode()) < 150_000


@pytest.mark.parametrize(
    ("make", "there"),
    [
        (many_classes, {"ladder", "test", "verdicts", "curve", "confusion", "confidence", "errors", "findings"}),
        (few_classes, {"ladder", "test", "verdicts", "confusion", "confidence", "errors", "findings"}),
        (multilabel, {"ladder", "test", "verdicts", "curve", "confidence", "errors", "findings"}),
        (regression, {"ladder", "test", "verdicts", "curve", "residuals", "errors", "findings"}),
        (minimal, {"ladder"}),
    ],
)
def test_a_section_is_there_exactly_when_its_data_is(make, there):
    own = there | {"protocol"} | (set() if make is minimal else {"reproduce"})
    assert set(Page(render(make())).ids) == own


def test_texts_of_the_data_are_escaped_everywhere():
    evil = "<script>alert(1)</script>&\"'"
    base = few_classes()
    labels = (evil, *base.evidence.labels[1:])
    worst = ({"row": 1, "text": evil, "truth": evil, "prediction": evil, "confidence": 0.9},)
    steps = (replace(base.evidence.rungs[0], why=evil, notes=(evil,)), *base.evidence.rungs[1:])
    hostile = replace(
        base,
        name=evil,
        evidence=replace(base.evidence, labels=labels, rungs=steps, next_steps=(evil,), stopped=evil),
        columns=(Column(evil, Role.TEXT, evil),),
        findings=(Finding(evil, evil, (1,), "warn", evil),),
        worst=worst,
        manifest={"options": {"target": evil}, "versions": {evil: evil}},
    )
    text = render(hostile)
    assert "<script" not in text
    assert Page(text).wrong == []
    assert Page(text).text.count("<script>alert(1)</script>&") >= 12


def test_the_three_closing_sentences_stand_on_top():
    text = Page(render(many_classes())).text
    won, tested, then = (text.index(word) for word in ("frozen won:", "On the 3,080 test rows", "Next:"))
    assert won < tested < then < text.index("Rungs from the cheapest")


def test_each_rung_shows_its_score_gain_and_the_reason_for_the_decision():
    text = Page(render(few_classes())).text
    for part in (
        "0.868 [0.851, 0.885]",
        "-1.3 [-3.4, 0.8] pts",
        "is not above 0",
        "needs 0.5 pts",
        "left of the budget",
    ):
        assert part.lower() in text.lower()


def test_the_corrected_p_value_is_the_one_shown():
    step = replace(tried("frozen", 0.9, 0.01, gain=(0.02, 0.01), against="classic"), promoted=True)
    step = replace(step, gain=Difference(0.02, 0.01, 0.03, 0.012, 0.011, 0.033))
    text = Page(render(replace(many_classes(), evidence=evidence(rungs=(*evidence().rungs[:2], step))))).text
    assert "p 0.033" in text
    assert "p 0.011" not in text


def test_many_classes_are_shown_as_pairs_and_few_as_a_heat_table():
    assert 'class="heat' not in render(many_classes())
    assert "most confused of 77 classes" in render(many_classes())
    assert 'class="heat"' in render(few_classes())


def test_row_numbers_of_a_finding_are_capped_and_the_rest_counted():
    finding = Finding("duplicates", "Many.", tuple(range(1000, 1500)), "warn")
    text = Page(render(replace(minimal(), findings=(finding,)))).text
    assert f"{1000 + ROWS - 1} and {500 - ROWS} more in audit.json" in text
    assert str(1000 + ROWS) not in text


def test_findings_stand_in_order_of_severity():
    text = Page(render(many_classes())).text
    assert text.index("one class") < text.index("310 rows repeat") < text.index("12 texts are cut")


def test_a_score_that_could_not_be_measured_is_said_not_drawn():
    nothing = Score("roc_auc", float("nan"), float("nan"), float("nan"))
    found = evidence(metric="roc_auc", test={"roc_auc": nothing}, test_by_rung={"prior": nothing, "frozen": nothing})
    text = render(replace(many_classes(), evidence=found))
    assert "n/a" in Page(text).text


def test_the_page_follows_light_and_dark_and_narrow_screens():
    text = render(minimal())
    assert "prefers-color-scheme: dark" in text
    assert "max-width: 600px" in text
    assert 'name="viewport"' in text


def test_the_protocol_names_the_group_and_the_folds():
    base = few_classes()
    text = Page(render(replace(base, manifest={"options": {"group": "customer", "seed": 4}}))).text
    assert "rows of one customer" in text
    assert "5 folds, 2 times over" in text
    assert "the seed (4)" in text
