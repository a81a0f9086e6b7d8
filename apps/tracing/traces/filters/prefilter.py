"""What the summary of a trace must say for an expression to be able to hold.

A necessary condition: it may let others through, and drops no trace that matches.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from apps.tracing.traces.filters.syntax import (
    AllOf,
    AnyOf,
    CauseFilter,
    Condition,
    EdgeFilter,
    Node,
    Not,
    ServiceFilter,
)

_SLACK_MS = 1.0
_LONGEST_URL = 1_000
_LONGEST_METHOD = 20


@dataclass(frozen=True, slots=True)
class Compare:
    """A column of summaries. `operator`: = < <= > >= or begins."""

    column: str
    operator: str
    value: str | float | bool


@dataclass(frozen=True, slots=True)
class Every:
    parts: tuple[Need, ...]


@dataclass(frozen=True, slots=True)
class Either:
    parts: tuple[Need, ...]


Need = Compare | Every | Either

_SOME_FAILURE = Compare("has_failure", "=", value=True)
_TIMES = {"responsetime": "response_ms", "duration": "duration_ms"}
_FLAGS: Mapping[str, Need] = {
    "fault": Compare("has_fault", "=", value=True),
    # A throttle beside a fault is kept as the fault.
    "throttle": Either(
        (
            Compare("has_throttle", "=", value=True),
            Compare("has_failure", "=", value=True),
        )
    ),
    "partial": Compare("is_partial", "=", value=True),
    # What failed both ways is kept as a fault.
    "error": Either(
        (Compare("has_error", "=", value=True), Compare("has_fault", "=", value=True))
    ),
    "ok": Every(
        (
            Compare("has_fault", "=", value=False),
            Compare("has_error", "=", value=False),
        )
    ),
}
_NOT_FLAGS: Mapping[str, Need] = {"fault": Compare("has_fault", "=", value=False)}


def needed(node: Node) -> Need | None:
    """None where summaries tell nothing of it."""
    if isinstance(node, AllOf):
        known = [need for part in node.parts if (need := needed(part)) is not None]
        return Every(tuple(known)) if known else None
    if isinstance(node, AnyOf):
        each = [needed(part) for part in node.parts]
        sure = [need for need in each if need is not None]
        return Either(tuple(sure)) if len(sure) == len(each) else None
    if isinstance(node, Not):
        part = node.part
        if isinstance(part, Condition) and not part.operator:
            return _NOT_FLAGS.get(part.keyword)
        return None
    if isinstance(node, Condition):
        return _of_condition(node)
    return _SOME_FAILURE if _asks_for_failure(node) else None


def _asks_for_failure(node: Node | None) -> bool:
    """Whether it holds only where some span failed."""
    if isinstance(node, Condition):
        is_flag = node.keyword in ("fault", "error")
        return is_flag and (not node.operator or node.value is (node.operator == "="))
    if isinstance(node, AllOf):
        return any(_asks_for_failure(part) for part in node.parts)
    if isinstance(node, AnyOf):
        return all(_asks_for_failure(part) for part in node.parts)
    if isinstance(node, CauseFilter):
        return node.kind in ("fault", "error")
    return isinstance(node, ServiceFilter | EdgeFilter) and _asks_for_failure(
        node.inner
    )


def _of_condition(condition: Condition) -> Need | None:
    keyword = condition.keyword
    if keyword in _FLAGS:
        wanted = condition.value if condition.operator else True
        is_true = (wanted is True) is (condition.operator != "!=")
        return _FLAGS[keyword] if is_true else _NOT_FLAGS.get(keyword)
    if keyword in _TIMES:
        return _of_time(_TIMES[keyword], condition)
    of_http = _HTTP.get(keyword)
    return of_http(condition) if of_http else None


def _of_time(column: str, condition: Condition) -> Need | None:
    """Seconds there, milliseconds here: what is rounded is given some room."""
    value, operator = condition.value, condition.operator
    if isinstance(value, bool | str):
        return None
    lower = Compare(column, ">=", value * 1_000 - _SLACK_MS)
    upper = Compare(column, "<=", value * 1_000 + _SLACK_MS)
    if operator in (">", ">="):
        return lower
    if column == "duration_ms":  # which may also count what no segment waited for
        return lower if operator == "=" else None
    if operator in ("<", "<="):
        return upper
    return Every((lower, upper)) if operator == "=" else None


def _of_status(condition: Condition) -> Need | None:
    value, operator = condition.value, condition.operator
    if isinstance(value, bool | str):
        return None
    is_set = Compare("http_status", ">", 0)
    if operator in ("=", "<", "<=", ">", ">="):
        return Every((is_set, Compare("http_status", operator, value)))
    return is_set


def _of_text(column: str, longest: int) -> Callable[[Condition], Need | None]:
    """Columns are cut; beginnings that fit are in them."""

    def need(condition: Condition) -> Need | None:
        if condition.operator not in ("=", "BEGINSWITH"):
            return None
        return Compare(column, "begins", str(condition.value)[: longest // 2])

    return need


_HTTP: Mapping[str, Callable[[Condition], Need | None]] = {
    "http.status": _of_status,
    "http.url": _of_text("http_url", _LONGEST_URL),
    "http.method": _of_text("http_method", _LONGEST_METHOD),
}
