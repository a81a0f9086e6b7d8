"""Texts that must stand in the outline of a trace for an expression to be able to hold.

A necessary condition, which is looked for before any span is read.
"""

from __future__ import annotations

from collections.abc import Iterator

import orjson

from apps.tracing.traces.filters.syntax import (
    ANNOTATION,
    TEXTS,
    AllOf,
    CauseFilter,
    Condition,
    EdgeFilter,
    Node,
    NodeName,
    ServiceFilter,
)

_CLIENT = "client"  # the type of nodes that no span names
_WITHIN = frozenset(("CONTAINS", "BEGINSWITH", "ENDSWITH"))


def needles(node: Node | None) -> list[bytes]:
    """As outlines write them, in JSON; none where nothing can be told."""
    return list(dict.fromkeys(_needles(node)))


def _needles(node: Node | None) -> Iterator[bytes]:
    if isinstance(node, AllOf):
        for part in node.parts:
            yield from _needles(part)
    elif isinstance(node, ServiceFilter):
        yield from _of_name(node.service)
        yield from _needles(node.inner)
    elif isinstance(node, EdgeFilter):
        yield from _of_name(node.source)
        yield from _of_name(node.target)
        yield from _needles(node.inner)
    elif isinstance(node, CauseFilter):
        yield from _needles(node.inner)
    elif isinstance(node, Condition):
        yield from _of_condition(node)


def _of_name(name: NodeName) -> Iterator[bytes]:
    for part in (name.name, name.account, name.type if name.type != _CLIENT else None):
        if part:
            yield from _written(part)


def _of_condition(condition: Condition) -> Iterator[bytes]:
    keyword, value = condition.keyword, condition.value
    if keyword.startswith(ANNOTATION):
        yield from _written(keyword.removeprefix(ANNOTATION))
    elif keyword not in TEXTS:
        return
    if isinstance(value, str) and value:
        if condition.operator == "=":
            yield from _written(value)
        elif condition.operator in _WITHIN:
            yield from (text[1:-1] for text in _written(value))


def _written(text: str) -> Iterator[bytes]:
    """Nothing for half a character, which no outline can hold as it is."""
    try:
        yield orjson.dumps(text)
    except orjson.JSONEncodeError:
        return
