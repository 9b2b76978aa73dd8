"""What the doors promise in words: every verb has its page, every version its entry, every pin its place."""

import re
import subprocess
import sys
import tomllib

import pytest
from house_sources import ROOT, text

from rung.cli.main import VERBS

PROJECT = tomllib.loads(text(ROOT / "pyproject.toml"))["project"]


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_a_page_that_shows_it(verb):
    page = ROOT / "docs" / f"{verb}.md"
    assert page.is_file()
    assert f"rung {verb}" in text(page)


@pytest.mark.parametrize("verb", VERBS)
def test_the_readme_names_every_verb(verb):
    assert re.search(rf"rung {verb}\b", text(ROOT / "README.md"))


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_answers_for_help(verb):
    done = subprocess.run([sys.executable, "-m", "rung", verb, "--help"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Usage:" in done.stdout


def test_the_help_lists_every_verb():
    done = subprocess.run([sys.executable, "-m", "rung", "--help"], capture_output=True, text=True, check=True)
    assert not [verb for verb in VERBS if not re.search(rf"^\W*{verb}\s", done.stdout, re.MULTILINE)]


def test_the_changelog_ends_with_the_version_that_is_installed():
    import rung

    versions = re.findall(r"^## \[?(\d+\.\d+\.\d+)\]? - \d{4}-\d{2}-\d{2}$", text(ROOT / "CHANGELOG.md"), re.MULTILINE)
    assert versions[0] == PROJECT["version"] == rung.__version__


def test_every_page_links_to_pages_that_are_there():
    pages = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")] + sorted(ROOT.glob("docs/*.md"))
    broken = [
        f"{page.name}: {target}"
        for page in pages
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text(page))
        if not target.startswith(("http", "mailto:")) and not (page.parent / target).exists()
    ]
    assert not broken


def pins():
    lines = [line for line in text(ROOT / "constraints.txt").splitlines() if line and not line.startswith("#")]
    return lines, {re.split(r"==", line)[0].lower().replace("_", "-") for line in lines}


def test_every_pin_is_exact_and_of_no_machine():
    lines, _ = pins()
    assert not [line for line in lines if not re.fullmatch(r"[A-Za-z0-9._-]+==[0-9][A-Za-z0-9.!]*", line)]
    assert not [line for line in lines if re.match(r"(?i)nvidia|cuda|triton|torchvision|torchaudio", line)]


def test_every_direct_dependency_is_pinned():
    extras = PROJECT["optional-dependencies"].values()
    wanted = [line for group in (PROJECT["dependencies"], *extras) for line in group]
    names = {re.match(r"[A-Za-z0-9._-]+", line)[0].lower().replace("_", "-") for line in wanted} - {"rung"}
    assert not names - pins()[1]


def test_the_makefile_explains_each_target():
    makefile = text(ROOT / "Makefile")
    phony = set(re.search(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)[1].split())
    assert phony >= {"demo", "test", "lint", "bench"}
    assert phony == set(re.findall(r"^(\w+):.*## ", makefile, re.MULTILINE))
