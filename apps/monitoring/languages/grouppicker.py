"""Log groups to choose from: those that have lines here, and those AWS has."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils import timezone

from apps.discovery.models import User
from apps.monitoring.kinds import LOGS
from apps.monitoring.languages.running import GROUP
from apps.monitoring.models import LogGroup
from apps.search import store
from apps.search.engines.base import EngineUnavailable, QueryTooBroad, SearchRequest
from apps.search.explorestate import ExploreState

SHOWN = 50
_STORED = 1_000
_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Choice:
    """A log group by name; `is_stored`: whether any line of it is here."""

    name: str
    is_chosen: bool
    is_stored: bool


@dataclass(frozen=True, slots=True)
class Choices:
    """Groups to choose; `more` others fit what was typed."""

    shown: Sequence[Choice]
    more: int

    @property
    def is_empty(self) -> bool:
        return not self.shown


def choices(viewer: User, chosen: Sequence[str], typed: str) -> Choices:
    """The chosen groups, and those whose name contains what was typed."""
    stored, wanted = _stored(viewer), typed.strip().lower()
    known = LogGroup.objects.visible_to(viewer).filter(gone_at=None)
    if wanted:
        known = known.filter(name__icontains=wanted)
    names = set(known.values_list("name", flat=True).distinct())
    names |= {name for name in stored if wanted in name.lower()}
    found = sorted(names - set(chosen), key=lambda name: (name not in stored, name))
    first = [Choice(name, is_chosen=True, is_stored=name in stored) for name in chosen]
    rest = [
        Choice(name, is_chosen=False, is_stored=name in stored)
        for name in found[:SHOWN]
    ]
    return Choices([*first, *rest], max(0, len(found) - SHOWN))


def _stored(viewer: User) -> frozenset[str]:
    scope = ExploreState().scope(viewer.visible_accounts())
    question = SearchRequest(LOGS, timezone.now(), scope=scope, seconds=_SECONDS)
    try:
        facet = store.reader().facets(question, [GROUP], _STORED).by_path[GROUP]
    except (EngineUnavailable, QueryTooBroad):
        return frozenset()
    return frozenset(name for name, _ in facet.values)
