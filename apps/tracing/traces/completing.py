"""What could follow at the cursor of a filter expression."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from apps.search.completion import Completion
from apps.search.engines.base import DocumentReader, Scope, SearchRequest
from apps.tracing.kinds import SPANS
from apps.tracing.traces.filters.texts import quoted

_MOST = 12
_SECONDS = 2.0
_WORD = re.compile(r"[\w.-]*$")
_IN_TEXT = re.compile(
    r"(?P<before>[\w.\[\]]+)\s*(?:\(|=|!=|contains|beginswith|endswith|,|:)\s*"
    r"(?P<quote>[\"'])(?P<text>[^\"']*)$",
    re.IGNORECASE,
)
_EDGE = re.compile(r"edge\([^()]*$", re.IGNORECASE)
_KEYWORDS = (
    ("fault", "fault", "the root answered 5xx or threw"),
    ("error", "error", "the root answered 4xx"),
    ("throttle", "throttle", "429 anywhere"),
    ("ok", "ok", "none of these"),
    ("partial", "partial", "something is still in progress"),
    ("inferred", "inferred", "some services sent nothing"),
    ("responsetime", "responsetime > ", "seconds until the root answered"),
    ("duration", "duration > ", "seconds until the last segment ended"),
    ("http.status", "http.status = ", "of the root"),
    ("http.url", 'http.url CONTAINS "', "of the root"),
    ("http.method", 'http.method = "', "of the root"),
    ("http.useragent", 'http.useragent CONTAINS "', "of the root"),
    ("http.clientip", 'http.clientip = "', "of the root"),
    ("user", 'user = "', "of any segment"),
    ("service()", 'service("', "a service took part"),
    ("service() { }", "service() { fault }", "any service, narrowed"),
    ("edge()", 'edge("', "one service called another"),
    ("id()", 'id(name: "', "a node by name, type and account"),
    ("rootcause.fault.service", "rootcause.fault.service { ", "where faults began"),
    ("rootcause.fault.entity", "rootcause.fault.entity { ", "spans on the way to it"),
    ("rootcause.fault.exception", "rootcause.fault.exception { ", "what was thrown"),
    ("rootcause.error.service", "rootcause.error.service { ", "where errors began"),
    ("rootcause.responsetime.service", "rootcause.responsetime.service { ", "slow"),
    ("rootcause.responsetime.entity", "rootcause.responsetime.entity { ", "slow"),
    ("name", 'name = "', "a service, or what was thrown"),
    ("type", 'type = "', "such as AWS::Lambda::Function"),
    ("availabilityzone", 'availabilityzone = "', "of any segment"),
    ("instance.id", 'instance.id = "', "of any segment"),
    ("resource.arn", 'resource.arn = "', "of any segment"),
    ("group.name", 'group.name = "', "a group of X-Ray"),
    ("message", 'message CONTAINS "', "of an exception"),
    ("coverage", "coverage > ", "share of the root's time, 0 to 1"),
    ("last", "last", "the last of a list"),
    ("first", "first", "the first of a list"),
    ("root", "root", "the segment that was reached first"),
    ("remote", "remote", "a call to another service"),
    ("index", "index > ", "a place in a list"),
    ("AND", "AND ", ""),
    ("OR", "OR ", ""),
    ("NOT", "NOT ", ""),
)
_PATHS = {
    "service": "@service",
    "edge": "@service",
    "name": "@service",
    "type": "@type",
    "user": "user",
    "http.url": "http.request.url",
    "http.method": "http.request.method",
    "http.clientip": "http.request.client_ip",
    "http.useragent": "http.request.user_agent",
    "message": "cause.exceptions.message.keyword",
}
_ANNOTATIONS = "annotations."


def completions(
    before: str, reader: DocumentReader, scope: Scope, now: datetime
) -> Sequence[Completion]:
    """For the text before the cursor. Raises EngineUnavailable."""
    asked = SearchRequest(SPANS, now, scope=scope, seconds=_SECONDS)
    in_text = _IN_TEXT.search(before)
    if in_text is not None and before.count(in_text["quote"]) % 2:
        return _values(before, in_text, reader, asked)
    word = _WORD.search(before)
    typed = word[0] if word else ""
    start = len(before) - len(typed)
    found = [
        Completion(label, insert, start, note)
        for label, insert, note in _KEYWORDS
        if label.lower().startswith(typed.lower())
    ]
    if typed.lower().startswith("annotation"[: len(typed)]) and typed:
        found += _annotations(typed, start, reader)
    return found[:_MOST]


def _values(
    before: str,
    in_text: re.Match[str],
    reader: DocumentReader,
    asked: SearchRequest,
) -> list[Completion]:
    keyword = in_text["before"].lower()
    path = _PATHS.get("edge" if _EDGE.search(before) else keyword)
    if keyword.startswith("annotation"):
        key = in_text["before"].removeprefix("annotation").strip(".[]")
        path = _ANNOTATIONS + key
    if path is None:
        return []
    start = in_text.start("quote")
    return [
        Completion(value, quoted(value), start, f"{count:,}")
        for value, count in reader.values(asked, path, in_text["text"], _MOST)
    ]


def _annotations(typed: str, start: int, reader: DocumentReader) -> list[Completion]:
    known = sorted(
        path.removeprefix(_ANNOTATIONS)
        for path in reader.fields(SPANS)
        if path.startswith(_ANNOTATIONS)
    )
    labels = (f"annotation.{key}" for key in known)
    return [
        Completion(label, f"{label} = ", start, "an annotation")
        for label in labels
        if label.lower().startswith(typed.lower())
    ]
