"""Whether a trace is one that a filter expression asks for."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence

from apps.tracing.spans.span import ServiceKey
from apps.tracing.spans.span import Value as AnnotationValue
from apps.tracing.traces.filters.subjects import Subject, Values
from apps.tracing.traces.filters.syntax import (
    BOOLEANS,
    GROUPS,
    AllOf,
    AnyOf,
    CauseFilter,
    CausePaths,
    Condition,
    EdgeFilter,
    Node,
    NodeName,
    Not,
    ServiceFilter,
)

Groups = Mapping[tuple[str, str], Node]
"""Expressions of groups by `group.name` or `group.arn` and its value."""

NO_GROUPS: Groups = {}
_ORDERS: Mapping[str, Callable[[float, float], bool]] = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_TEXTS: Mapping[str, Callable[[str, str], bool]] = {
    "=": operator.eq,
    "CONTAINS": operator.contains,
    "BEGINSWITH": str.startswith,
    "ENDSWITH": str.endswith,
}


def matches(expression: Node, trace: Subject, groups: Groups = NO_GROUPS) -> bool:
    """Whether the trace is asked for. A group whose expression is not known has no
    traces, nor have groups within a group's expression."""
    return _Evaluation(trace, groups).holds(expression, trace.values)


class _Evaluation:
    def __init__(self, trace: Subject, groups: Groups) -> None:
        self._trace = trace
        self._groups = groups

    def holds(self, node: Node, values: Values) -> bool:
        if isinstance(node, AllOf):
            return all(self.holds(part, values) for part in node.parts)
        if isinstance(node, AnyOf):
            return any(self.holds(part, values) for part in node.parts)
        if isinstance(node, Not):
            return not self.holds(node.part, values)
        if isinstance(node, Condition):
            return self._condition(node, values)
        if isinstance(node, CausePaths):
            return self._paths(node)
        return any(
            node.inner is None or self.holds(node.inner, found)
            for found in self._places(node)
        )

    def _places(
        self, node: ServiceFilter | EdgeFilter | CauseFilter
    ) -> Iterable[Values]:
        """What the braces are held against."""
        trace = self._trace
        if isinstance(node, ServiceFilter):
            return (
                trace.segment_values(segment)
                for segment in trace.tree.segments
                if _is_named(segment.service, node.service)
            )
        if isinstance(node, EdgeFilter):
            return (
                trace.call_values(call)
                for source, target, call in trace.ways()
                if _is_named(source, node.source) and _is_named(target, node.target)
            )
        return trace.cause_values(node)

    def _condition(self, condition: Condition, values: Values) -> bool:
        if condition.keyword in GROUPS:
            group = self._groups.get((condition.keyword, str(condition.value)))
            inside = group is not None and matches(group, self._trace)
            return inside is (condition.operator == "=")
        return _holds(condition, values(condition.keyword))

    def _paths(self, node: CausePaths) -> bool:
        known = [
            cause.names for causes in self._trace.causes.values() for cause in causes
        ]
        if not node.operator:
            return bool(known)
        return any(path in known for path in node.paths) is (node.operator == "=")


def _is_named(service: ServiceKey, name: NodeName) -> bool:
    return (
        name.name in (None, service.name)
        and name.type in (None, service.type)
        and name.account in (None, service.account)
    )


def _holds(condition: Condition, values: Sequence[AnnotationValue]) -> bool:
    """Whether one value is as wanted; with != whether there is one, and none equals."""
    if not condition.operator:
        is_boolean = condition.keyword in BOOLEANS or any(v is False for v in values)
        return any(values) if is_boolean else bool(values)
    if condition.operator == "!=":
        return bool(values) and not any(_is_equal(v, condition.value) for v in values)
    return any(_compares(condition, value) for value in values)


def _is_equal(value: AnnotationValue, wanted: AnnotationValue) -> bool:
    """True is no 1 here, though it is in Python."""
    return isinstance(value, bool) is isinstance(wanted, bool) and value == wanted


def _compares(condition: Condition, value: AnnotationValue) -> bool:
    wanted = condition.value
    if isinstance(value, str) and isinstance(wanted, str):
        compare = _TEXTS.get(condition.operator)
        return compare is not None and compare(value, wanted)
    if isinstance(value, str) or isinstance(wanted, str):
        return False
    if isinstance(value, bool) or isinstance(wanted, bool):
        return condition.operator == "=" and value is wanted
    return condition.operator in _ORDERS and _ORDERS[condition.operator](value, wanted)
