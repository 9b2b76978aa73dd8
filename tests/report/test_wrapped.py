"""Messages as lines: as wide as the terminal and no wider, with names and paths in one piece."""

import pytest

from rung.report.wrapped import wrapped

NAMES = [f"a rather long name of column {i:02d}" for i in range(30)]
ERROR = f"NoSuchColumn: column 'nope': wanted one of {', '.join(NAMES)}, got nothing by that name. Did you mean 'a b'?"


@pytest.mark.parametrize("width", [60, 80, 120])
def test_no_line_is_wider_and_no_name_is_in_two(width):
    lines = wrapped(ERROR, width, whole=NAMES).splitlines()
    assert max(map(len, lines)) <= width
    assert all(sum(name in line for line in lines) == 1 for name in NAMES)
    assert all(line.startswith("  ") for line in lines[1:])
    assert " ".join(line.strip() for line in lines) == ERROR


def test_quoted_names_and_paths_stay_whole_though_they_are_wider_than_a_line():
    path, name = "a folder/" * 12 + "file.csv", "a name " * 12
    lines = wrapped(f"It can't be read: {path} holds {name!r}, and that isn't one.", 40, whole=[path]).splitlines()
    assert [f"  {path}", f"  {name!r},"] == [line for line in lines if len(line) > 40]


def test_an_apostrophe_opens_no_quotes():
    assert max(map(len, wrapped("it can't be " * 20 + "what the users' said " * 9, 50).splitlines())) <= 50


def test_lines_and_their_indent_stay():
    said = wrapped("first\n  --max-size: one two three four five six\n", 20)
    assert said == "first\n  --max-size: one\n    two three four\n    five six\n"
