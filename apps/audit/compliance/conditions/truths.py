"""True, false and unknown, and how they go together (Kleene's logic)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from apps.audit.compliance.places import Place


@dataclass(frozen=True, slots=True)
class Truth:
    """`is_so` is None where it is not known. `reason` is a part of a sentence about
    what was seen at `path`."""

    is_so: bool | None
    reason: str = ""
    path: str = ""


@dataclass(frozen=True, slots=True)
class Look:
    """What a condition is held against: a resource, or an element of a list in it."""

    root: Place
    now: datetime


Condition = Callable[[Look], Truth]


def all_of(told: Iterable[Truth]) -> Truth:
    """The first that is false; or else the first unknown; or else the first."""
    first = unknown = None
    for one in told:
        if one.is_so is False:
            return one
        first = first or one
        if one.is_so is None and unknown is None:
            unknown = one
    return unknown or first or Truth(is_so=True)


def any_of(told: Iterable[Truth]) -> Truth:
    first = unknown = None
    for one in told:
        if one.is_so:
            return one
        first = first or one
        if one.is_so is None and unknown is None:
            unknown = one
    return unknown or first or Truth(is_so=False)


def opposite(told: Truth) -> Truth:
    is_so = None if told.is_so is None else not told.is_so
    return Truth(is_so, told.reason, told.path)
