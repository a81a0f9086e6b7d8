"""Text of log lines as people read it: without the codes that colour a terminal."""

import json
import re

from apps.search.jsontree import visible

# Control sequences (colours, cursor), titles of a window, and other escapes of two.
ANSI = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\^_])"
    r"|\x9b[0-?]*[ -/]*[@-~]"
)
_KEPT = re.compile(r"([\n\t]+)")
MOST_SHOWN = 4_000
_MOST_JSON = 100_000


def without_ansi(text: str) -> str:
    return ANSI.sub("", text) if "\x1b" in text or "\x9b" in text else text


def shown(text: str, most: int = MOST_SHOWN) -> str:
    """A message to look at: line breaks and tabs stay, what hides or reorders is
    written out, and what is longer than `most` characters is cut with a mark."""
    clean = without_ansi(text).rstrip("\r\n").replace("\r\n", "\n")
    if len(clean) > most:
        clean = clean[:most] + " …"
    return "".join(
        part if _KEPT.fullmatch(part) else visible(part) for part in _KEPT.split(clean)
    )


def json_body(text: str) -> str | None:
    """A message that is a JSON object or list, laid out over lines; None for others.

    A body longer than 100,000 characters stays as it is.
    """
    text = text.strip()
    if not text or text[0] not in "{[" or len(text) > _MOST_JSON:
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return shown(json.dumps(value, indent=2, ensure_ascii=False), _MOST_JSON)
