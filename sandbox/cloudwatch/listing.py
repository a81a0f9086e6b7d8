"""ListMetrics: what has had data lately."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

from sandbox.cloudwatch.puts import invalid
from sandbox.cloudwatch.store import MetricKey, MetricStore, as_given
from sandbox.kernel.calls import Answer, Call

# Source: ListMetrics, CloudWatch API reference.
_PAGE = 500
_NUMBER = re.compile(r"[0-9]{1,18}")
_LISTED_SECONDS = 14 * 86_400
_RECENT_SECONDS = 3 * 3_600


def list_metrics(store: MetricStore, call: Call) -> Answer:
    parameters = call.parameters
    seconds = _RECENT_SECONDS if "RecentlyActive" in parameters else _LISTED_SECONDS
    after = _number(parameters.get("NextToken") or "0")
    found = (
        metric
        for metric in store.listed(call.place, call.now - seconds)
        if metric.number > after and _is_asked_for(metric.key, parameters)
    )
    page = list(islice(found, _PAGE + 1))
    answer: dict[str, Any] = {"Metrics": [_described(m.key) for m in page[:_PAGE]]}
    if parameters.get("IncludeLinkedAccounts"):
        answer["OwningAccounts"] = [call.account] * len(answer["Metrics"])
    if len(page) > _PAGE:
        answer["NextToken"] = str(page[_PAGE - 1].number)
    return answer


def _number(token: str) -> int:
    if not _NUMBER.fullmatch(token):
        raise invalid("The value for parameter NextToken is invalid.")
    return int(token)


def _described(key: MetricKey) -> dict[str, Any]:
    return {
        "Namespace": key.namespace,
        "MetricName": key.name,
        "Dimensions": as_given(key.dimensions),
    }


def _is_asked_for(key: MetricKey, parameters: Mapping[str, Any]) -> bool:
    if parameters.get("Namespace", key.namespace) != key.namespace:
        return False
    if parameters.get("MetricName", key.name) != key.name:
        return False
    return _has_dimensions(key, parameters.get("Dimensions") or ())


def _has_dimensions(key: MetricKey, wanted: Sequence[Mapping[str, str]]) -> bool:
    """A dimension asked for by name alone may have any value."""
    given = dict(key.dimensions)
    return all(
        each["Name"] in given
        and each.get("Value", given[each["Name"]]) == given[each["Name"]]
        for each in wanted
    )
