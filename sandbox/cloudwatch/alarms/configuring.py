"""What PutMetricAlarm and PutCompositeAlarm accept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.cloudwatch import periods, queries, statistics
from sandbox.cloudwatch.alarms.decisions import Missing
from sandbox.cloudwatch.alarms.watching import period_of
from sandbox.kernel.errors import ApiError, absent

Given = Mapping[str, Any]

_ACTIONS = ("OKActions", "AlarmActions", "InsufficientDataActions")
_OF_ONE_METRIC = (
    "MetricName", "Namespace", "Statistic", "ExtendedStatistic", "Dimensions",
    "Period", "Unit",
)  # fmt: skip
_OF_BANDS = frozenset(
    {
        "LessThanLowerOrGreaterThanUpperThreshold",
        "LessThanLowerThreshold",
        "GreaterThanUpperThreshold",
    }
)
# Members that change how an alarm is evaluated or acts in ways the sandbox has not.
_ABSENT = (
    "EvaluationCriteria", "EvaluationInterval", "EvaluationWindow",
    "WarmUpConfiguration", "ActionConfiguration", "ActionsSuppressor",
)  # fmt: skip
_DAY, _WEEK, _HOUR = 86_400, 7 * 86_400, 3_600


def refused(message: str) -> ApiError:
    return ApiError("ValidationError", message)


def _check_absent(given: Given, operation: str) -> None:
    for member in _ABSENT:
        if member in given:
            raise absent("cloudwatch", f"{operation} with {member}")


def _configuration(given: Given) -> dict[str, Any]:
    """Members as they are kept and described."""
    kept = {name: value for name, value in given.items() if name != "Tags"}
    for member in _ACTIONS:
        kept.setdefault(member, [])
        for action in kept[member]:
            if len(str(action).split(":")) < 6:  # noqa: PLR2004 - parts of an ARN
                raise refused(f"Invalid arn syntax: {action}")
    kept.setdefault("ActionsEnabled", True)
    return kept


def metric_alarm(given: Given, account: str) -> dict[str, Any]:
    """The configuration of a metric alarm. Raises ValidationError."""
    _check_absent(given, "PutMetricAlarm")
    if ("MetricName" in given) == ("Metrics" in given):
        raise refused(
            "Exactly one of the parameters MetricName and Metrics must be specified."
        )
    for member in ("EvaluationPeriods", "ComparisonOperator"):
        _check_given(given, member)
    period = _period_of_metrics(given, account) if "Metrics" in given else None
    if period is None:
        _check_one_metric(given)
        period = given["Period"]
    _check_times(given, period)
    _check_threshold(given)
    _check_words(given)
    kept = _configuration(given)
    if "MetricName" in kept:
        kept.setdefault("Dimensions", [])
    return kept


def composite_alarm(given: Given) -> dict[str, Any]:
    _check_absent(given, "PutCompositeAlarm")
    return _configuration(given)


def _check_given(given: Given, member: str) -> None:
    if given.get(member) is None:
        raise refused(f"The parameter {member} is required.")


def _check_one_metric(given: Given) -> None:
    for member in ("Namespace", "Period"):
        _check_given(given, member)
    if ("Statistic" in given) == ("ExtendedStatistic" in given):
        raise refused(
            "Exactly one of the parameters Statistic and ExtendedStatistic must be "
            "specified."
        )
    extended = given.get("ExtendedStatistic")
    if extended is not None and statistics.parse(extended) is None:
        raise refused(f"The value {extended} for ExtendedStatistic is not supported.")
    low = given.get("EvaluateLowSampleCountPercentile", "evaluate")
    if low not in {"evaluate", "ignore"}:
        raise refused(
            f"Option {low} is not supported. Supported options for parameter "
            "EvaluateLowSampleCountPercentile are evaluate and ignore."
        )


def _period_of_metrics(given: Given, account: str) -> int:
    for member in _OF_ONE_METRIC:
        if member in given:
            raise refused(f"{member} must not be specified together with Metrics.")
    asked = queries.read(given["Metrics"], account)
    band = given.get("ThresholdMetricId")
    returned = [q.id for q in asked.values() if q.is_returned and q.id != band]
    if len(returned) != 1:
        raise refused("Exactly one element of the metrics list should return data.")
    if band is not None and band not in asked:
        raise refused(f"Invalid metrics list: there is no metric {band}.")
    return period_of(asked)


def _check_times(given: Given, period: int) -> None:
    if not periods.is_period(period):
        raise refused("Period must be 10, 20, 30 or a multiple of 60.")
    longest = _WEEK if period >= _HOUR else _DAY
    if period * given["EvaluationPeriods"] > longest:
        raise refused(
            "Metrics cannot be checked across more than "
            f"{'a week' if longest == _WEEK else 'a day'} "
            f"(EvaluationPeriods * Period must be <= {longest})."
        )
    needed = given.get("DatapointsToAlarm") or 1
    if needed > given["EvaluationPeriods"]:
        raise refused("DatapointsToAlarm must be less than or equal EvaluationPeriods.")


def _check_threshold(given: Given) -> None:
    is_band = given["ComparisonOperator"] in _OF_BANDS
    if is_band != ("ThresholdMetricId" in given):
        raise refused(
            "ComparisonOperator for ranges should be used only with anomaly detection "
            "models, and those only with it."
        )
    if is_band == ("Threshold" in given):
        raise refused(
            "Exactly one of the parameters Threshold and ThresholdMetricId must be "
            "specified."
        )


def _check_words(given: Given) -> None:
    missing = given.get("TreatMissingData", "missing")
    if missing not in {each.value for each in Missing}:
        raise refused(
            f"The value {missing} is not supported for TreatMissingData parameter. "
            "Supported values are [breaching, notBreaching, ignore, missing]."
        )
