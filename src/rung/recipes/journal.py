"""log.jsonl: one line an event."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rung.bundle.io import honest_disk
from rung.core.processes import leads


class Journal:
    """Appends events to RUN/log.jsonl; a line is whole or absent."""

    def __init__(self, run: Path) -> None:
        self.path = run / "log.jsonl"

    def say(self, event: str, **facts: Any) -> None:
        """Write one event with its time (UTC)."""
        if not leads():
            return
        line = json.dumps({"when": datetime.now(UTC).isoformat(), "event": event, **facts}, default=str)
        with honest_disk(self.path), self.path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")
