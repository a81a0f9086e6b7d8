"""How often documents match a query: lines, events, spans, configuration items."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.urls import reverse
from django.utils.module_loading import import_string

from apps.discovery.alerthooks import (
    ConditionInvalid,
    ConditionUnavailable,
    Early,
    Parameter,
    Periods,
    Question,
    Reading,
)
from apps.discovery.models import Account
from apps.search import store
from apps.search.engines.base import (
    TOTAL_SERIES,
    QueryTooBroad,
    Scope,
    SearchRequest,
)
from apps.search.language import escaped_field, parse, quoted
from apps.search.syntax import QuerySyntaxError
from apps.search.timerange import TimeRange, rfc3339

_SECONDS = 10.0
_MOST_GROUPS = 200
_MOST_ACCOUNTS = 30
_MOST_QUERY = 4_000
_LONGEST_WINDOW = 7 * 86_400
_MOST_BUCKETS = 1_900
# How long documents of a kind may take to be stored, in seconds: CloudTrail delivers
# within 15 minutes or so, and what streams within a few.
_TAKES = {"trail": 900, "config": 300}
_TAKES_OTHERS = 120
_ACCOUNT_FIELDS = ("@account", "recipientAccountId", "awsAccountId")


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question with its parameters read."""

    request: SearchRequest
    query: str
    by: str
    window: int
    periods: Periods
    known: frozenset[str]


class DocumentFrequency:
    kind = "documents"
    title = "Documents match a query, so and so often"
    about = (
        "How many log lines, CloudTrail events or spans match a query within a time, "
        "in all or for each value of a field."
    )
    unit = "count"
    absent = 0.0

    @property
    def form(self) -> tuple[Parameter, ...]:
        kinds = tuple((one.name, one.title) for one in store.kinds().values())
        return (
            Parameter("documents", "Documents", kind="text", choices=kinds),
            Parameter(
                "query",
                "Query",
                "As in Explore, such as @level:ERROR AND timeout.",
                kind="long",
                is_required=False,
            ),
            Parameter(
                "by",
                "For each value of",
                "A field, such as @logGroup: each of its values is watched on its own. "
                "Empty: all together.",
                is_required=False,
            ),
            Parameter(
                "window_seconds",
                "Counted over, in seconds",
                "How far back each count reaches. Empty: one period.",
                kind="number",
                is_required=False,
            ),
        )

    def check(self, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        documents = str(parameters.get("documents") or "")
        if documents not in store.kinds():
            known = ", ".join(store.kinds())
            raise ConditionInvalid("documents", f"There are {known}.")
        query = str(parameters.get("query") or "").strip()
        if len(query) > _MOST_QUERY:
            raise ConditionInvalid("query", f"At most {_MOST_QUERY:,} characters.")
        try:
            parse(query)
        except QuerySyntaxError as error:
            raise ConditionInvalid("query", str(error)) from error
        return {
            "documents": documents,
            "query": query,
            "by": str(parameters.get("by") or "").strip()[:200],
            "window_seconds": _window(parameters),
        }

    def unit_of(self, parameters: Mapping[str, Any]) -> str:
        del parameters
        return "Count"

    def say(self, parameters: Mapping[str, Any]) -> str:
        kind = store.kind_named(parameters["documents"])
        said = f"{kind.many} that match {parameters['query']}"
        said = said if parameters["query"] else f"all {kind.many}"
        return f"{said} by {parameters['by']}" if parameters["by"] else said

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
        return [_answer(one) for one in questions]


def _window(parameters: Mapping[str, Any]) -> int:
    given = parameters.get("window_seconds") or 0
    try:
        seconds = int(given)
    except (TypeError, ValueError):
        seconds = -1
    if not 0 <= seconds <= _LONGEST_WINDOW:
        raise ConditionInvalid(
            "window_seconds", "Write a number of seconds, a week at most."
        )
    return seconds


def _answer(question: Question) -> Sequence[Reading] | ConditionUnavailable:
    """Each account by itself, so that what is found belongs to one."""
    accounts = _accounts(question)
    if not accounts[1:]:
        return _of_scope(question, "")
    found: list[Reading] = []
    for account in accounts:
        place = f"{account}/"
        known = {
            one.removeprefix(place) for one in question.keys if one.startswith(place)
        }
        scope = Scope(frozenset([account]), question.scope.regions)
        asked = replace(question, scope=scope, keys=frozenset(known))
        answer = _of_scope(asked, place)
        if isinstance(answer, ConditionUnavailable):
            return answer
        found += answer
    return found


def _accounts(question: Question) -> list[str]:
    """The accounts to count in; none where all are counted together."""
    if question.parameters["by"] in _ACCOUNT_FIELDS:
        return []
    if question.scope.accounts is not None:
        return sorted(question.scope.accounts)
    numbers = Account.objects.order_by("number").values_list("number", flat=True)
    found = list(numbers[: _MOST_ACCOUNTS + 1])
    return found if len(found) <= _MOST_ACCOUNTS else []


def _of_scope(
    question: Question, place: str
) -> Sequence[Reading] | ConditionUnavailable:
    asked = _asked(question)
    try:
        counts = _by_group(asked) if asked.by else _together(asked)
    except QueryTooBroad as error:
        return ConditionUnavailable(str(error))
    if isinstance(counts, ConditionUnavailable):
        return counts
    late = _late(question)
    return [
        replace(one, key=f"{place}{one.key}")
        for one in (_reading(asked, name, some, late) for name, some in counts.items())
    ]


def _asked(question: Question) -> _Asked:
    """What is counted begins a window before the first period."""
    parameters, periods = question.parameters, question.periods
    window = max(1, -(-parameters["window_seconds"] // periods.seconds))
    before = timedelta(seconds=(window - 1) * periods.seconds)
    request = SearchRequest(
        kind=store.kind_named(parameters["documents"]),
        now=periods.until,
        query=parse(parameters["query"]),
        range=TimeRange(periods.since - before, periods.until),
        scope=question.scope,
        seconds=_SECONDS,
    )
    return _Asked(
        request, parameters["query"], parameters["by"], window, periods, question.keys
    )


def _together(
    asked: _Asked,
) -> dict[str, tuple[float, ...]] | ConditionUnavailable:
    found = _in_all(asked)
    return found if isinstance(found, ConditionUnavailable) else {"": found}


def _in_all(asked: _Asked) -> tuple[float, ...] | ConditionUnavailable:
    """Counts of each period, as many more before them as a window has."""
    count = asked.periods.count + asked.window - 1
    if count > _MOST_BUCKETS:
        return ConditionUnavailable("That is too long for periods so short.")
    step = asked.periods.seconds * 1_000
    found = store.reader().histogram(asked.request, step)
    if found.partial:
        return ConditionUnavailable(found.partial)
    by_start = dict(zip(found.starts_ms, found.series[TOTAL_SERIES], strict=True))
    first = asked.request.range.since_ms
    return tuple(float(by_start.get(first + at * step, 0)) for at in range(count))


def _by_group(
    asked: _Asked,
) -> dict[str, tuple[float, ...]] | ConditionUnavailable:
    """Counts by value: of the most frequent values of each period."""
    step = timedelta(seconds=asked.periods.seconds)
    count = asked.periods.count + asked.window - 1
    columns: list[dict[str, int]] = []
    for at in range(count):
        since = asked.request.range.since + at * step
        request = SearchRequest(
            asked.request.kind,
            asked.request.now,
            asked.request.query,
            TimeRange(since, since + step),
            asked.request.scope,
            seconds=_SECONDS,
        )
        found = store.reader().facets(request, [asked.by], _MOST_GROUPS)
        if found.partial:
            return ConditionUnavailable(found.partial)
        columns.append(dict(found.by_path[asked.by].values))
    names = dict.fromkeys([name for one in columns for name in one])
    names |= dict.fromkeys(sorted(asked.known))
    return {name: tuple(float(one.get(name, 0)) for one in columns) for name in names}


def _reading(
    asked: _Asked, name: str, counts: Sequence[float], late: int | None
) -> Reading:
    values = tuple(
        sum(counts[at : at + asked.window]) for at in range(asked.periods.count)
    )
    kind = asked.request.kind
    said = f"{kind.many} of {asked.by} {name}" if asked.by else kind.many
    accounts, regions = asked.request.scope.accounts, asked.request.scope.regions
    return Reading(
        key=name,
        values=values,
        text=f"{said[0].upper()}{said[1:]} that match" if asked.query else said,
        url=_url(asked, name),
        account=name if asked.by in _ACCOUNT_FIELDS else _only(accounts),
        region=_only(regions),
        labels=_labels(asked.by, name),
        late=late,
        early=Early.UP,
    )


def _only(names: frozenset[str] | None) -> str:
    return next(iter(names)) if names and len(names) == 1 else ""


def _labels(by: str, name: str) -> dict[str, str]:
    if not by:
        return {}
    about = {"@logGroup": "resource", "@resource": "resource", "service": "service"}
    found = {"group": name}
    return found | ({about[by]: name} if by in about else {})


def _url(asked: _Asked, name: str) -> str:
    query = f"({asked.query})" if asked.query and asked.by else asked.query
    if asked.by:
        query = f"{query} {escaped_field(asked.by)}:{quoted(name)}".strip()
    parameters = {"q": query}
    parameters["since"] = rfc3339(asked.request.range.since)
    parameters["until"] = rfc3339(asked.periods.until)
    path = reverse("explore", args=[asked.request.kind.name])
    return f"{path}?{urlencode(parameters)}"


def _late(question: Question) -> int | None:
    """The first period of which documents may still come: as late as is usual, or
    since when their collector has not read."""
    documents, periods = question.parameters["documents"], question.periods
    now = question.now
    complete = now - timedelta(seconds=_TAKES.get(documents, _TAKES_OTHERS))
    known = known_until(documents, question.scope, now)
    if known is not None:
        complete = min(complete, known)
    late = int((complete - periods.since).total_seconds() // periods.seconds)
    return max(0, late) if late < periods.count else None


def known_until(documents: str, scope: Scope, now: datetime) -> datetime | None:
    """Until when documents of a kind were collected everywhere in the scope; None
    where no collector is charged with it, or no room says."""
    path = settings.DOCUMENTS_KNOWN_UNTIL.get(documents)
    if path is None:
        return None
    found: datetime | None = import_string(path)(scope, now)
    return None if found is None else found.astimezone(UTC)


CONDITION = DocumentFrequency()
