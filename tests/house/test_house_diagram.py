"""The diagram in docs/architecture.md shows exactly the imports that there are between rooms."""

import re

from house_sources import ROOT, imported, module_of, python, room_of, text

ARROW = re.compile(r"^\s*(\w+)\s*-->\s*([\w& ]+?)\s*$", re.MULTILINE)
LOBBY = {"", "__main__"}


def drawn():
    blocks = re.findall(r"```mermaid\n(.*?)```", text(ROOT / "docs" / "architecture.md"), re.DOTALL)
    assert len(blocks) == 1, "one diagram holds all arrows"
    return {(start, end.strip()) for start, ends in ARROW.findall(blocks[0]) for end in ends.split("&")}


def real():
    rooms = {room_of(module_of(path)) for path in python("src")} - LOBBY
    edges = set()
    for path in python("src"):
        here = room_of(module_of(path))
        for _, name in imported(path):
            there = room_of(name) if name.startswith("rung.") else ""
            if here in rooms and there in rooms and here != there:
                edges.add((here, there))
    return edges


def test_the_diagram_shows_the_imports_that_are_there():
    shown, there = drawn(), real()
    lacking = "\n".join(f"  {start} --> {end}" for start, end in sorted(there - shown))
    invented = "\n".join(f"  {start} --> {end}" for start, end in sorted(shown - there))
    assert shown == there, f"\nimports that the diagram lacks:\n{lacking}\narrows that nothing imports:\n{invented}"


def test_the_page_speaks_of_every_room():
    rooms = {room_of(module_of(path)) for path in python("src")} - LOBBY
    page = text(ROOT / "docs" / "architecture.md")
    assert not {room for room in rooms if f"`{room}" not in page}
