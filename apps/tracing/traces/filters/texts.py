"""Texts as filter expressions quote them."""

from __future__ import annotations


def quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def joined(*expressions: str) -> str:
    """All of these hold; what has an OR stands in parentheses."""
    kept = [one.strip() for one in expressions if one.strip()]
    if len(kept) == 1:
        return kept[0]
    return " AND ".join(f"({one})" if " or " in one.lower() else one for one in kept)
