"""Deliveries: each target by itself, tried again, and kept in a queue if it fails.

Source: EventBridge User Guide, "How EventBridge retries delivering events" and "Using
dead-letter queues": 185 times in 24 hours by default; a target that is gone or refuses
is not tried again.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass

from botocore.exceptions import ClientError, ParamValidationError

from sandbox.events.targets import Message, Targets, UnknownTarget
from sandbox.kernel.cloud import Cloud

log = logging.getLogger(__name__)

_MOST_RETRIES = 185
_MOST_SECONDS = 86_400
_LONGEST_PAUSE_SECONDS = 900
_SERVER_FAULT = 500
# The target's settings or its input are not what it takes.
_NOT_TAKEN = (UnknownTarget, ParamValidationError, KeyError, TypeError, ValueError)
_THROTTLED = ("Throttl", "TooManyRequests", "ThroughputExceeded", "RequestLimit")


@dataclass(frozen=True, slots=True)
class _Try:
    message: Message
    account: str
    first: float
    retries: int = 0


@dataclass(frozen=True, slots=True)
class _Reason:
    """Why it is not tried again; `exhausted` is the limit that was reached."""

    code: str
    said: str
    exhausted: str = ""


@dataclass(frozen=True, slots=True)
class Counts:
    """The metrics that failures are counted by, and whose they are."""

    namespace: str
    failed: str
    kept: str
    not_kept: str
    dimension: str
    part_of_arn: int


OF_RULES = Counts(
    "AWS/Events",
    "FailedInvocations",
    "InvocationsSentToDlq",
    "InvocationsFailedToBeSentToDlq",
    "RuleName",
    -1,
)
OF_SCHEDULES = Counts(
    "AWS/Scheduler",
    "TargetErrorCount",
    "InvocationsSentToDeadLetterCount",
    "InvocationsFailedToBeSentToDeadLetterCount",
    "ScheduleGroup",
    -2,
)


class Deliveries:
    """Carries messages out in the timers' thread, never in the caller's."""

    def __init__(self, cloud: Cloud, targets: Targets, counts: Counts) -> None:
        self._cloud = cloud
        self._targets = targets
        self._counts = counts

    def give(self, account: str, messages: Iterable[Message], now: float) -> None:
        tries = [_Try(message, account, now) for message in messages]
        faults = self._cloud.faults
        for late, one in faults.deliveries("events.targets", account, tries, now):
            self._plan(late, one)

    def _plan(self, seconds: float, one: _Try) -> None:
        self._cloud.timers.after(seconds, lambda now: self._attempt(one, now))

    def _attempt(self, one: _Try, now: float) -> None:
        try:
            self._targets.send(one.message)
        except ClientError as error:
            self._failed(one, error, now)
        except _NOT_TAKEN as error:
            self._give_up(one, _Reason("INVALID_PARAMETER", str(error)), now)

    def _failed(self, one: _Try, error: ClientError, now: float) -> None:
        pause = min(2.0**one.retries, _LONGEST_PAUSE_SECONDS)
        exhausted = _exhausted(one, now + pause) if _may_pass(error) else ""
        if exhausted or not _may_pass(error):
            reason = _Reason(error.response["Error"]["Code"], str(error), exhausted)
            self._give_up(one, reason, now)
            return
        again = _Try(one.message, one.account, one.first, one.retries + 1)
        self._plan(pause, again)

    def _give_up(self, one: _Try, reason: _Reason, now: float) -> None:
        log.info("%s: %s", one.message.target["Arn"], reason.said)
        self._count(self._counts.failed, one, now)
        dead_letters = (one.message.target.get("DeadLetterConfig") or {}).get("Arn")
        if not dead_letters:
            return
        try:
            self._keep(dead_letters, one, reason)
        except ClientError as error:
            log.warning("the dead-letter queue %s refuses: %s", dead_letters, error)
            self._count(self._counts.not_kept, one, now)
        else:
            self._count(self._counts.kept, one, now)

    def _keep(self, queue_arn: str, one: _Try, reason: _Reason) -> None:
        _, _, _, region, account, name = queue_arn.split(":", 5)
        sqs = self._cloud.client("sqs", account, region, "events.amazonaws.com")
        attributes = {
            "RULE_ARN": one.message.rule_arn,
            "TARGET_ARN": str(one.message.target["Arn"]),
            "ERROR_CODE": reason.code,
            "ERROR_MESSAGE": reason.said,
            "RETRY_ATTEMPTS": str(one.retries),
            "EXHAUSTED_RETRY_CONDITION": reason.exhausted,
        }
        sqs.send_message(
            QueueUrl=sqs.get_queue_url(QueueName=name)["QueueUrl"],
            MessageBody=one.message.body,
            MessageAttributes={
                name: {"DataType": "String", "StringValue": value}
                for name, value in attributes.items()
                if value
            },
        )

    def _count(self, metric: str, one: _Try, now: float) -> None:
        region = one.message.event["region"]
        name = one.message.rule_arn.split("/")[self._counts.part_of_arn]
        client = self._cloud.client(
            "cloudwatch", one.account, region, "events.amazonaws.com"
        )
        datum = {
            "MetricName": metric,
            "Dimensions": [{"Name": self._counts.dimension, "Value": name}],
            "Timestamp": now,
            "Value": 1.0,
            "Unit": "Count",
        }
        try:
            client.put_metric_data(Namespace=self._counts.namespace, MetricData=[datum])
        except ClientError as error:
            log.warning("%s is not counted: %s", metric, error)


def _exhausted(one: _Try, next_try: float) -> str:
    """What of its target's retry policy forbids another try, if anything does."""
    policy = one.message.target.get("RetryPolicy") or {}
    if one.retries >= policy.get("MaximumRetryAttempts", _MOST_RETRIES):
        return "MaximumRetryAttempts"
    age = policy.get("MaximumEventAgeInSeconds", _MOST_SECONDS)
    return "MaximumEventAgeInSeconds" if next_try - one.first > age else ""


def _may_pass(error: ClientError) -> bool:
    code = error.response["Error"]["Code"]
    status = error.response["ResponseMetadata"]["HTTPStatusCode"]
    return any(word in code for word in _THROTTLED) or (
        status >= _SERVER_FAULT and code != "NotImplementedBySandbox"
    )
