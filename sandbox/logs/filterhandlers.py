"""Operations on metric filters and subscription filters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sandbox.kernel.calls import Answer, Call, Handler
from sandbox.kernel.errors import ApiError
from sandbox.logs.eventhandlers import read_pattern
from sandbox.logs.filterpatterns import TooExpensive, allowing, expressions_in
from sandbox.logs.filters import MetricFilter, SubscriptionFilter
from sandbox.logs.groups import Group, Groups, invalid
from sandbox.logs.paging import page
from sandbox.logs.subscriptions import Subscriptions, service_of

AnyFilter = MetricFilter | SubscriptionFilter
_MOST_METRIC_FILTERS = 100
_MOST_SUBSCRIPTIONS = 2
_MOST_DIMENSIONS = 3
_MOST_WITH_EXPRESSIONS = 5
_SECONDS_A_TEST = 1.0


class FilterHandlers:
    def __init__(self, groups: Groups, subscriptions: Subscriptions) -> None:
        self._groups = groups
        self._subscriptions = subscriptions
        self.operations: Mapping[str, Handler] = {
            "DeleteMetricFilter": self._delete_metric_filter,
            "DeleteSubscriptionFilter": self._delete_subscription,
            "DescribeMetricFilters": self._describe_metric_filters,
            "DescribeSubscriptionFilters": self._describe_subscriptions,
            "PutMetricFilter": self._put_metric_filter,
            "PutSubscriptionFilter": self._put_subscription,
            "TestMetricFilter": self._test,
        }

    def _put_metric_filter(self, call: Call) -> Answer:
        given = call.parameters
        group = self._groups.get(call.place, given["logGroupName"])
        made = _metric_filter(given, round(call.now * 1_000))
        with self._groups.lock:
            others = {k: v for k, v in group.metric_filters.items() if k != made.name}
            if len(others) >= _MOST_METRIC_FILTERS:
                raise _limit()
            _check_expressions(
                _sources(group, group.metric_filters.get(made.name)), made.source
            )
            group.metric_filters = {**others, made.name: made}
        return {}

    def _describe_metric_filters(self, call: Call) -> Answer:
        given = call.parameters
        groups = self._groups.of(call.place)
        if given.get("logGroupName"):
            groups = [self._groups.get(call.place, given["logGroupName"])]
        if bool(given.get("metricName")) != bool(given.get("metricNamespace")):
            raise invalid("metricName and metricNamespace are given together")
        prefix = given.get("filterNamePrefix") or ""
        metric = (given.get("metricNamespace"), given.get("metricName"))
        found = [
            one.described(group.name)
            for group in groups
            for name, one in sorted(group.metric_filters.items())
            if name.startswith(prefix)
            and metric in {(None, None), (one.namespace, one.metric)}
        ]
        return page(found, given, "metricFilters")

    def _delete_metric_filter(self, call: Call) -> Answer:
        group = self._groups.get(call.place, call.parameters["logGroupName"])
        with self._groups.lock:
            name = call.parameters["filterName"]
            if name not in group.metric_filters:
                raise _no_filter("metric")
            # Others may be walking over the old ones.
            group.metric_filters = {
                k: v for k, v in group.metric_filters.items() if k != name
            }
        return {}

    def _put_subscription(self, call: Call) -> Answer:
        given = call.parameters
        group = self._groups.get(call.place, given["logGroupName"])
        read_pattern(given["filterPattern"])
        if service_of(given["destinationArn"]) != "lambda" and not given.get("roleArn"):
            raise invalid("destinationArn for this vendor needs a roleArn")
        name = given["filterName"]
        self._check_room(group, name)
        self._subscriptions.check_health(group, given["destinationArn"], call.now)
        with self._groups.lock:
            self._check_room(group, name)
            _check_expressions(
                _sources(group, group.subscriptions.get(name)), given["filterPattern"]
            )
            made = SubscriptionFilter(
                name,
                given["filterPattern"],
                given["destinationArn"],
                round(call.now * 1_000),
                given.get("roleArn") or "",
                given.get("distribution") or "ByLogStream",
            )
            group.subscriptions = {**group.subscriptions, name: made}
        return {}

    def _check_room(self, group: Group, name: str) -> None:
        if len(group.subscriptions.keys() - {name}) >= _MOST_SUBSCRIPTIONS:
            raise _limit()

    def _describe_subscriptions(self, call: Call) -> Answer:
        given = call.parameters
        group = self._groups.get(call.place, given["logGroupName"])
        prefix = given.get("filterNamePrefix") or ""
        found = [
            one.described(group.name)
            for name, one in sorted(group.subscriptions.items())
            if name.startswith(prefix)
        ]
        return page(found, given, "subscriptionFilters")

    def _delete_subscription(self, call: Call) -> Answer:
        group = self._groups.get(call.place, call.parameters["logGroupName"])
        name = call.parameters["filterName"]
        with self._groups.lock:
            if name not in group.subscriptions:
                raise _no_filter("subscription")
            group.subscriptions = {
                k: v for k, v in group.subscriptions.items() if k != name
            }
        return {}

    def _test(self, call: Call) -> Answer:
        pattern = read_pattern(call.parameters["filterPattern"])
        messages = call.parameters["logEventMessages"]
        try:
            with allowing(_SECONDS_A_TEST):
                return {
                    "matches": [
                        {
                            "eventNumber": number,
                            "eventMessage": message,
                            "extractedValues": pattern.extracted(message),
                        }
                        for number, message in enumerate(messages, 1)
                        if pattern.matches(message)
                    ]
                }
        except TooExpensive as error:
            raise invalid("The filter pattern is too expensive") from error


def _metric_filter(given: Mapping[str, Any], now_ms: int) -> MetricFilter:
    """Raises InvalidParameterException for what CloudWatch Logs refuses."""
    (to,) = given["metricTransformations"]
    source = given["filterPattern"]
    read_pattern(source)
    dimensions = to.get("dimensions") or {}
    _check_dimensions(dimensions, source, to.get("defaultValue"))
    _check_value(to["metricValue"])
    return MetricFilter(
        given["filterName"],
        source,
        to["metricName"],
        to["metricNamespace"],
        to["metricValue"],
        now_ms,
        to.get("defaultValue"),
        to.get("unit") or "None",
        dimensions,
    )


def _check_value(value: str) -> None:
    if value.startswith("$"):
        return
    try:
        float(value)
    except ValueError as error:
        raise invalid(f"Invalid metric transformation: value {value!r}") from error


def _check_dimensions(
    dimensions: Mapping[str, str], source: str, default: float | None
) -> None:
    if not dimensions:
        return
    if default is not None:
        raise invalid(
            "Invalid metric transformation: dimensions and default value are mutually "
            "exclusive properties."
        )
    if len(dimensions) > _MOST_DIMENSIONS:
        raise invalid("Invalid metric transformation: three dimensions at most")
    if not source.strip().startswith(("{", "[")):
        raise invalid(
            "Invalid metric transformation: dimensions need a JSON or space-delimited "
            "filter pattern"
        )


def _check_expressions(others: Iterable[str], source: str) -> None:
    """Five filters with regular expressions a group. Source: PutMetricFilter."""
    if not expressions_in(source):
        return
    if sum(map(bool, map(expressions_in, others))) >= _MOST_WITH_EXPRESSIONS:
        raise _limit()


def _sources(group: Group, but: AnyFilter | None) -> list[str]:
    """The patterns of a group's filters, but for the one that is to be replaced."""
    filters: list[AnyFilter] = [
        *group.metric_filters.values(),
        *group.subscriptions.values(),
    ]
    return [one.source for one in filters if one is not but]


def _limit() -> ApiError:
    return ApiError("LimitExceededException", "Resource limit exceeded.")


def _no_filter(kind: str) -> ApiError:
    return ApiError(
        "ResourceNotFoundException", f"The specified {kind} filter does not exist."
    )
