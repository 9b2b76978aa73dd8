"""`rung doctor`: this machine at a glance."""

from typing import Annotated

import typer

from rung.cli.options import AsJson
from rung.cli.show import print_json, screen
from rung.report.console import facts_table


def command(
    clear_cache: Annotated[bool, typer.Option("--clear-cache", help="Forget every cached embedding.")] = False,
    as_json: AsJson = False,
) -> None:
    """Tell what this machine can do, what is missing, what the cache holds."""
    from rung.recipes.doctor import doctor

    found = doctor(clear_cache=clear_cache)
    if as_json:
        print_json(found.to_json())
        return
    cache = found.cache
    facts = {
        "processor": f"{found.machine['cpu']}, {found.machine['cores']} cores, {found.machine['threads']} threads",
        "devices": ", ".join(found.devices),
        "backbone": found.backbone,
        "precision": f"{found.precision} (measured here)",
        "cache": f"{cache['folder']}: {cache['size_bytes'] / 1e6:,.0f} of {cache['limit_bytes'] / 1e6:,.0f} MB",
        **{f"extra {name}": said for name, said in found.extras.items()},
        "versions": ", ".join(f"{name} {number}" for name, number in found.versions.items()),
    }
    screen().print(facts_table(facts))
