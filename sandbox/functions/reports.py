"""What a function's run leaves behind: lines in its log group, and metrics."""

from __future__ import annotations

import logging
import math
import uuid
from datetime import UTC, datetime

from botocore.exceptions import ClientError

from sandbox.functions.runner import Function, Ran
from sandbox.kernel.cloud import Cloud

log = logging.getLogger(__name__)

_BY = "lambda.amazonaws.com"
Place = tuple[str, str]


def lines(function: Function, ran: Ran, request_id: str, now: float) -> list[str]:
    """Source: Lambda Developer Guide, "Viewing CloudWatch logs for Lambda"."""
    billed = math.ceil(ran.milliseconds)
    late = (
        f"{_text(now)} {request_id} Task timed out after {billed / 1_000:.2f} seconds"
    )
    return [
        f"START RequestId: {request_id} Version: {function.version}",
        *_printed(ran),
        *([late] if ran.is_late else []),
        f"END RequestId: {request_id}",
        f"REPORT RequestId: {request_id}\tDuration: {ran.milliseconds:.2f} ms\t"
        f"Billed Duration: {billed} ms\tMemory Size: {function.memory} MB\t"
        f"Max Memory Used: {function.memory} MB"
        + ("\tStatus: timeout" if ran.is_late else ""),
    ]


def _printed(ran: Ran) -> list[str]:
    """Only a line feed ends a line: an error's lines are one, parted by `\\r`."""
    return ran.printed.removesuffix("\n").split("\n") if ran.printed else []


def _text(seconds: float) -> str:
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Reports:
    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._streams: dict[str, str] = {}

    def write(
        self, place: Place, function: Function, ran: Ran, said: list[str], now: float
    ) -> None:
        """A report that cannot be written harms neither the run nor the other one."""
        try:
            self._log(place, function, said, now)
        except ClientError as error:
            log.info("%s: no lines: %s", function.arn, error)
        values = [
            ("Invocations", 1.0, "Count"),
            ("Errors", float(ran.is_error), "Count"),
            ("Duration", ran.milliseconds, "Milliseconds"),
        ]
        self._measure(place, function.name, values, now)

    def undelivered(self, place: Place, name: str, now: float) -> None:
        """Count a record that did not reach its destination."""
        values = [("DestinationDeliveryFailures", 1.0, "Count")]
        self._measure(place, name, values, now)

    def _log(
        self, place: Place, function: Function, said: list[str], now: float
    ) -> None:
        stream = self._streams.get(f"{function.arn}:{function.version}", "")
        if not stream.startswith(_day(now)):
            stream = self._new_stream(place, function, now)
        try:
            self._put(function, stream, said, now)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceNotFoundException":
                raise
            # Somebody deleted the group or the stream.
            stream = self._new_stream(place, function, now)
            self._put(function, stream, said, now)

    def _put(
        self, function: Function, stream: str, said: list[str], now: float
    ) -> None:
        _, _, _, region, account, *_ = function.arn.split(":")
        self._cloud.client("logs", account, region, _BY).put_log_events(
            logGroupName=function.log_group,
            logStreamName=stream,
            logEvents=[
                {"timestamp": round(now * 1_000), "message": line or " "}
                for line in said
            ],
        )

    def _new_stream(self, place: Place, function: Function, now: float) -> str:
        logs = self._cloud.client("logs", *place, _BY)
        name = f"{_day(now)}[{function.version}]{uuid.uuid4().hex}"
        try:
            logs.create_log_group(logGroupName=function.log_group)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceAlreadyExistsException":
                raise
        logs.create_log_stream(logGroupName=function.log_group, logStreamName=name)
        self._streams[f"{function.arn}:{function.version}"] = name
        return name

    def _measure(
        self, place: Place, name: str, values: list[tuple[str, float, str]], now: float
    ) -> None:
        dimensions = [{"Name": "FunctionName", "Value": name}]
        data = [
            {
                "MetricName": metric,
                "Dimensions": dimensions,
                "Timestamp": now,
                "Value": value,
                "Unit": unit,
            }
            for metric, value, unit in values
        ]
        client = self._cloud.client("cloudwatch", *place, _BY)
        try:
            client.put_metric_data(Namespace="AWS/Lambda", MetricData=data)
        except ClientError as error:
            log.info("%s is not measured: %s", name, error)


def _day(now: float) -> str:
    """What the name of a log stream of today begins with."""
    return datetime.fromtimestamp(now, UTC).strftime("%Y/%m/%d/")
