"""Paths into a resource: dotted, with [*] for every element of a list.

configuration.ipPermissions[*].fromPort, tags.team, tags["aws:stack.name"]
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from apps.audit.compliance.places import Place

_STEP = re.compile(r'\.?([^.\[\]"]+)|\[(\*|\d{1,5})\]|\["([^"]{1,300})"\]')
_LONGEST = 500
_MOST_STEPS = 30
_MOST_FOUND = 5_000
EVERY = object()


class PathInvalid(ValueError):
    """A path cannot be read; says why."""


@dataclass(frozen=True, slots=True)
class Path:
    """`steps` are names of members, positions in lists, or EVERY."""

    text: str
    steps: Sequence[object]

    @classmethod
    def read(cls, text: str) -> Path:
        """ "" and "." are the thing itself. Raises PathInvalid."""
        if text in ("", "."):
            return cls(text, ())
        if len(text) > _LONGEST:
            raise PathInvalid(f"A path has {_LONGEST} characters at most.")
        steps: list[object] = []
        at = 0
        while at < len(text):
            found = _STEP.match(text, at)
            if found is None or (at == 0 and text[0] == "."):
                raise PathInvalid(
                    f"{text!r} cannot be read from {text[at:][:40]!r} on."
                )
            name, position, quoted = found.groups()
            if position:
                steps.append(EVERY if position == "*" else int(position))
            else:
                steps.append(name or quoted)
            at = found.end()
        if len(steps) > _MOST_STEPS:
            raise PathInvalid(f"A path has {_MOST_STEPS} steps at most.")
        return cls(text, tuple(steps))

    @property
    def is_of_many(self) -> bool:
        return EVERY in self.steps

    def find(self, root: Place) -> Iterator[Place | None]:
        """What is there; None for each place where a step leads nowhere. An empty list
        has no elements: that is nothing, not None."""
        found: list[Place | None] = [root]
        for step in self.steps:
            found = [
                after
                for place in found
                for after in (_taken(place, step) if place else (None,))
            ][:_MOST_FOUND]
        return iter(found)


def _taken(place: Place, step: object) -> Iterator[Place | None]:
    held = place.value
    if isinstance(step, str):
        yield place.maybe(step)
    elif not isinstance(held, list | tuple):
        yield None
    elif isinstance(step, int):
        yield (Place(held[step], f"{place.path}[{step}]") if step < len(held) else None)
    else:
        for number, one in enumerate(held):
            yield Place(one, f"{place.path}[{number}]")
