"""PutMetricData: what a datum may say, and where it goes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.cloudwatch.store import MetricKey, MetricStore, dimensions_of
from sandbox.kernel.calls import Answer, Call
from sandbox.kernel.errors import ApiError
from sandbox.kernel.principals import PrincipalKind

_MULTIPLES = ("", "Kilo", "Mega", "Giga", "Tera")
_SIZES = frozenset(
    f"{multiple}{size}".capitalize()
    for multiple in _MULTIPLES
    for size in ("bytes", "bits")
)
UNITS = (
    _SIZES
    | {f"{size}/Second" for size in _SIZES}
    | {"Seconds", "Microseconds", "Milliseconds"}
    | {"Percent", "Count", "Count/Second", "None"}
)
# Source: PutMetricData, CloudWatch API reference, and CloudWatch service quotas.
_MOST_DATA = 1_000
_MOST_VALUES = 150
_MOST_DIMENSIONS = 30
_LARGEST = 2.0**360
_OLDEST_SECONDS = 14 * 86_400
_NEWEST_SECONDS = 2 * 3_600
_STATISTICS = ("SampleCount", "Sum", "Minimum", "Maximum")
_RESOLUTIONS = {1: 1, 60: 60}

Datum = Mapping[str, Any]


def put_metric_data(store: MetricStore, call: Call) -> Answer:
    """Check every datum, then keep them all: one bad datum refuses the call."""
    namespace = _namespace(call)
    data = _data(call.parameters)
    checked = [
        _Checked(namespace, datum, f"MetricData.member.{at}", call.now)
        for at, datum in enumerate(data, 1)
    ]
    with store.lock:
        for datum in checked:
            datum.keep(store, call.place)
    return {}


def _data(parameters: Mapping[str, Any]) -> Sequence[Datum]:
    data = list(parameters.get("MetricData") or ())
    for entity in parameters.get("EntityMetricData") or ():
        data.extend(entity.get("MetricData") or ())
    if not data:
        raise missing("MetricData")
    if len(data) > _MOST_DATA:
        raise invalid(
            f"The collection MetricData must not have a size greater than {_MOST_DATA}."
        )
    return data


def _namespace(call: Call) -> str:
    namespace = call.parameters.get("Namespace")
    if not namespace:
        raise missing("Namespace")
    is_reserved = namespace.startswith("AWS/")
    if namespace.startswith(":") or (
        is_reserved and call.principal.kind is not PrincipalKind.SERVICE
    ):
        raise invalid(f"The value {namespace} for parameter Namespace is invalid.")
    return str(namespace)


class _Checked:
    """A datum that may be kept."""

    __slots__ = ("_datum", "_key", "_time", "_unit")

    def __init__(self, namespace: str, datum: Datum, path: str, now: float) -> None:
        name = datum.get("MetricName")
        if not name:
            raise missing(f"{path}.MetricName")
        self._key = MetricKey(namespace, name, _dimensions(datum, path))
        self._unit = datum.get("Unit") or "None"
        if self._unit not in UNITS:
            raise _invalid_value(self._unit, f"{path}.Unit")
        self._time = _time(datum, path, now)
        _check_values(datum, path)
        self._datum = datum

    def keep(self, store: MetricStore, place: tuple[str, str]) -> None:
        column = store.metric(place, self._key).column(self._unit, self._time)
        datum = self._datum
        if "Value" in datum:
            column.add(self._time, datum["Value"])
        elif "Values" in datum:
            column.add_counted(self._time, datum["Values"], datum.get("Counts"))
        else:
            count, *others = (datum["StatisticValues"][name] for name in _STATISTICS)
            column.add_set(self._time, count, *others)


def _dimensions(datum: Datum, path: str) -> tuple[tuple[str, str], ...]:
    given = datum.get("Dimensions")
    if not given:
        return ()
    if len(given) > _MOST_DIMENSIONS:
        raise invalid(
            f"The collection {path}.Dimensions must not have a size greater than "
            f"{_MOST_DIMENSIONS}."
        )
    for at, each in enumerate(given, 1):
        for member in ("Name", "Value"):
            if not each.get(member):
                raise missing(f"{path}.Dimensions.member.{at}.{member}")
    return dimensions_of(given)


def _time(datum: Datum, path: str, now: float) -> int:
    """Seconds since 1970: whole minutes unless the metric has high resolution."""
    resolution = _RESOLUTIONS.get(datum.get("StorageResolution", 60))
    if resolution is None:
        raise _invalid_value(datum["StorageResolution"], f"{path}.StorageResolution")
    time = datum.get("Timestamp", now)
    if time < now - _OLDEST_SECONDS:
        raise invalid(
            f"The parameter {path}.Timestamp must specify a time within the past two "
            "weeks."
        )
    if time > now + _NEWEST_SECONDS:
        raise invalid(
            f"The parameter {path}.Timestamp must specify a time no more than two "
            "hours in the future."
        )
    second = int(time)
    return second - second % resolution


def _check_values(datum: Datum, path: str) -> None:
    ways = [name for name in ("Value", "Values", "StatisticValues") if name in datum]
    if not ways:
        raise missing(f"{path}.Value")
    if len(ways) > 1:
        raise ApiError(
            "InvalidParameterCombination",
            f"The parameters {path}.{ways[0]} and {path}.{ways[1]} are mutually "
            "exclusive and you have specified both.",
        )
    if "Value" in datum:
        _check_number(datum["Value"], f"{path}.Value")
    elif "Values" in datum:
        _check_arrays(datum, path)
    else:
        _check_set(datum["StatisticValues"], f"{path}.StatisticValues")


def _check_number(value: Any, path: str) -> None:
    # SDKs send what is not finite as text.
    if isinstance(value, str | bool) or not -_LARGEST <= value <= _LARGEST:
        raise _invalid_value(value, path)


def _check_arrays(datum: Datum, path: str) -> None:
    values, counts = datum["Values"], datum.get("Counts")
    if len(values) > _MOST_VALUES:
        raise invalid(
            f"The collection {path}.Values must not have a size greater than "
            f"{_MOST_VALUES}."
        )
    if counts is not None and len(counts) != len(values):
        raise invalid(
            f"The parameters {path}.Values and {path}.Counts must be of the same size."
        )
    for at, value in enumerate(values, 1):
        _check_number(value, f"{path}.Values.member.{at}")
    for at, count in enumerate(counts or (), 1):
        if isinstance(count, str) or not 0 < count < math.inf:
            raise _invalid_value(count, f"{path}.Counts.member.{at}")


def _check_set(given: Mapping[str, Any], path: str) -> None:
    for name in _STATISTICS:
        if given.get(name) is None:
            raise missing(f"{path}.{name}")
        _check_number(given[name], f"{path}.{name}")
    if given["SampleCount"] <= 0:
        raise _invalid_value(given["SampleCount"], f"{path}.SampleCount")
    if given["Minimum"] > given["Maximum"]:
        raise invalid(f"The parameter {path}.Minimum must not be above Maximum.")


def missing(name: str) -> ApiError:
    return ApiError("MissingParameter", f"The parameter {name} is required.")


def invalid(message: str) -> ApiError:
    return ApiError("InvalidParameterValue", message)


def _invalid_value(value: object, path: str) -> ApiError:
    return invalid(f"The value {value} for parameter {path} is invalid.")
