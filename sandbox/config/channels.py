"""The delivery channel: notifications, events, history files and snapshots."""

from __future__ import annotations

import gzip
import uuid
from collections.abc import Mapping
from typing import Any

import orjson
from botocore.exceptions import ClientError

from sandbox.config import files, messages
from sandbox.config.items import Item
from sandbox.config.messages import Message
from sandbox.config.reading import PRINCIPAL
from sandbox.config.state import Place, Store
from sandbox.kernel.calls import Answer, Call, Handler
from sandbox.kernel.cloud import Cloud, Event
from sandbox.kernel.errors import ApiError

HISTORY_SECONDS = 6 * 3_600
_LOOK_SECONDS = 60
_FREQUENCIES: Mapping[str, int] = {
    "One_Hour": 3_600,
    "Three_Hours": 10_800,
    "Six_Hours": 21_600,
    "Twelve_Hours": 43_200,
    "TwentyFour_Hours": 86_400,
}


class Channels:
    """One channel in each place, and everything that goes through it."""

    def __init__(self, cloud: Cloud, store: Store) -> None:
        self._cloud = cloud
        self._store = store
        cloud.timers.every(_LOOK_SECONDS, self._deliver_what_is_due)
        self.operations: Mapping[str, Handler] = {
            "PutDeliveryChannel": self._put,
            "DescribeDeliveryChannels": self._describe,
            "DescribeDeliveryChannelStatus": self._status,
            "DeleteDeliveryChannel": self._delete,
            "DeliverConfigSnapshot": self._deliver_snapshot,
        }

    def _put(self, call: Call) -> Answer:
        wanted = dict(call.parameters["DeliveryChannel"])
        wanted.setdefault("name", "default")
        place = self._store.at(call.place)
        place.the_recorder()
        if place.channel is not None and place.channel["name"] != wanted["name"]:
            raise ApiError(
                "MaxNumberOfDeliveryChannelsExceededException",
                f"Failed to put delivery channel '{wanted['name']}' because the "
                "maximum number of delivery channels: 1 is reached.",
            )
        self._check_bucket(place, str(wanted.get("s3BucketName") or ""))
        self._check_topic(wanted.get("snsTopicARN"))
        with self._store.lock:
            place.channel = wanted
            place.deliveries.setdefault("history", {"since": call.now})
            place.deliveries.setdefault("snapshot", {"since": call.now})
        return {}

    def _check_bucket(self, place: Place, bucket: str) -> None:
        if not bucket:
            raise _no_bucket("Cannot find a S3 bucket with an empty bucket name.")
        try:
            self._client("s3", place).head_bucket(Bucket=bucket)
        except ClientError as error:
            said = f"Cannot find a S3 bucket with the specified bucket name '{bucket}'."
            raise _no_bucket(said) from error

    def _check_topic(self, topic: str | None) -> None:
        if topic is None:
            return
        try:
            self._topics(topic).get_topic_attributes(TopicArn=topic)
        except (ClientError, ValueError) as error:
            raise ApiError(
                "InvalidSNSTopicARNException",
                f"The sns topic arn '{topic}' is not valid.",
            ) from error

    def _topics(self, topic: str) -> Any:
        """SNS where the topic is, which may be another account. Raises ValueError."""
        _, _, _, region, account, _ = topic.split(":")
        return self._cloud.client("sns", account, region, PRINCIPAL)

    def _client(self, service: str, place: Place) -> Any:
        return self._cloud.client(service, place.account, place.region, PRINCIPAL)

    def _named(self, call: Call) -> list[dict[str, Any]]:
        place = self._store.at(call.place)
        for name in call.parameters.get("DeliveryChannelNames") or ():
            _of_name(place, name)
        return [] if place.channel is None else [place.channel]

    def _describe(self, call: Call) -> Answer:
        return {"DeliveryChannels": self._named(call)}

    def _status(self, call: Call) -> Answer:
        place = self._store.at(call.place)
        return {
            "DeliveryChannelsStatus": [
                {
                    "name": channel["name"],
                    "configSnapshotDeliveryInfo": _told(place, "snapshot"),
                    "configHistoryDeliveryInfo": _told(place, "history"),
                    "configStreamDeliveryInfo": _told(place, "stream"),
                }
                for channel in self._named(call)
            ]
        }

    def _delete(self, call: Call) -> Answer:
        place = self._store.at(call.place)
        name = call.parameters["DeliveryChannelName"]
        _of_name(place, name)
        if place.is_recording:
            raise ApiError(
                "LastDeliveryChannelDeleteFailedException",
                f"Failed to delete last specified delivery channel with name '{name}', "
                "because there is a running configuration recorder.",
            )
        with self._store.lock:
            place.channel = None
            place.deliveries.clear()
        return {}

    def _deliver_snapshot(self, call: Call) -> Answer:
        place = self._store.at(call.place)
        place.the_recorder()
        _of_name(place, call.parameters["deliveryChannelName"])
        if not place.is_recording:
            raise ApiError(
                "NoRunningConfigurationRecorderException",
                "Configuration recorder is not running.",
            )
        snapshot_id = str(uuid.uuid4())

        def deliver(now: float) -> None:
            self._write_snapshot(place, snapshot_id, now)

        self._cloud.timers.after(0, deliver)
        return {"configSnapshotId": snapshot_id}

    def tell(self, place: Place, message: Message, now: float) -> None:
        """Publish to the channel's topic, and tell EventBridge."""
        kind = message["messageType"]
        if kind in messages.DETAIL_TYPES:
            self._cloud.emit(
                Event(
                    place.account,
                    place.region,
                    "aws.config",
                    messages.DETAIL_TYPES[kind],
                    message,
                    now,
                    messages.resources(message),
                )
            )
        if not (place.channel or {}).get("snsTopicARN"):
            return
        for seconds, one in self._cloud.faults.deliveries(
            "config.notifications", place.account, [message], now
        ):
            if seconds:
                self._cloud.timers.after(seconds, self._later(place, one))
            else:
                self._publish(place, one, now)

    def _later(self, place: Place, message: Message) -> Any:
        return lambda now: self._publish(place, message, now)

    def _publish(self, place: Place, message: Message, now: float) -> None:
        topic = (place.channel or {}).get("snsTopicARN")
        if topic is None:
            return
        try:
            self._topics(topic).publish(
                TopicArn=topic,
                Subject=messages.subject(message, place),
                Message=orjson.dumps(message).decode(),
            )
        except ClientError as error:
            place.deliveries["stream"] = _failed(error, now, "lastStatusChangeTime")
            return
        if place.deliveries.get("stream", {}).get("lastStatus") != "Success":
            done = {"lastStatus": "Success", "lastStatusChangeTime": now}
            place.deliveries["stream"] = done

    def tell_change(
        self, place: Place, before: Item | None, item: Item, now: float
    ) -> None:
        message = messages.item_changed(before, item, now)
        raw = orjson.dumps(message)
        if len(raw) > messages.MOST_BYTES:
            change = message["configurationItemDiff"]["changeType"]
            message = messages.oversized(
                item, change, self._aside(place, item, raw, now), now
            )
        self.tell(place, message, now)

    def _aside(self, place: Place, item: Item, raw: bytes, now: float) -> Message:
        """Writes what is too long for a message to the bucket, and says where."""
        bucket = (place.channel or {}).get("s3BucketName", "")
        key = files.oversized_key(place, item, now)
        try:
            body = gzip.compress(raw, mtime=0)
            self._client("s3", place).put_object(Bucket=bucket, Key=key, Body=body)
        except ClientError as error:
            return {
                "s3BucketLocation": None,
                "errorCode": error.response["Error"]["Code"],
                "errorMessage": f"Failed to deliver notification to bucket: {bucket} "
                f"for account {place.account} in region {place.region}.",
            }
        location = f"{bucket}/{key}"
        return {"s3BucketLocation": location, "errorCode": None, "errorMessage": None}

    def _deliver_what_is_due(self, now: float) -> None:
        for place in self._store.recording():
            if place.channel is None:
                continue
            if now - place.deliveries["history"]["since"] >= HISTORY_SECONDS:
                self._write_history(place, now)
            wanted = place.channel.get("configSnapshotDeliveryProperties") or {}
            period = _FREQUENCIES.get(wanted.get("deliveryFrequency", ""))
            if period and now - place.deliveries["snapshot"]["since"] >= period:
                self._write_snapshot(place, str(uuid.uuid4()), now)

    def _write_history(self, place: Place, now: float) -> None:
        """A file for each type with items since the last delivery."""
        since = place.deliveries["history"]["since"]
        by_type: dict[str, list[Item]] = {}
        for items in list(place.history.values()):
            for item in items:
                if since < item.captured <= now:
                    by_type.setdefault(item.found.resource_type, []).append(item)
        for resource_type, items in by_type.items():
            key = files.history_key(place, resource_type, [i.captured for i in items])
            if not self._write(place, "history", key, files.content(items), now):
                return
        place.deliveries["history"]["since"] = now

    def _write_snapshot(self, place: Place, snapshot_id: str, now: float) -> None:
        if place.channel is None:
            return
        key = files.snapshot_key(place, snapshot_id, now)
        body = files.content(place.current(), snapshot_id)
        place.deliveries["snapshot"]["since"] = now
        self._write(place, "snapshot", key, body, now, snapshot_id)

    def _write(  # noqa: PLR0913 - one delivery: where, what, when
        self,
        place: Place,
        kind: str,
        key: str,
        body: bytes,
        now: float,
        snapshot_id: str = "",
    ) -> bool:
        bucket = (place.channel or {}).get("s3BucketName", "")
        told = place.deliveries[kind]
        try:
            self._client("s3", place).put_object(Bucket=bucket, Key=key, Body=body)
        except ClientError as error:
            told |= _failed(error, now, "lastAttemptTime")
            return False
        told |= {
            "lastStatus": "Success",
            "lastAttemptTime": now,
            "lastSuccessfulTime": now,
        }
        message = messages.delivered(kind.capitalize(), bucket, key, now)
        if snapshot_id:
            message = {"configSnapshotId": snapshot_id, **message}
        self.tell(place, message, now)
        return True


def _failed(error: ClientError, now: float, time_name: str) -> dict[str, Any]:
    said = error.response["Error"]
    return {
        "lastStatus": "Failure",
        "lastErrorCode": said["Code"],
        "lastErrorMessage": said["Message"],
        time_name: now,
    }


def _told(place: Place, kind: str) -> dict[str, Any]:
    told = dict(place.deliveries.get(kind, {}))
    told.pop("since", None)
    return {"lastStatus": "Not_Applicable", **told}


def _of_name(place: Place, name: str) -> None:
    if place.channel is None or place.channel["name"] != name:
        raise ApiError(
            "NoSuchDeliveryChannelException",
            f"Cannot find delivery channel with specified name '{name}'.",
        )


def _no_bucket(message: str) -> ApiError:
    return ApiError("NoSuchBucketException", message)
