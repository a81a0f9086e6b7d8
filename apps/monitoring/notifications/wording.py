"""Notices in words, bounded and on as many lines as they should have. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

from apps.monitoring.notifications.notices import Notice, State
from apps.search.jsontree import visible

CUT = "…"
_SPACE = re.compile(r"\s+")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_WORDS = {
    State.FIRING: "FIRING",
    State.ESCALATED: "ESCALATED",
    State.ACKNOWLEDGED: "Acknowledged",
    State.RESOLVED: "Resolved",
    State.TOLD: "",
}


def one_line(text: str, most: int) -> str:
    """The text on one line, of at most so many characters, hiding nothing."""
    return cut(visible(_CONTROL.sub("�", _SPACE.sub(" ", text).strip())), most)


def lines(text: str, most: int) -> str:
    """The text with its lines, hiding nothing."""
    kept = (visible(_CONTROL.sub("�", one)) for one in text.splitlines())
    return cut("\n".join(kept), most)


def cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + CUT


def cut_bytes(text: str, most: int) -> str:
    """At most so many bytes of UTF-8, and no half of a character."""
    encoded = text.encode()
    if len(encoded) <= most:
        return text
    return encoded[: most - len(CUT.encode())].decode(errors="ignore") + CUT


def headline(notice: Notice, most: int) -> str:
    """`[FIRING] high: Errors of checkout`."""
    word = _WORDS[notice.state]
    if not word:
        return one_line(notice.title, most)
    return one_line(f"[{word}] {notice.severity.value}: {notice.title}", most)


def link(notice: Notice, site: str) -> str:
    """The page of this site that tells more."""
    return f"{site.rstrip('/')}/{notice.url.lstrip('/')}"


def facts(notice: Notice, most: int = 20, width: int = 500) -> list[tuple[str, str]]:
    """What people should know, and when it was."""
    found = [
        (one_line(name, 80), one_line(value, width)) for name, value in notice.facts
    ]
    at = f"{notice.at:%Y-%m-%d %H:%M:%S} UTC"
    return [*found[: most - 1], ("At", at)]


def plain_text(notice: Notice, site: str, most: int) -> str:
    """The whole notice as text; where it is too long, its middle is cut."""
    told = "\n".join(f"{name}: {value}" for name, value in facts(notice))
    head, foot = headline(notice, 300), f"{told}\n\n{link(notice, site)}"
    room = most - len(head) - len(foot) - 4
    parts = [head, lines(notice.text, room) if room > 1 else "", foot]
    return cut("\n\n".join(filter(None, parts)), most)


def listed(notices: Iterable[Notice], most: int) -> str:
    """A line for each notice, as many as there is room for, and how many more."""
    told, total, size = [], 0, 0
    for notice in notices:
        total += 1
        line = headline(notice, 200)
        if size + len(line) < most:
            told.append(line)
            size += len(line) + 1
    more = total - len(told)
    return "\n".join([*told, *([f"and {more:,} more"] if more else [])])
