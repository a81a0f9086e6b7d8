"""Rules to begin with: none watches before somebody looked at it and switched it on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Starter:
    """`why` says what it is good for."""

    name: str
    kind: str
    why: str
    spec: Mapping[str, Any]


def _metric(
    namespace: str, name: str, dimension: str, statistic: str
) -> dict[str, Any]:
    return {
        "namespace": namespace,
        "name": name,
        "dimensions": {dimension: "*"},
        "statistic": statistic,
    }


def _documents(documents: str, query: str, by: str = "") -> dict[str, Any]:
    return {"documents": documents, "query": query, "by": by, "window_seconds": 0}


def _service(measure: str, at_least: int) -> dict[str, Any]:
    every = {"of": "node", "service": "*", "caller": "*"}
    return every | {"measure": measure, "at_least": at_least}


STARTERS = (
    Starter(
        "violation-opened",
        "violation",
        "A resource fails a rule of compliance of severity high or worse.",
        {
            "name": "Violation",
            "parameters": {"rule": "*", "severity": "high", "account": "", "type": ""},
            "period_seconds": 10,
            "threshold": 0.0,
            "missing": "ok",
            "severity": "high",
            "description": "See who changed what, and plan a repair.",
        },
    ),
    Starter(
        "service-fails",
        "map",
        "More than one call in twenty of a service fails.",
        {
            "name": "A service fails",
            "parameters": _service("faults", 10),
            "threshold": 5.0,
            "needed": 2,
            "periods": 3,
            "hold_seconds": 300,
            "severity": "high",
            "title_template": "{{service}} fails",
            "description": "Open the map at its time: what does it call, and what of "
            "that fails first? Then look at what was changed.",
        },
    ),
    Starter(
        "service-slow",
        "map",
        "A service takes more than a second and a half for one call in twenty.",
        {
            "name": "A service is slow",
            "parameters": _service("p95", 10),
            "threshold": 1_500.0,
            "needed": 3,
            "periods": 5,
            "hold_seconds": 300,
            "severity": "medium",
            "title_template": "{{service}} is slow",
        },
    ),
    Starter(
        "service-silent",
        "silence",
        "A service that used to send traces sends none.",
        {
            "name": "A service falls silent",
            "parameters": {"what": "services", "name": "*"},
            "threshold": 900.0,
            "missing": "keep",
            "severity": "high",
            "title_template": "{{service}} is silent",
            "description": "Does it run? Does anybody call it?",
        },
    ),
    Starter(
        "trail-silent",
        "silence",
        "No CloudTrail events come any more: nobody would see what is done.",
        {
            "name": "A trail falls silent",
            "parameters": {"what": "trails", "name": "*"},
            "threshold": 3_600.0,
            "needed": 5,
            "periods": 5,
            "missing": "keep",
            "severity": "critical",
            "title_template": "{{resource}} is silent",
            "description": "Was the trail stopped, or its bucket or queue changed?",
        },
    ),
    Starter(
        "queue-falls-behind",
        "metric",
        "Messages wait longer than their consumers need.",
        {
            "name": "A queue falls behind",
            "parameters": _metric(
                "AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName", "Maximum"
            ),
            "threshold": 120.0,
            "needed": 3,
            "periods": 5,
            "missing": "ok",
            "hold_seconds": 300,
            "severity": "high",
            "title_template": "{{QueueName}} falls behind",
            "description": "See whether its consumers run, are throttled, or fail.",
        },
    ),
    Starter(
        "function-fails",
        "metric",
        "A Lambda function fails again and again.",
        {
            "name": "A function fails",
            "parameters": _metric("AWS/Lambda", "Errors", "FunctionName", "Sum"),
            "threshold": 5.0,
            "needed": 2,
            "periods": 3,
            "missing": "ok",
            "hold_seconds": 300,
            "severity": "high",
            "title_template": "{{FunctionName}} fails",
            "description": "Look at its lines of level ERROR, and at what it calls.",
        },
    ),
    Starter(
        "function-throttled",
        "metric",
        "A Lambda function is not allowed to run as often as it is called.",
        {
            "name": "A function is throttled",
            "parameters": _metric("AWS/Lambda", "Throttles", "FunctionName", "Sum"),
            "threshold": 0.0,
            "needed": 3,
            "periods": 5,
            "missing": "ok",
            "hold_seconds": 300,
            "severity": "medium",
            "title_template": "{{FunctionName}} is throttled",
        },
    ),
    Starter(
        "errors-in-logs",
        "documents",
        "More lines of level ERROR or FATAL than usual, by log group.",
        {
            "name": "Errors in logs",
            "parameters": _documents("logs", "@level:(ERROR OR FATAL)", "@logGroup"),
            "period_seconds": 300,
            "threshold": 20.0,
            "hold_seconds": 600,
            "severity": "medium",
            "title_template": "Errors in {{group}}",
        },
    ),
    Starter(
        "root-is-used",
        "documents",
        "Somebody acts as the root user of an account.",
        {
            "name": "The root user acts",
            "parameters": _documents(
                "trail",
                "userIdentity.type:Root AND NOT eventType:AwsServiceEvent",
                "recipientAccountId",
            ),
            "period_seconds": 300,
            "threshold": 0.0,
            "severity": "critical",
            "title_template": "The root user of {{group}} acts",
        },
    ),
    Starter(
        "denied-calls",
        "documents",
        "One identity is refused again and again: a broken role, or somebody trying.",
        {
            "name": "Calls are denied",
            "parameters": _documents(
                "trail",
                "errorCode:(AccessDenied OR *UnauthorizedOperation)",
                "userIdentity.arn",
            ),
            "period_seconds": 900,
            "threshold": 20.0,
            "hold_seconds": 900,
            "severity": "medium",
            "title_template": "{{group}} is denied again and again",
        },
    ),
)


def starter_named(name: str) -> Starter | None:
    return next((one for one in STARTERS if one.name == name), None)
