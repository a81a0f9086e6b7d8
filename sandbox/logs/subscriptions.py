"""What subscription filters send: envelopes for Lambda, Kinesis and Firehose."""

from __future__ import annotations

import base64
import gzip
import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

import orjson
from botocore.exceptions import ClientError

from sandbox.kernel.cloud import Cloud
from sandbox.logs.eventids import event_id
from sandbox.logs.filterpatterns import TooExpensive
from sandbox.logs.filters import SubscriptionFilter
from sandbox.logs.groups import Group, invalid
from sandbox.logs.ingestion import Batch
from sandbox.logs.patience import Patience
from sandbox.logs.store import Row

log = logging.getLogger(__name__)

CHANNEL = "logs.subscriptions"
_TRY_AGAIN_SECONDS = 60.0
_GIVE_UP_SECONDS = 86_400.0
_SERVER_ERROR = 500
_FINAL = frozenset(
    {"AccessDeniedException", "AccessDenied", "ResourceNotFoundException"}
)
_CONTROL_MESSAGE = "CWL CONTROL MESSAGE: Checking health of destination "
_SERVICES = {
    "lambda": "Lambda function",
    "kinesis": "Kinesis stream",
    "firehose": "Firehose",
}
_DESTINATION_TYPES = {
    "lambda": "Lambda",
    "kinesis": "Kinesis",
    "firehose": "Firehose",
}


@dataclass(frozen=True, slots=True)
class Parcel:
    """An envelope on its way to a destination."""

    group: Group
    destination: str
    envelope: Mapping[str, Any]
    sent: float


def service_of(destination: str) -> str:
    """lambda, kinesis or firehose. Raises InvalidParameterException for others."""
    parts = destination.split(":")
    service = parts[2] if len(parts) > 5 else ""  # noqa: PLR2004 - parts of an ARN
    if service not in _SERVICES:
        raise invalid(
            f"destinationArn for vendor {service or destination} is not valid"
        )
    return service


def data_envelope(
    group: Group, stream: str, name: str, rows: Sequence[Row]
) -> dict[str, Any]:
    """Source: "the data of the records", Subscription filters, User Guide."""
    return {
        "messageType": "DATA_MESSAGE",
        "owner": group.place[0],
        "logGroup": group.name,
        "logStream": stream,
        "subscriptionFilters": [name],
        "logEvents": [
            {
                "id": event_id(group.id, row.position),
                "timestamp": row.timestamp,
                "message": row.message,
            }
            for row in rows
        ],
    }


def control_envelope(destination: str, now: float) -> dict[str, Any]:
    said = _CONTROL_MESSAGE + f"{_SERVICES[service_of(destination)]}."
    event = {"id": "", "timestamp": round(now * 1_000), "message": said}
    return {
        "messageType": "CONTROL_MESSAGE",
        "owner": "CloudwatchLogs",
        "logGroup": "",
        "logStream": "",
        "subscriptionFilters": [],
        "logEvents": [event],
    }


class Subscriptions:
    """Delivers live events, and tries again as AWS does.

    The thread that brings events matches them; the timers' thread only sends.
    """

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._lock = threading.Lock()
        self._patience = Patience()
        self._waiting: list[tuple[SubscriptionFilter, Batch]] = []
        self._senders: Mapping[str, Callable[[Any, str, bytes, str], None]] = {
            "lambda": _to_lambda,
            "kinesis": _to_kinesis,
            "firehose": _to_firehose,
        }

    def hear(self, batch: Batch) -> None:
        found = []
        for one in list(batch.group.subscriptions.values()):
            with self._patience.given(batch.group, one, batch.rows[-1].ingested):
                rows = [row for row in batch.rows if _fits(one, row.message)]
            if rows:
                found.append((one, replace(batch, rows=rows)))
        if not found:
            return
        with self._lock:
            is_first = not self._waiting
            self._waiting += found
        if is_first:
            self._cloud.timers.after(0, self._deliver)

    def check_health(self, group: Group, destination: str, now: float) -> None:
        """Send the test message. Raises InvalidParameterException where it fails."""
        envelope = control_envelope(destination, now)
        try:
            self._send(Parcel(group, destination, envelope, now))
        except ClientError as error:
            kind = _SERVICES[service_of(destination)]
            raise invalid(
                f"Could not deliver test message to specified {kind}. Check if the "
                f"given {kind} is in ACTIVE state."
            ) from error

    def _deliver(self, now: float) -> None:
        with self._lock:
            waiting, self._waiting = self._waiting, []
        for account, several in groupby(waiting, lambda one: one[1].group.place[0]):
            parcels = [_parcel(one, batch, now) for one, batch in several]
            arriving = self._cloud.faults.deliveries(CHANNEL, account, parcels, now)
            for delay, parcel in arriving:
                self._send_after(delay, parcel, now)

    def _send_after(self, delay: float, parcel: Parcel, now: float) -> None:
        if delay:
            self._cloud.timers.after(delay, lambda later: self._try(parcel, later))
        else:
            self._try(parcel, now)

    def _try(self, parcel: Parcel, now: float) -> None:
        """Throttling and failures of the other side are tried again for a day;
        a destination that is gone or forbidden is not. Source: Subscriptions, "up to
        24 hours"."""
        try:
            self._send(parcel)
        except ClientError as error:
            if _is_final(error) or now - parcel.sent > _GIVE_UP_SECONDS:
                log.warning("events for %s are lost: %s", parcel.destination, error)
                return
            self._cloud.timers.after(
                _TRY_AGAIN_SECONDS, lambda later: self._try(parcel, later)
            )
        else:
            self._count(parcel, now)

    def _count(self, parcel: Parcel, now: float) -> None:
        """Source: "CloudWatch Logs metrics and dimensions", User Guide."""
        dimensions = {
            "LogGroupName": parcel.group.name,
            "DestinationType": _DESTINATION_TYPES[service_of(parcel.destination)],
            "FilterName": parcel.envelope["subscriptionFilters"][0],
        }
        datum = {
            "MetricName": "ForwardedLogEvents",
            "Dimensions": [{"Name": n, "Value": v} for n, v in dimensions.items()],
            "Timestamp": now,
            "Value": float(len(parcel.envelope["logEvents"])),
        }
        account, region = parcel.group.place
        client = self._cloud.client("cloudwatch", account, region, "logs.amazonaws.com")
        try:
            client.put_metric_data(Namespace="AWS/Logs", MetricData=[datum])
        except ClientError as error:
            log.info("events for %s are not counted: %s", parcel.destination, error)

    def _send(self, parcel: Parcel) -> None:
        service = service_of(parcel.destination)
        region, account = parcel.destination.split(":")[3:5]
        client = self._cloud.client(service, account, region, "logs.amazonaws.com")
        body = gzip.compress(orjson.dumps(parcel.envelope), 1, mtime=0)
        key = str(parcel.envelope["logStream"]) or "control"
        self._senders[service](client, parcel.destination, body, key)


def _is_final(error: ClientError) -> bool:
    said: Mapping[str, Any] = error.response
    status = said.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    code = said.get("Error", {}).get("Code", "")
    return code in _FINAL or (
        status < _SERVER_ERROR and "Throttl" not in code and "Exceeded" not in code
    )


def _parcel(one: SubscriptionFilter, batch: Batch, now: float) -> Parcel:
    envelope = data_envelope(batch.group, batch.stream, one.name, batch.rows)
    return Parcel(batch.group, one.destination, envelope, now)


def _fits(subscription: SubscriptionFilter, message: str) -> bool:
    try:
        return subscription.pattern.matches(message)
    except TooExpensive:
        return False


def _to_lambda(client: Any, arn: str, body: bytes, key: str) -> None:
    event = {"awslogs": {"data": base64.b64encode(body).decode()}}
    client.invoke(FunctionName=arn, InvocationType="Event", Payload=orjson.dumps(event))


def _to_kinesis(client: Any, arn: str, body: bytes, key: str) -> None:
    name = arn.rpartition("/")[2]
    client.put_record(StreamName=name, Data=body, PartitionKey=key)


def _to_firehose(client: Any, arn: str, body: bytes, key: str) -> None:
    name = arn.rpartition("/")[2]
    client.put_record(DeliveryStreamName=name, Record={"Data": body})
