"""MetricDataQueries: read, checked and ready to be evaluated."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Any

from sandbox.cloudwatch import mathfunctions, mathsyntax, periods, statistics
from sandbox.cloudwatch.mathsyntax import Apply, MathError, Name, Node
from sandbox.cloudwatch.mathvalues import MetricStat
from sandbox.cloudwatch.store import metric_key
from sandbox.kernel.errors import ApiError, absent

_ID = re.compile(r"[a-z][A-Za-z0-9_]*")
_MOST_QUERIES = 500
_DEFAULT_PERIOD = 300
_INSIGHTS = re.compile(r"\s*SELECT\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Query:
    """A metric's statistic, or an expression over other queries."""

    id: str
    stat: MetricStat | None
    expression: Node | None
    label: str | None
    is_returned: bool
    period: int | None
    names: tuple[Name, ...] = ()


Queries = Mapping[str, Query]


def refused(message: str) -> ApiError:
    return ApiError("ValidationError", message)


def in_expression(query_id: str, error: MathError) -> ApiError:
    return refused(f"Error in expression '{query_id}' [{error}]")


def read(given: Sequence[Mapping[str, Any]], account: str) -> Queries:
    """Queries by id. Raises ValidationError as AWS does."""
    if not given:
        raise refused("The parameter MetricDataQueries is required.")
    if len(given) > _MOST_QUERIES:
        raise refused(
            "The collection MetricDataQueries must not have a size greater than "
            f"{_MOST_QUERIES}."
        )
    queries: dict[str, Query] = {}
    for at, each in enumerate(given, 1):
        query = _query(each, f"MetricDataQueries.member.{at}", account)
        if query.id in queries:
            raise refused(
                f"The values for parameter id in parameter MetricDataQueries are not "
                f"unique: {query.id}"
            )
        queries[query.id] = query
    for query in queries.values():
        _check_names(query, queries)
    _check_circles(queries)
    return queries


def _query(given: Mapping[str, Any], path: str, account: str) -> Query:
    query_id = given["Id"]
    if not _ID.fullmatch(query_id):
        raise refused(f"The value {query_id} for parameter {path}.Id is not matching "
                      "the expected pattern ^[a-z][a-zA-Z0-9_]*$")  # fmt: skip
    has_stat, has_expression = "MetricStat" in given, "Expression" in given
    if has_stat and has_expression:
        raise refused(
            f"The parameters {path}.Expression and {path}.MetricStat are mutually "
            "exclusive and you have specified both."
        )
    if not has_stat and not has_expression:
        raise refused(
            f"The parameter {path}.Expression or {path}.MetricStat is required."
        )
    root = _expression(query_id, given["Expression"]) if has_expression else None
    return Query(
        query_id,
        _metric_stat(given, path, account) if has_stat else None,
        root,
        given.get("Label"),
        given.get("ReturnData", True),
        _period(given["Period"], f"{path}.Period") if "Period" in given else None,
        () if root is None else tuple(mathsyntax.names_in(root)),
    )


def _metric_stat(given: Mapping[str, Any], path: str, account: str) -> MetricStat:
    stat = given["MetricStat"]
    if statistics.parse(stat["Stat"]) is None:
        raise refused(
            f"The value {stat['Stat']} for parameter {path}.MetricStat.Stat is not "
            "supported."
        )
    return MetricStat(
        metric_key(stat["Metric"]),
        _period(stat["Period"], f"{path}.MetricStat.Period"),
        stat["Stat"],
        stat.get("Unit"),
        given.get("AccountId") or account,
    )


def _period(seconds: int, path: str) -> int:
    if not periods.is_period(seconds):
        raise refused(
            f"The parameter {path} must be 1, 5, 10, 20, 30 or a multiple of 60."
        )
    return seconds


def _expression(query_id: str, text: str) -> Node:
    if _INSIGHTS.match(text):
        raise absent("cloudwatch", "GetMetricData with a Metrics Insights query")
    try:
        node = mathsyntax.parse(text)
        _check_functions(node)
    except MathError as error:
        raise in_expression(query_id, error) from error
    return node


def _check_functions(root: Node) -> None:
    for node in mathsyntax.in_order(root):
        if isinstance(node, Apply) and node.function not in mathfunctions.FUNCTIONS:
            raise MathError(
                f"Unsupported function '{node.function}' at position {node.position}"
            )


def _check_names(query: Query, queries: Queries) -> None:
    """Raise where an expression uses an id nobody has."""
    for name in query.names:
        if name.value not in queries and name.value not in mathfunctions.WORDS:
            message = f"Unknown identifier '{name.value}' at position {name.position}"
            raise in_expression(query.id, MathError(message))


def _check_circles(queries: Queries) -> None:
    """Raise where an expression uses itself, directly or through others."""
    try:
        TopologicalSorter(
            {query.id: _used(query, queries) for query in queries.values()}
        ).prepare()
    except CycleError as error:
        user, used, *_ = reversed(error.args[1])
        message = f"Circular reference to '{used}'"
        raise in_expression(user, MathError(message)) from error


def _used(query: Query, queries: Queries) -> set[str]:
    return {name.value for name in query.names} & queries.keys()


def needed(query: Query, queries: Queries, known: Container[str] = ()) -> list[Query]:
    """A query and all it uses, each after what it uses; less what is known."""
    graph: dict[str, set[str]] = {}
    waiting = {query.id}
    while waiting:
        one = waiting.pop()
        graph[one] = {
            each for each in _used(queries[one], queries) if each not in known
        }
        waiting |= graph[one] - graph.keys()
    return [queries[each] for each in TopologicalSorter(graph).static_order()]


def period_of(query: Query, queries: Queries) -> int:
    """A metric's, an expression's own, or the longest of the metrics in the request."""
    if query.stat is not None:
        return query.stat.period
    asked = [each.stat.period for each in queries.values() if each.stat]
    return query.period or max(asked, default=_DEFAULT_PERIOD)
