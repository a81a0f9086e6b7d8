"""GetMetricData: pages of points for up to five hundred queries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.cloudwatch import paging, periods
from sandbox.cloudwatch.evaluation import MOST_PERIODS, Evaluation, Range
from sandbox.cloudwatch.labels import Labels
from sandbox.cloudwatch.mathvalues import Series
from sandbox.cloudwatch.paging import Page, Slots
from sandbox.cloudwatch.queries import (
    Queries,
    Query,
    needed,
    period_of,
    read,
    refused,
)
from sandbox.cloudwatch.store import MetricStore
from sandbox.kernel.calls import Answer, Call

_MOST_POINTS = 100_800
_PARTIAL_MESSAGE = {
    "Code": "InternalError",
    "Value": "Some of the data could not be read. Try again.",
}
_FORBIDDEN_MESSAGE = {
    "Code": "Forbidden",
    "Value": "This account has no link to the account of the metric.",
}

_Found = Mapping[str, list[Series]]


@dataclass(frozen=True, slots=True)
class _Asked:
    """Queries over a range; `step` is -1 where the newest points come first."""

    queries: Queries
    when: Range
    most: int
    step: int

    @property
    def returned(self) -> list[Query]:
        return [query for query in self.queries.values() if query.is_returned]

    @property
    def has_expressions(self) -> bool:
        return any(query.expression is not None for query in self.queries.values())


def get_metric_data(store: MetricStore, call: Call) -> Answer:
    parameters = call.parameters
    asked = _asked(parameters, call)
    token = parameters.get("NextToken")
    if asked.has_expressions:
        # AWS gives no token where there are expressions: what fits is all there is.
        every = _found(Evaluation(store, call.place, asked.queries, asked.when), asked)
        found = paging.cut(every, asked.most, asked.step)
        is_whole, following = found is every, None
    else:
        page = _page(asked, token)
        names = (query.id for query in asked.returned)
        parts = dict(zip(names, page.parts, strict=True))
        evaluation = Evaluation(store, call.place, asked.queries, asked.when, parts)
        found, following = _found(evaluation, asked), page.following
        is_whole = following is None
    zone = (parameters.get("LabelOptions") or {}).get("Timezone", "+0000")
    status = "Complete" if is_whole else "PartialData"
    results = _Results(asked, call.account, status, Labels(call.region, zone))
    answer = {"MetricDataResults": results.of(found), "Messages": []}
    return (
        answer
        if following is None
        else {**answer, "NextToken": paging.token(following)}
    )


def _asked(parameters: Mapping[str, Any], call: Call) -> _Asked:
    queries = read(parameters["MetricDataQueries"], call.account)
    start, end = parameters["StartTime"], parameters["EndTime"]
    if not periods.is_time(start) or not periods.is_time(end) or start >= end:
        raise refused(
            "The parameter StartTime must be less than the parameter EndTime."
        )
    for query in queries.values():
        if query.expression is not None:
            _check_periods(query, queries, end - start)
    most = parameters.get("MaxDatapoints", _MOST_POINTS)
    if most < 1:
        raise refused("The parameter MaxDatapoints must be greater than 0.")
    step = 1 if parameters.get("ScanBy") == "TimestampAscending" else -1
    when = Range(start, end, call.now)
    return _Asked(queries, when, min(most, _MOST_POINTS), step)


def _check_periods(query: Query, queries: Queries, seconds: float) -> None:
    """Expressions make points of nothing, returned or not: they are bounded."""
    if seconds / period_of(query, queries) > MOST_PERIODS:
        raise refused(
            f"The range has more than {MOST_PERIODS} periods of the expression "
            f"'{query.id}'. Ask for longer periods or a shorter range."
        )


def _page(asked: _Asked, token: str | None) -> Page:
    lengths = [period_of(query, asked.queries) for query in asked.returned]
    slots = Slots([(asked.when.whole(length), length) for length in lengths])
    after = paging.cursor(token) if token else None
    return slots.page(asked.most, after, asked.step)


def _found(evaluation: Evaluation, asked: _Asked) -> _Found:
    return {query.id: evaluation.series(query) for query in asked.returned}


def partial(answer: Answer) -> Answer:
    """The answer as it is when a part of AWS failed: half the points of each series."""
    results = [
        {
            **result,
            "Timestamps": result["Timestamps"][: len(result["Timestamps"]) // 2],
            "Values": result["Values"][: len(result["Values"]) // 2],
            "StatusCode": "PartialData",
            "Messages": [_PARTIAL_MESSAGE],
        }
        for result in answer["MetricDataResults"]
    ]
    return {**answer, "MetricDataResults": results}


class _Results:
    def __init__(
        self, asked: _Asked, account: str, status: str, labels: Labels
    ) -> None:
        self._asked, self._account = asked, account
        self._status, self._labels = status, labels

    def of(self, found: _Found) -> list[dict[str, Any]]:
        results: list[dict[str, Any]] = []
        for query in self._asked.returned:
            if self._is_forbidden(query):
                results.append(self._forbidden(query))
            else:
                results += self._of_query(query, found[query.id])
        return results

    def _is_forbidden(self, query: Query) -> bool:
        return any(
            one.stat is not None and one.stat.account != self._account
            for one in needed(query, self._asked.queries)
        )

    def _forbidden(self, query: Query) -> dict[str, Any]:
        name = query.stat.key.name if query.stat else query.id
        return {
            "Id": query.id,
            "Label": query.label or name,
            "Timestamps": [],
            "Values": [],
            "StatusCode": "Forbidden",
            "Messages": [_FORBIDDEN_MESSAGE],
        }

    def _of_query(self, query: Query, series: Sequence[Series]) -> list[dict[str, Any]]:
        step = self._asked.step
        return [
            {
                "Id": query.id,
                "Label": self._label(query, one, len(series)),
                "Timestamps": one.times[::step].tolist(),
                "Values": one.values[::step].tolist(),
                "StatusCode": self._status,
            }
            for one in series
        ]

    def _label(self, query: Query, series: Series, of: int) -> str:
        if query.stat is not None:
            return self._labels.of(query.label, series, query.stat.key.name)
        if of > 1 and query.label is not None and "${" not in query.label:
            return f"{query.label} {series.label}".strip()
        return self._labels.of(query.label, series, series.label or query.id)
