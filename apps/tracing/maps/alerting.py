"""The service map as something that alert rules watch: nodes, or edges between them."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import urlencode

from django.db.models import Max, Min
from django.urls import reverse

from apps.discovery.alerthooks import (
    ConditionInvalid,
    ConditionUnavailable,
    Parameter,
    Periods,
    Question,
    Reading,
)
from apps.search.engines.base import Scope
from apps.search.timerange import rfc3339
from apps.tracing.collecting.windows import SETTLE
from apps.tracing.maps.counting import NO_FIGURES
from apps.tracing.maps.parts import DAY, HOUR, MINUTE, of_edge, of_node
from apps.tracing.maps.picture import node_id
from apps.tracing.maps.servicemap import CLIENT, Figures
from apps.tracing.maps.tallies import Tally, merged, unpacked
from apps.tracing.models import MapChunk, SeenEdge, SeenNode, TraceScope
from apps.tracing.spans.span import ServiceKey

_MEASURES = (
    ("faults", "Share of calls that fail, in % (5xx)"),
    ("failures", "Share of calls that fail or err, in % (4xx and 5xx)"),
    ("p50", "Latency, 50th percentile, in ms"),
    ("p90", "Latency, 90th percentile, in ms"),
    ("p95", "Latency, 95th percentile, in ms"),
    ("p99", "Latency, 99th percentile, in ms"),
    ("calls", "Calls in a period"),
)
_FRACTIONS = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99}
_MOST_PARTS = 500
_MOST_NAME = 200
# A trace may be updated for a while after it began: by then it mostly is complete.
_COMPLETE_AFTER = 2 * SETTLE
# An X-Ray region that is further behind does not hold up the others any more.
_HELD_UP_FOR = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class _Part:
    """A node, or an edge with its caller, by its number in chunks."""

    number: int
    target: ServiceKey
    caller: ServiceKey | None = None

    @property
    def key(self) -> str:
        of = node_id(self.target)
        return of if self.caller is None else f"{node_id(self.caller)} -> {of}"

    @property
    def text(self) -> str:
        if self.caller is None:
            return self.target.name
        return f"{self.caller.name} → {self.target.name}"


class ServiceHealth:
    kind = "map"
    title = "A service fails or is slow"
    about = (
        "Error rates and latencies of the service map: of a service, or of the calls "
        "from one to another."
    )
    unit = ""
    absent = None
    form = (
        Parameter(
            "of",
            "Of",
            choices=(("node", "Services"), ("edge", "Calls between services")),
            default="node",
        ),
        Parameter(
            "service",
            "Service",
            "Its name; * stands for any letters. Each that matches is watched on its "
            "own.",
            default="*",
        ),
        Parameter(
            "caller",
            "Called by",
            "For calls between services: the name of the caller.",
            default="*",
            is_required=False,
        ),
        Parameter("measure", "Measure", choices=_MEASURES, default="faults"),
        Parameter(
            "at_least",
            "With at least so many calls",
            "A period with fewer calls counts as one without data.",
            kind="number",
            default="10",
            is_required=False,
        ),
    )

    def check(self, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        of, measure = parameters.get("of") or "node", parameters.get("measure")
        if of not in ("node", "edge"):
            raise ConditionInvalid("of", "Write node or edge.")
        if measure not in dict(_MEASURES):
            known = ", ".join(dict(_MEASURES))
            raise ConditionInvalid("measure", f"There are {known}.")
        return {
            "of": of,
            "service": str(parameters.get("service") or "*").strip()[:_MOST_NAME],
            "caller": str(parameters.get("caller") or "*").strip()[:_MOST_NAME],
            "measure": measure,
            "at_least": _at_least(parameters),
        }

    def unit_of(self, parameters: Mapping[str, Any]) -> str:
        if parameters["measure"] == "calls":
            return "Count"
        return "Milliseconds" if parameters["measure"] in _FRACTIONS else "Percent"

    def say(self, parameters: Mapping[str, Any]) -> str:
        measure = dict(_MEASURES)[parameters["measure"]]
        of = parameters["service"]
        if parameters["of"] == "edge":
            return f"{measure}: calls from {parameters['caller']} to {of}"
        return f"{measure}: service {of}"

    def read(
        self, parameters: Mapping[str, Any], periods: Periods, scope: Scope
    ) -> Sequence[Reading]:
        [found] = self.read_many([Question(parameters, periods, scope, periods.until)])
        if isinstance(found, ConditionUnavailable):
            raise found
        return found

    def read_many(
        self, questions: Sequence[Question]
    ) -> Sequence[Sequence[Reading] | ConditionUnavailable]:
        """Nodes and edges are read once, and each minute of the map once for all."""
        parts = list(_parts())
        counts: dict[int, _Counts] = {}
        for seconds in {one.periods.seconds for one in questions}:
            some = [one.periods for one in questions if one.periods.seconds == seconds]
            since = min(one.since for one in some)
            counts[seconds] = _Counts.over(
                since, max(one.until for one in some), seconds
            )
        return [_answer(one, parts, counts[one.periods.seconds]) for one in questions]


def _at_least(parameters: Mapping[str, Any]) -> int:
    try:
        count = int(float(parameters.get("at_least") or 0))
    except (TypeError, ValueError, OverflowError):
        count = -1
    if count < 0:
        raise ConditionInvalid("at_least", "Write a number of calls.")
    return count


def _parts() -> Iterator[_Part]:
    rows = SeenNode.objects.all()
    keys = {row.pk: ServiceKey(row.account, row.type, row.name) for row in rows}
    for pk, key in keys.items():
        if key.type != CLIENT:
            yield _Part(of_node(pk), key)
    edges = SeenEdge.objects.values_list("pk", "source_id", "target_id")
    for pk, source, target in edges:
        if source in keys and target in keys:
            yield _Part(of_edge(pk), keys[target], keys[source])


class _Counts:
    """Figures of every part by the period that they were counted in."""

    def __init__(self, since_s: int, seconds: int, known_since_s: int) -> None:
        self._since_s, self._seconds = since_s, seconds
        self.known_since_s = known_since_s
        self._figures: dict[int, Mapping[int, Figures]] = {}

    @classmethod
    def over(cls, since: datetime, until: datetime, seconds: int) -> _Counts:
        """Of the fewest chunks that periods are made up of."""
        unit = next(one for one in (DAY, HOUR, MINUTE) if seconds % one == 0)
        since_s, until_s = int(since.timestamp()), int(until.timestamp())
        chunks = MapChunk.objects.filter(period_seconds=unit)
        first = chunks.aggregate(first=Min("began_s"))["first"]
        rows = chunks.filter(began_s__gte=since_s, began_s__lt=until_s)
        tallies: defaultdict[int, list[Tally]] = defaultdict(list)
        for began, held in rows.values_list("began_s", "packed").iterator():
            tallies[(began - since_s) // seconds].append(unpacked(bytes(held)))
        made = cls(since_s, seconds, until_s if first is None else first)
        made._figures = {at: merged(some).figures_of() for at, some in tallies.items()}
        return made

    def of(self, part: int, periods: Periods) -> list[Figures | None]:
        """None before the first that is kept."""
        begin = int(periods.since.timestamp())
        first = (begin - self._since_s) // self._seconds
        found: list[Figures | None] = []
        for at in range(first, first + periods.count):
            is_known = begin + (at - first + 1) * self._seconds > self.known_since_s
            figures = self._figures.get(at, {}).get(part, NO_FIGURES)
            found.append(figures if is_known else None)
        return found


def _answer(
    asked: Question, parts: Sequence[_Part], counts: _Counts
) -> Sequence[Reading] | ConditionUnavailable:
    until = int(asked.periods.until.timestamp())
    if until <= counts.known_since_s:
        return ConditionUnavailable("No traces are kept of that time.")
    found = [one for one in parts if _is_meant(one, asked)][:_MOST_PARTS]
    if not found:
        return ConditionUnavailable("The service map knows nothing of this name.")
    late = _late(asked)
    return [_reading(one, asked, counts, late) for one in found]


def _is_meant(part: _Part, asked: Question) -> bool:
    wanted = asked.parameters
    if (part.caller is not None) != (wanted["of"] == "edge"):
        return False
    if part.caller and not fnmatchcase(part.caller.name, wanted["caller"]):
        return False
    accounts = asked.scope.accounts
    own = {part.target.account, part.caller.account if part.caller else ""}
    is_seen = accounts is None or bool(own & accounts)
    return is_seen and fnmatchcase(part.target.name, wanted["service"])


def _reading(
    part: _Part, asked: Question, counts: _Counts, late: int | None
) -> Reading:
    measure, least = asked.parameters["measure"], asked.parameters["at_least"]
    values = tuple(
        math.nan if figures is None else _measured(figures, measure, least)
        for figures in counts.of(part.number, asked.periods)
    )
    caller = part.caller
    about = part.target.account or (caller.account if caller else "")
    labels = {"service": part.target.name, "type": part.target.type}
    return Reading(
        key=part.key,
        values=values,
        text=part.text,
        url=_url(part, asked.periods),
        account=about,
        labels=labels | ({"caller": caller.name} if caller else {}),
        late=late,
    )


def _measured(figures: Figures, measure: str, least: int) -> float | None:
    """None where there were too few calls to tell."""
    if measure == "calls":
        return float(figures.calls)
    if not figures.calls or figures.calls < least:
        return None
    if measure in _FRACTIONS:
        return figures.percentile_ms(_FRACTIONS[measure])
    bad = figures.faults if measure == "faults" else figures.failures
    return 100 * bad / figures.calls


def _url(part: _Part, periods: Periods) -> str:
    since = periods.until - timedelta(hours=1)
    query = {
        "select": part.key,
        "since": rfc3339(since),
        "until": rfc3339(periods.until),
    }
    return f"{reverse('service-map')}?{urlencode(query)}"


def _late(asked: Question) -> int | None:
    """The first period whose traces may still come, or be updated."""
    complete = asked.now - _COMPLETE_AFTER
    known = known_until(asked.scope, asked.now)
    if known is not None:
        complete = min(complete, known)
    periods = asked.periods
    late = int((complete - periods.since).total_seconds() // periods.seconds)
    return max(0, late) if late < periods.count else None


def known_until(scope: Scope, now: datetime) -> datetime | None:
    """Until when traces were read everywhere in the scope that X-Ray is read in; None
    where it is read nowhere, for then they are sent to us."""
    rows = TraceScope.objects.filter(is_enabled=True, account__is_connected=True)
    if scope.accounts is not None:
        rows = rows.filter(account__in=scope.accounts)
    if scope.regions is not None:
        rows = rows.filter(region__in=scope.regions)
    newest = rows.values_list("pk").annotate(Max("coverage__until")).order_by()
    reached = [until for _, until in newest if until is not None]
    return min((one for one in reached if one > now - _HELD_UP_FOR), default=None)


CONDITION = ServiceHealth()
