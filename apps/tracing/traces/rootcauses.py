"""Root causes: the path through services and entities to what failed or was slow.

X-Ray does not document how it chooses the path. Here that of a failure ends at the
deepest span that failed, and that of a slow trace goes on into what took most of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from apps.tracing.spans.span import Outcome, ServiceKey, Span, SpanException
from apps.tracing.traces.tracetree import CALLS, TraceTree

_MOST_OF_IT = 0.5
_LONGEST = 100
_MOST_PATHS = 200


@dataclass(frozen=True, slots=True)
class CauseEntity:
    """A span on the way. `coverage`: its share of the root's response time, 0 to 1;
    None in causes of failures."""

    key: str
    name: str
    is_remote: bool
    coverage: float | None = None
    exceptions: tuple[SpanException, ...] = ()


@dataclass(frozen=True, slots=True)
class CauseService:
    service: ServiceKey
    is_inferred: bool
    entities: tuple[CauseEntity, ...]


@dataclass(frozen=True, slots=True)
class RootCause:
    """`reaches_client`: whether the root failed the same way."""

    services: tuple[CauseService, ...]
    reaches_client: bool

    @property
    def names(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        return tuple(
            (one.service.name, tuple(entity.name for entity in one.entities))
            for one in self.services
        )

    @property
    def guilty(self) -> CauseEntity:
        return self.services[-1].entities[-1]


def failures(tree: TraceTree, outcome: Outcome) -> list[RootCause]:
    """What led to faults, or to errors: a path for each deepest span that had one."""
    impacting = bool(tree.root.outcome & outcome)
    return [
        RootCause(_services(tree, path, None), impacting)
        for path in _failing_paths(tree, outcome)
    ]


def slowness(tree: TraceTree) -> RootCause | None:
    """Where the time of the root's answer went; None while something goes on."""
    whole = tree.root.duration_us
    if whole <= 0 or any(
        span.is_in_progress for span in tree.segments if not span.is_inferred
    ):
        return None
    path = [tree.root]
    while len(path) < _LONGEST and (beneath := tree.children(path[-1])):
        longest = max(beneath, key=lambda one: one.duration_us)
        if longest.duration_us / whole < _MOST_OF_IT:
            break
        path.append(longest)
    return RootCause(_services(tree, path, whole), reaches_client=True)


def blamed(tree: TraceTree) -> list[str]:
    """The keys of the spans on the way to where a trace went wrong, deepest first: to
    its first fault, else its first error, else what took most of its time."""
    causes = [*failures(tree, Outcome.FAULT), *failures(tree, Outcome.ERROR)]
    cause = causes[0] if causes else slowness(tree)
    if cause is None:
        return []
    entities = [one for service in cause.services for one in service.entities]
    return [one.key for one in reversed(entities)]


def _failing_paths(tree: TraceTree, outcome: Outcome) -> Iterator[list[Span]]:
    """From the root down, no deeper than a hundred spans."""
    guilty = _guilty(tree, outcome)
    found = 0
    for span in _under(tree, tree.root):
        if span.key not in guilty:
            continue
        found += 1
        if found > _MOST_PATHS:
            return
        yield _path(tree, span)


def _under(tree: TraceTree, top: Span) -> Iterator[Span]:
    waiting = [(top, 1)]
    while waiting:
        span, depth = waiting.pop()
        yield span
        if depth < _LONGEST:
            waiting += [(one, depth + 1) for one in reversed(tree.children(span))]


def _guilty(tree: TraceTree, outcome: Outcome) -> set[str]:
    """Those that failed while nothing beneath them did."""
    failed_beneath: set[str] = set()
    guilty: set[str] = set()
    for span in reversed(tree.spans):
        failed = bool(span.outcome & outcome)
        if failed and span.key not in failed_beneath:
            guilty.add(span.key)
        parent = tree.parent(span)
        if parent is not None and (failed or span.key in failed_beneath):
            failed_beneath.add(parent.key)
    return guilty


def _path(tree: TraceTree, span: Span) -> list[Span]:
    path: list[Span] = []
    at: Span | None = span
    while at is not None:
        path.append(at)
        at = tree.parent(at)
    return path[::-1]


def _services(
    tree: TraceTree, path: list[Span], whole_us: int | None
) -> tuple[CauseService, ...]:
    """The services of a path, each with its entities."""
    made: list[CauseService] = []
    last = ""
    for span in path:
        head = tree.head(span)
        entity = _entity(span, whole_us)
        if made and head.key == last:
            before = made[-1]
            made[-1] = CauseService(
                before.service, before.is_inferred, (*before.entities, entity)
            )
        else:
            made.append(CauseService(head.service, head.is_inferred, (entity,)))
        last = head.key
    return tuple(made)


def _entity(span: Span, whole_us: int | None) -> CauseEntity:
    coverage = None
    if whole_us is not None:
        coverage = round(min(span.duration_us / whole_us, 1.0), 2)
    exceptions = () if whole_us is not None else span.exceptions
    return CauseEntity(span.key, span.name, span.kind in CALLS, coverage, exceptions)
