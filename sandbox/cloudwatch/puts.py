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
_WAYS = ("Value", "Values", "StatisticValues")
_STATISTICS = ("SampleCount", "Sum", "Minimum", "Maximum")
_LONGEST_NAME = 255
_LONGEST_DIMENSION_VALUE = 1_024
_RESOLUTIONS = (1, 60)
# Numbers may come as text: SDKs send what is not finite so.
_NUMBER = (int, float, str)
_KINDS: Mapping[str, type | tuple[type, ...]] = {
    "MetricName": str,
    "Unit": str,
    "Dimensions": list,
    "Timestamp": (int, float),
    "Value": _NUMBER,
    "Values": list,
    "Counts": list,
    "StatisticValues": dict,
    "StorageResolution": int,
}
_DIMENSION_KINDS = {"Name": str, "Value": str}

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
    of_type(parameters, {"MetricData": list, "EntityMetricData": list})
    data = list(parameters.get("MetricData") or ())
    for entity in parameters.get("EntityMetricData") or ():
        of_type(entity, {"MetricData": list})
        data.extend(entity.get("MetricData") or ())
    if not data:
        raise missing("MetricData")
    if len(data) > _MOST_DATA:
        raise invalid(
            f"The collection MetricData must not have a size greater than {_MOST_DATA}."
        )
    return data


def _namespace(call: Call) -> str:
    of_type(call.parameters, {"Namespace": str})
    namespace = call.parameters.get("Namespace")
    if not namespace:
        raise missing("Namespace")
    _check_length(namespace, "Namespace", _LONGEST_NAME)
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
        of_type(datum, _KINDS)
        name = datum.get("MetricName")
        if not name:
            raise missing(f"{path}.MetricName")
        _check_length(name, f"{path}.MetricName", _LONGEST_NAME)
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
        if datum.get("Value") is not None:
            column.add(self._time, datum["Value"])
        elif datum.get("Values") is not None:
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
        _check_dimension(each, f"{path}.Dimensions.member.{at}")
    if len({each["Name"] for each in given}) < len(given):
        raise invalid(f"The names of {path}.Dimensions must be unique.")
    return dimensions_of(given)


def _check_dimension(given: Mapping[str, str], path: str) -> None:
    of_type(given, _DIMENSION_KINDS)
    for member in _DIMENSION_KINDS:
        if not given.get(member):
            raise missing(f"{path}.{member}")
    _check_length(given["Name"], f"{path}.Name", _LONGEST_NAME)
    _check_length(given["Value"], f"{path}.Value", _LONGEST_DIMENSION_VALUE)


def _check_length(text: str, path: str, most: int) -> None:
    if len(text) > most:
        raise invalid(
            f"The parameter {path} must be shorter than {most + 1} characters."
        )


def of_type(given: object, kinds: Mapping[str, type | tuple[type, ...]]) -> None:
    """Raise SerializationException, as AWS does for what its model does not allow."""
    if not isinstance(given, Mapping):
        raise ApiError("SerializationException", "A structure was expected.")
    for name, kind in kinds.items():
        value = given.get(name)
        if value is not None and not isinstance(value, kind):
            raise ApiError("SerializationException", f"{name} has another type.")


def _time(datum: Datum, path: str, now: float) -> int:
    """Seconds since 1970: whole minutes unless the metric has high resolution."""
    resolution = datum.get("StorageResolution") or _RESOLUTIONS[-1]
    if resolution not in _RESOLUTIONS:
        raise _invalid_value(resolution, f"{path}.StorageResolution")
    given = datum.get("Timestamp")
    time = now if given is None else given
    if math.isnan(time):
        raise _invalid_value(time, f"{path}.Timestamp")
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
    return second - second % int(resolution)


def _check_values(datum: Datum, path: str) -> None:
    ways = [name for name in _WAYS if datum.get(name) is not None]
    if not ways:
        raise missing(f"{path}.Value")
    if len(ways) > 1:
        raise ApiError(
            "InvalidParameterCombination",
            f"The parameters {path}.{ways[0]} and {path}.{ways[1]} are mutually "
            "exclusive and you have specified both.",
        )
    if ways == ["Value"]:
        _check_number(datum["Value"], f"{path}.Value")
    elif ways == ["Values"]:
        _check_arrays(datum, path)
    else:
        _check_set(datum["StatisticValues"], f"{path}.StatisticValues")


def _check_number(value: Any, path: str) -> None:
    # SDKs send what is not finite as text.
    if type(value) not in {int, float} or not -_LARGEST <= value <= _LARGEST:
        raise _invalid_value(value, path)


def _check_arrays(datum: Datum, path: str) -> None:
    values, counts = datum["Values"], datum.get("Counts")
    if not values:
        raise invalid(f"The collection {path}.Values must not be empty.")
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
        _check_number(count, f"{path}.Counts.member.{at}")
        if count <= 0:
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
