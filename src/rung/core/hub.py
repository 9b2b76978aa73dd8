"""What a backbone is called where everybody can find it."""

import re


def hub_name(identity: str) -> str | None:
    """A backbone's name on the hub; none for a local folder, whose place is nobody else's business.

    The embedded default lives under its makers' name there.

    >>> hub_name("hf:owner/name@abc"), hub_name("all-MiniLM-L6-v2"), hub_name("models/mine")
    ('owner/name', 'sentence-transformers/all-MiniLM-L6-v2', None)
    """
    if identity == "all-MiniLM-L6-v2":
        return f"sentence-transformers/{identity}"
    found = re.fullmatch(r"hf:(\w[\w.-]*/\w[\w.-]*)(@.*)?", identity)
    return found[1] if found else None
