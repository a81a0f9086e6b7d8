"""Event patterns: which events a rule is for.

A pattern is compiled to alternatives, each a set of paths with what their values must
be. An event is flattened to leaves; names are joined with dots on both sides, as
EventBridge does it. Two leaves hold together only if they are of the same element of
every array they share.

Source: EventBridge User Guide, "Creating event patterns"; event-ruler's README on
arrays and `$or`.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from sandbox.events import matchers
from sandbox.events.problems import BadPattern

Path = tuple[str, ...]
Alternative = Mapping[str, tuple[matchers.Entry, ...]]
Elements = Mapping[int, int]
"""Of which element a leaf is, by the array's number."""

_LEAST_ALTERNATIVES = 2
# Beyond what EventBridge takes in the lengths it allows.
_DEEPEST, _MOST_OBJECTS = 100, 300


@dataclass(frozen=True, slots=True)
class _Leaf:
    path: str
    value: Any
    elements: Elements


Leaves = Mapping[str, Sequence[_Leaf]]


@dataclass(frozen=True, slots=True)
class Pattern:
    """A compiled pattern: an event matches if one of the alternatives holds."""

    alternatives: tuple[Alternative, ...]

    def matches(self, event: Mapping[str, Any]) -> bool:
        return self.matches_leaves(flattened(event))

    def matches_leaves(self, leaves: Leaves) -> bool:
        """The same of an event that is flattened already, for many patterns."""
        return any(_holds(wanted, leaves) for wanted in self.alternatives)


def read(text: str) -> Pattern:
    """The pattern that JSON text is. Raises BadPattern."""
    try:
        written = orjson.loads(text)
    except ValueError as error:
        raise BadPattern("Filter is not valid JSON") from error
    if text.count("{") > _MOST_OBJECTS:
        raise BadPattern("Filter has too many objects")
    if not isinstance(written, dict):
        raise BadPattern("Filter is not an object")
    return Pattern(tuple(_object(written, "")))


def _object(written: Mapping[str, Any], path: str) -> list[Alternative]:
    if not written:
        raise BadPattern("Empty objects are not allowed")
    parts = [_field(name, value, path) for name, value in written.items()]
    return [_merged(chosen) for chosen in itertools.product(*parts)]


def _merged(chosen: Sequence[Alternative]) -> Alternative:
    merged: dict[str, tuple[matchers.Entry, ...]] = {}
    for one in chosen:
        for path in one:
            if path in merged:
                raise BadPattern(f"Path `{path}` cannot be allowed multiple times")
        merged.update(one)
    return merged


def _field(name: str, value: Any, parent: str) -> list[Alternative]:
    if name == "$or" and _is_or(value):
        return [one for written in value for one in _object(written, parent)]
    path = _join(parent, name)
    if isinstance(value, dict):
        return _object(value, path)
    if not isinstance(value, list):
        raise BadPattern(f'"{name}" must be an object or an array')
    if not value:
        raise BadPattern("Empty arrays are not allowed")
    return [{path: tuple(matchers.entry(item) for item in value)}]


def _join(parent: str, name: str) -> str:
    return f"{parent}.{name}" if parent else name


def _is_or(value: Any) -> bool:
    """Anything else under the name `$or` is a field of that name."""
    return (
        isinstance(value, list)
        and len(value) >= _LEAST_ALTERNATIVES
        and all(
            isinstance(one, dict) and one and not matchers.OPERATORS & set(one)
            for one in value
        )
    )


def flattened(event: Mapping[str, Any]) -> Leaves:
    leaves: dict[str, list[_Leaf]] = {}
    for leaf in _below(event, "", {}, itertools.count()):
        leaves.setdefault(leaf.path, []).append(leaf)
    return leaves


def _below(
    value: Any, path: str, elements: Elements, arrays: Iterator[int]
) -> Iterator[_Leaf]:
    if path.count(".") >= _DEEPEST:
        return
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from _below(item, _join(path, name), elements, arrays)
    elif isinstance(value, list):
        array = next(arrays)
        for at, item in enumerate(value):
            yield from _below(item, path, {**elements, array: at}, arrays)
    else:
        yield _Leaf(path, value, elements)


def _holds(wanted: Alternative, leaves: Leaves) -> bool:
    ways = []
    for path, entries in wanted.items():
        way = _ways(entries, leaves.get(path, ()))
        if not way:
            return False
        ways.append(way)
    return all(_fit_together(group, {}) for group in _sharing_arrays(ways))


def _sharing_arrays(ways: Sequence[list[Elements]]) -> list[list[list[Elements]]]:
    """Paths in groups that have no array in common: each group is met by itself, so
    that independent arrays do not multiply."""
    groups: list[tuple[set[int], list[list[Elements]]]] = []
    for way in ways:
        arrays = {array for elements in way for array in elements}
        joined = [way]
        apart = []
        for others, held in groups:
            if others & arrays:
                arrays, joined = arrays | others, joined + held
            else:
                apart.append((others, held))
        groups = [*apart, (arrays, joined)]
    return [sorted(held, key=len) for _, held in groups]


def _ways(entries: Sequence[matchers.Entry], leaves: Sequence[_Leaf]) -> list[Elements]:
    """The array elements by which a path can hold; one without any if it needs none."""
    if not leaves:
        is_met = any(isinstance(entry, matchers.Absent) for entry in entries)
        return [{}] if is_met else []
    tests = [entry for entry in entries if not isinstance(entry, matchers.Absent)]
    return [leaf.elements for leaf in leaves if any(t(leaf.value) for t in tests)]


def _fit_together(ways: Sequence[Sequence[Elements]], so_far: Elements) -> bool:
    if not ways:
        return True
    return any(
        _fit_together(ways[1:], {**so_far, **way})
        for way in ways[0]
        if all(so_far.get(array, at) == at for array, at in way.items())
    )
