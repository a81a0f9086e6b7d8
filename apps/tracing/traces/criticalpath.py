"""The critical path: at every moment, what the answer was waiting for.

From the end of the root backwards: what ended last held up its parent, until it
began; before that the parent worked by itself, or the child before held it up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from apps.tracing.spans.span import Span
from apps.tracing.traces.tracetree import TraceTree

Interval = tuple[int, int]
"""Begin and end in microseconds since 1970."""


@dataclass(slots=True)
class _Frame:
    """A span that is walked from `at` back to its begin; `waiting` are children that
    ended within, the last one at the end."""

    span: Span
    begin: int
    at: int
    waiting: list[tuple[int, int, Span]] = field(default_factory=list)


def critical_path(
    tree: TraceTree, intervals: Mapping[str, Interval]
) -> dict[str, list[Interval]]:
    """The stretches of each span on the critical path, earliest first."""
    found: dict[str, list[Interval]] = {}
    root = tree.root
    begin, end = intervals[root.key]
    frames = [_frame(tree, intervals, root, (begin, end))]
    while frames:
        frame = frames[-1]
        child = _held_up_by(frame)
        if child is None:
            _note(found, frame.span, frame.begin, frame.at)
            frames.pop()
            continue
        until, _, span = child
        _note(found, frame.span, until, frame.at)
        start = max(intervals[span.key][0], frame.begin)
        frame.at = start
        frames.append(_frame(tree, intervals, span, (start, until)))
    for stretches in found.values():
        stretches.reverse()
    return found


def _frame(
    tree: TraceTree, intervals: Mapping[str, Interval], span: Span, within: Interval
) -> _Frame:
    begin, end = within
    waiting = []
    for child in tree.children(span):
        start, stop = intervals[child.key]
        if not child.is_inferred and start < end and stop > begin:
            waiting.append((min(stop, end), start, child))
    waiting.sort(key=lambda one: one[:2])
    return _Frame(span, begin, end, waiting)


def _held_up_by(frame: _Frame) -> tuple[int, int, Span] | None:
    """The child that ended last before the moment one is at."""
    while frame.waiting:
        until, start, span = frame.waiting.pop()
        if until <= frame.at and start < until:
            return until, start, span
    return None


def _note(found: dict[str, list[Interval]], span: Span, begin: int, end: int) -> None:
    if end > begin:
        found.setdefault(span.key, []).append((begin, end))
