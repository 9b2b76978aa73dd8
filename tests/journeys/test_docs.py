"""Every command in README.md and docs/ does what the page says: it runs, and ends with the exit code that is claimed.

A page's ```console and ```bash blocks run in order in one empty folder. In a console block the lines that start with
"$ " are commands (with their here-documents and continuations), the others show what comes out and are not compared.
A bash block is one script. A comment right before a block changes that: <!-- exit: 3 --> claims another exit code of
its last command, <!-- not run: reason --> skips the block.

A lone `rung` command runs in this process, by the same `main` and the same words: what only a process of its own would
show, the first day's journeys do. Whatever wants a shell has one: a redirection, a here-document, python, bash blocks.
"""

import contextlib
import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from rung.cli.main import main

ROOT = Path(__file__).resolve().parents[2]
PAGES = [page for page in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))) if page.is_file()]
BLOCK = re.compile(
    r"(?:^<!--\s*(?P<mark>[^\n]*?)\s*-->[ \t]*\n\s*)?^```(?P<kind>console|bash)\n(?P<body>.*?)^```",
    re.MULTILINE | re.DOTALL,
)
HERE = re.compile(r"<<-?\s*['\"]?(\w+)['\"]?")
LONE = re.compile(r"rung\b[^|&;<>()$`*?\[\]{}#~!\n]*(?:\\\n[^|&;<>()$`*?\[\]{}#~!\n]*)*")  # nothing for a shell to do
SECONDS = 300
KEPT = {}  # commands from a page's first on -> what the last one said, and the folder as it left it
SHARED = 2  # commands that pages begin alike: some rows, and a run

pytestmark = pytest.mark.journey


@dataclass(frozen=True)
class Block:
    """Commands that run one after another; only the last may end with `exit`."""

    line: int
    commands: tuple[str, ...]
    exit: int = 0
    skipped: str = ""


def console(body):
    """Commands of a console block, each with its continuation lines and here-document."""
    lines = iter(body.splitlines())
    for line in lines:
        if not line.startswith("$ "):
            continue
        command = [line[2:]]
        while command[-1].endswith("\\"):
            command.append(next(lines).removeprefix("> "))
        if here := HERE.search("\n".join(command)):
            for following in lines:
                command.append(following.removeprefix("> "))
                if command[-1].strip() == here[1]:
                    break
        yield "\n".join(command)


def blocks(page):
    """What a page asks to be run, in order."""
    words = page.read_text(encoding="utf-8")
    for found in BLOCK.finditer(words):
        mark, line = found["mark"] or "", words.count("\n", 0, found.start()) + 1
        commands = tuple(console(found["body"])) if found["kind"] == "console" else (found["body"],)
        if reason := re.fullmatch(r"not run:\s*(.*)", mark):
            assert len(reason[1].split()) >= 3, f"{page.name}:{line}: a skipped block needs a reason"
            yield Block(line, commands, skipped=reason[1])
        else:
            code = re.fullmatch(r"exit:\s*(\d+)", mark)
            yield Block(line, commands, exit=int(code[1]) if code else 0)


class Shell:
    """Runs commands in one folder. The same commands in the same empty folder end alike: each beginning runs once."""

    def __init__(self, folder, keep, capsys):
        self.folder, self.keep, self.capsys = folder, keep, capsys
        self.history, self.ahead = (), None
        self.env = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}

    def run(self, command):
        self.history = (*self.history, command)
        if self.history in KEPT:
            done, self.ahead = KEPT[self.history]
            return done
        if self.ahead:
            shutil.copytree(self.ahead, self.folder, dirs_exist_ok=True)
            self.ahead = None
        done = self._here(command) if LONE.fullmatch(command) else self._apart(command)
        if len(self.history) <= SHARED:
            copy = self.keep / str(len(KEPT))
            shutil.copytree(self.folder, copy)
            KEPT[self.history] = done, copy
        return done

    def _here(self, command):
        words = shlex.split(command)
        with contextlib.chdir(self.folder), pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys, "argv", words)
            try:
                main()
                code = 0
            except SystemExit as stop:
                code = stop.code or 0
        return subprocess.CompletedProcess(words, code, *self.capsys.readouterr())

    def _apart(self, command):
        return subprocess.run(
            ["bash", "-euo", "pipefail", "-c", command],
            cwd=self.folder,
            env=self.env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )


@pytest.mark.parametrize("page", [page for page in PAGES if any(blocks(page))], ids=lambda page: page.name)
def test_the_commands_of_a_page_do_what_it_says(page, tmp_path, tmp_path_factory, capsys):
    shell = Shell(tmp_path, tmp_path_factory.mktemp("kept"), capsys)
    for block in blocks(page):
        if block.skipped:
            continue
        for number, command in enumerate(block.commands, start=1):
            wanted = block.exit if number == len(block.commands) else 0
            done = shell.run(command)
            told = f"{page.name}:{block.line}: {command}\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
            assert done.returncode == wanted, f"exit {done.returncode}, the page says {wanted}\n{told}"


def test_no_command_of_rung_hides_in_another_kind_of_block():
    """A `$ rung` line that no block of a known kind holds would never be run."""
    for page in PAGES:
        words = page.read_text(encoding="utf-8")
        inside = sum(words[found.start() : found.end()].count("\n$ rung") for found in BLOCK.finditer(words))
        assert words.count("\n$ rung") == inside, page.name


def test_a_here_document_and_a_continued_line_are_one_command():
    body = "$ cat > a.csv <<'END'\ntext,label\n$ cheap,no\nEND\n$ rung fit a.csv \\\n>   --target label\nladder\n$ ls\n"
    first, second, third = console(body)
    assert first == "cat > a.csv <<'END'\ntext,label\n$ cheap,no\nEND"
    assert second == "rung fit a.csv \\\n  --target label"
    assert third == "ls"


def test_marks_are_read(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(
        "<!-- exit: 3 -->\n```console\n$ rung fit x\n```\n\n"
        "<!-- not run: it downloads a backbone -->\n```bash\nrung\n```\n"
    )
    first, second = blocks(page)
    assert first.exit == 3
    assert first.commands == ("rung fit x",)
    assert second.skipped == "it downloads a backbone"
