"""Names as people say them."""

from __future__ import annotations


def short_name(name: str) -> str:
    """A queue is called by its address; people call it by the end of that."""
    is_address = name.startswith(("https://", "http://"))
    return name.rstrip("/").rsplit("/", 1)[-1] if is_address else name
