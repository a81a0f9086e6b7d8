"""Encryption, the destination of segments, and the telemetry of daemons."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.kernel.calls import Answer, Call, Handler
from sandbox.xray.pages import refused
from sandbox.xray.places import Place, Places

_UPDATE_SECONDS = 60


class Settings:
    """The settings of every account and region."""

    def __init__(self) -> None:
        self._encryption: Places[dict[str, Any]] = Places(_not_encrypted)
        self._to_logs: set[Place] = set()
        self.operations: Mapping[str, Handler] = {
            "GetEncryptionConfig": self._get_encryption,
            "GetTraceSegmentDestination": self._destination,
            "PutEncryptionConfig": self._put_encryption,
            "PutTelemetryRecords": self._take_telemetry,
            "UpdateTraceSegmentDestination": self._send_to,
        }

    def _get_encryption(self, call: Call) -> Answer:
        held = dict(self._encryption[call.place])
        changed = held.pop("changed")
        recently = call.now < changed + _UPDATE_SECONDS
        held["Status"] = "UPDATING" if recently else "ACTIVE"
        return {"EncryptionConfig": held}

    def _put_encryption(self, call: Call) -> Answer:
        kind, key = call.parameters["Type"], call.parameters.get("KeyId")
        if (kind == "KMS") is not bool(key):
            raise refused("KeyId must be given with the type KMS, and only then")
        held = self._encryption[call.place]
        held.pop("KeyId", None)
        held.update(
            {"Type": kind, "changed": call.now} | ({"KeyId": key} if key else {})
        )
        return self._get_encryption(call)

    def indexes(self, place: Place) -> bool:
        """Whether traces are found by their ids: with Transaction Search, spans go to
        CloudWatch Logs, and none of them is indexed here."""
        return place not in self._to_logs

    def _destination(self, call: Call) -> Answer:
        destination = "XRay" if self.indexes(call.place) else "CloudWatchLogs"
        return {"Destination": destination, "Status": "ACTIVE"}

    def _send_to(self, call: Call) -> Answer:
        """Segments stay where they are: only reading them changes."""
        if call.parameters.get("Destination") == "CloudWatchLogs":
            self._to_logs.add(call.place)
        else:
            self._to_logs.discard(call.place)
        return self._destination(call)

    def _take_telemetry(self, call: Call) -> Answer:
        """AWS has no operation that reads it either."""
        return {}


def _not_encrypted(place: Place) -> dict[str, Any]:
    return {"Type": "NONE", "changed": float("-inf")}
