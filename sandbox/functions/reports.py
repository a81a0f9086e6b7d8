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


def lines(function: Function, ran: Ran, request_id: str) -> list[str]:
    """Source: Lambda Developer Guide, "Viewing CloudWatch logs for Lambda"."""
    billed = math.ceil(ran.milliseconds)
    return [
        f"START RequestId: {request_id} Version: {function.version}",
        *ran.printed.splitlines(),
        f"END RequestId: {request_id}",
        f"REPORT RequestId: {request_id}\tDuration: {ran.milliseconds:.2f} ms\t"
        f"Billed Duration: {billed} ms\tMemory Size: {function.memory} MB\t"
        f"Max Memory Used: {function.memory} MB",
    ]


class Reports:
    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._streams: dict[str, str] = {}

    def write(
        self, place: Place, function: Function, ran: Ran, said: list[str], now: float
    ) -> None:
        """A report that cannot be written never harms the run."""
        try:
            self._log(place, function, said, now)
            self._measure(place, function, ran, now)
        except ClientError as error:
            log.info("%s: no report: %s", function.arn, error)

    def _log(
        self, place: Place, function: Function, said: list[str], now: float
    ) -> None:
        logs = self._cloud.client("logs", *place, _BY)
        stream = self._streams.get(f"{function.arn}:{function.version}")
        if stream is None:
            stream = self._new_stream(place, function, now)
        logs.put_log_events(
            logGroupName=function.log_group,
            logStreamName=stream,
            logEvents=[
                {"timestamp": round(now * 1_000), "message": line or " "}
                for line in said
            ],
        )

    def _new_stream(self, place: Place, function: Function, now: float) -> str:
        logs = self._cloud.client("logs", *place, _BY)
        day = datetime.fromtimestamp(now, UTC).strftime("%Y/%m/%d")
        name = f"{day}/[{function.version}]{uuid.uuid4().hex}"
        try:
            logs.create_log_group(logGroupName=function.log_group)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceAlreadyExistsException":
                raise
        logs.create_log_stream(logGroupName=function.log_group, logStreamName=name)
        self._streams[f"{function.arn}:{function.version}"] = name
        return name

    def _measure(self, place: Place, function: Function, ran: Ran, now: float) -> None:
        dimensions = [{"Name": "FunctionName", "Value": function.name}]
        values = (
            ("Invocations", 1.0, "Count"),
            ("Errors", float(ran.is_error), "Count"),
            ("Duration", ran.milliseconds, "Milliseconds"),
        )
        self._cloud.client("cloudwatch", *place, _BY).put_metric_data(
            Namespace="AWS/Lambda",
            MetricData=[
                {
                    "MetricName": name,
                    "Dimensions": dimensions,
                    "Timestamp": now,
                    "Value": value,
                    "Unit": unit,
                }
                for name, value, unit in values
            ],
        )
