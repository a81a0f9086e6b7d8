"""GetMetricData: pages of points for up to five hundred queries."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import orjson

from sandbox.cloudwatch.evaluation import Evaluation, Range
from sandbox.cloudwatch.labels import Labels
from sandbox.cloudwatch.mathvalues import Series
from sandbox.cloudwatch.queries import Queries, Query, read, refused
from sandbox.cloudwatch.store import MetricStore
from sandbox.kernel.calls import Answer, Call
from sandbox.kernel.errors import ApiError

_MOST_POINTS = 100_800
_DEFAULT_PERIOD = 300
_PARTIAL_MESSAGE = {
    "Code": "InternalError",
    "Value": "Some of the data could not be read. Try again.",
}


@dataclass(frozen=True, slots=True)
class _Page:
    """The part of the range a page answers, and the token of the next."""

    when: Range
    token: str | None
    is_whole: bool


def get_metric_data(store: MetricStore, call: Call) -> Answer:
    parameters = call.parameters
    queries = read(parameters["MetricDataQueries"], call.account)
    start, end = parameters["StartTime"], parameters["EndTime"]
    if start >= end:
        raise refused(
            "The parameter StartTime must be less than the parameter EndTime."
        )
    page = _page(queries, Range(start, end, call.now), parameters)
    evaluation = Evaluation(store, call.place, queries, page.when)
    zone = (parameters.get("LabelOptions") or {}).get("Timezone", "+0000")
    results = _Results(page, Labels(call.region, zone), _is_ascending(parameters))
    for query in queries.values():
        if query.is_returned:
            results.add(query, evaluation.series(query))
    answer: dict[str, Any] = {"MetricDataResults": results.found, "Messages": []}
    if page.token is not None:
        answer["NextToken"] = page.token
    return answer


def _is_ascending(parameters: Mapping[str, Any]) -> bool:
    return parameters.get("ScanBy") == "TimestampAscending"


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
    def __init__(self, page: _Page, labels: Labels, is_ascending: bool) -> None:  # noqa: FBT001
        self.found: list[dict[str, Any]] = []
        self._status = "Complete" if page.is_whole else "PartialData"
        self._labels = labels
        self._step = 1 if is_ascending else -1

    def add(self, query: Query, series: list[Series]) -> None:
        for one in series:
            self.found.append(
                {
                    "Id": query.id,
                    "Label": self._label(query, one, len(series)),
                    "Timestamps": one.times[:: self._step].tolist(),
                    "Values": one.values[:: self._step].tolist(),
                    "StatusCode": self._status,
                }
            )

    def _label(self, query: Query, series: Series, of: int) -> str:
        if query.stat is not None:
            return self._labels.of(query.label, series, query.stat.key.name)
        if of > 1 and query.label is not None and "${" not in query.label:
            return f"{query.label} {series.label}".strip()
        return self._labels.of(query.label, series, series.label or query.id)


def _page(queries: Queries, whole: Range, parameters: Mapping[str, Any]) -> _Page:
    """How much of the range fits in one answer.

    AWS counts the points a range may have, not those it has, and gives no token where
    an expression is used.
    """
    most = min(parameters.get("MaxDatapoints") or _MOST_POINTS, _MOST_POINTS)
    is_ascending = _is_ascending(parameters)
    token = parameters.get("NextToken")
    rest = _rest(whole, token, is_ascending) if token else whole
    longest = max(_period(query) for query in queries.values())
    a_second = sum(
        1 / _period(query) for query in queries.values() if query.is_returned
    )
    # Ranges are cut where periods of every query begin.
    first = whole.first_period(longest)
    steps = max(int(most / max(a_second, 1e-9) // longest), 1)
    if rest.end - max(rest.start, first) <= steps * longest:
        return _Page(rest, None, is_whole=True)
    if is_ascending:
        cut = max(rest.start, first) + steps * longest
        part = replace(rest, end=cut)
    else:
        above = -int(-(rest.end - first) // longest) * longest + first
        cut = above - steps * longest
        part = replace(rest, start=cut, is_exact=True, asked_from=whole.start)
    if any(query.expression is not None for query in queries.values()):
        return _Page(part, None, is_whole=False)
    return _Page(part, _token(cut), is_whole=False)


def _period(query: Query) -> int:
    if query.stat is not None:
        return query.stat.period
    return query.period or _DEFAULT_PERIOD


def _token(cut: float) -> str:
    return base64.urlsafe_b64encode(orjson.dumps({"from": cut})).decode()


def _rest(whole: Range, token: str, is_ascending: bool) -> Range:  # noqa: FBT001
    try:
        cut = float(orjson.loads(base64.urlsafe_b64decode(token))["from"])
    except (ValueError, KeyError, TypeError) as error:
        raise ApiError("InvalidNextToken", "The NextToken is invalid.") from error
    if is_ascending:
        return replace(whole, start=cut, is_exact=True, asked_from=whole.start)
    return replace(whole, end=cut)
