"""Text, log and alarm widgets of CloudWatch as text panels. Pure."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote, urlencode

from apps.monitoring.dashboards.layouts import MOST_TEXT, Json
from apps.monitoring.dashboards.metric_arrays import NotImported

_MOST_ALARMS = 100
_ALARM = re.compile(r"arn:[^:]+:cloudwatch:[^:]*:[^:]*:alarm:(.+)")
_SPECIAL = re.compile(r"([\\`*_\[\]<>#|~])")


def text_panel(properties: Json, place: object) -> tuple[dict[str, Any], list[str]]:
    """A text panel. Raises NotImported where there is no text."""
    text = properties.get("markdown")
    if not isinstance(text, str):
        raise NotImported("a text without markdown")
    notes = []
    if "![" in text:
        notes.append("Images of texts are not shown.")
    if len(text) > MOST_TEXT:
        notes.append(f"Only its first {MOST_TEXT:,} letters are kept.")
    return {"kind": "text", "text": text[:MOST_TEXT]}, notes


def log_panel(properties: Json, place: object) -> tuple[dict[str, Any], list[str]]:
    """A query of logs as text, with a link that runs it over the stored logs."""
    query = properties.get("query")
    if not isinstance(query, str) or not query:
        raise NotImported("a log widget without a query")
    address = "/logs/query/?" + urlencode({"language": "insights", "q": query})
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", query)), default=0))
    text = f"{fence}\n{query}\n{fence}\n\n[Run it over the stored logs]({address})"
    if len(text) > MOST_TEXT:
        raise NotImported("a query longer than a text panel may be")
    panel = {"kind": "text", "title": _title(properties), "text": text}
    return panel, ["The query is kept as a text with a link that runs it."]


def alarm_panel(properties: Json, place: object) -> tuple[dict[str, Any], list[str]]:
    """The list of alarms as links to their pages."""
    text = alarms_text(properties.get("alarms"))
    panel = {"kind": "text", "title": _title(properties) or "Alarms", "text": text}
    return panel, ["The alarms are kept as a list of links to their pages."]


def alarms_text(arns: object) -> str:
    """Raises NotImported where there are no alarms."""
    named = [_ALARM.fullmatch(arn) for arn in arns if isinstance(arn, str)] if (
        isinstance(arns, list)
    ) else []  # fmt: skip
    names = [match[1][:255] for match in named if match][:_MOST_ALARMS]
    if not names:
        raise NotImported("a list of alarms that names none")
    return "\n".join(f"- [{_plain(name)}]({_alarm_url(name)})" for name in names)


def _alarm_url(name: str) -> str:
    return "/alarms/?q=" + quote(name, safe="")


def _plain(text: str) -> str:
    """A text as markdown that shows it as it is."""
    return _SPECIAL.sub(r"\\\1", text)


def _title(properties: Json) -> str:
    title = properties.get("title")
    return title[:200] if isinstance(title, str) else ""
