"""What sources of data rooms know, for rules that watch whether they fall silent.

Settings name the functions: ALERT_SOURCES, by dotted paths.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

from apps.search.engines.base import Scope


@dataclass(frozen=True, slots=True)
class Source:
    """Something that data comes from: `what` kind of source it is, one of the names
    under which the room offers it. `last_at`: when its newest data is of; None where
    there was none since `since`."""

    what: str
    name: str
    account: str
    region: str
    since: datetime
    last_at: datetime | None
    url: str
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sources:
    """The sources of one kind in a scope, by `read`; `title` is said of them all."""

    what: str
    title: str
    read: Callable[[Scope], Sequence[Source]]


SourceList: TypeAlias = tuple[Sources, ...]
