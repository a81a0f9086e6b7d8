"""The configuration recorder: one per account and region."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sandbox.config.state import Place, Recorder, Store, default_group
from sandbox.kernel.calls import Answer, Call, Handler
from sandbox.kernel.errors import ApiError


class Recorders:
    """`started` is told which place began to record, and when."""

    def __init__(self, store: Store, started: Callable[[Place, float], None]) -> None:
        self._store = store
        self._started = started
        self.operations: Mapping[str, Handler] = {
            "PutConfigurationRecorder": self._put,
            "DescribeConfigurationRecorders": self._describe,
            "DescribeConfigurationRecorderStatus": self._status,
            "StartConfigurationRecorder": self._start,
            "StopConfigurationRecorder": self._stop,
            "DeleteConfigurationRecorder": self._delete,
        }

    def _put(self, call: Call) -> Answer:
        wanted = call.parameters["ConfigurationRecorder"]
        name = wanted.get("name") or "default"
        place = self._store.at(call.place)
        with self._store.lock:
            present = place.recorder
            if present is not None and present.name != name:
                raise ApiError(
                    "MaxNumberOfConfigurationRecordersExceededException",
                    f"Failed to put configuration recorder '{name}' because the "
                    "maximum number of configuration recorders: 1 is reached.",
                )
            settings = _settings(wanted, name, call)
            if present is None:
                place.recorder = Recorder(settings, changed=call.now)
            else:
                present.settings = settings
        return {}

    def _describe(self, call: Call) -> Answer:
        found = [recorder.settings for recorder in self._named(call)]
        return {"ConfigurationRecorders": found}

    def _status(self, call: Call) -> Answer:
        place = self._store.at(call.place)
        found = [_status(r) | _failure(place) for r in self._named(call)]
        return {"ConfigurationRecordersStatus": found}

    def _named(self, call: Call) -> list[Recorder]:
        recorder = self._store.at(call.place).recorder
        names = call.parameters.get("ConfigurationRecorderNames") or ()
        for name in names:
            if recorder is None or recorder.name != name:
                raise _no_such(name)
        return [] if recorder is None else [recorder]

    def _of_name(self, call: Call) -> tuple[Place, Recorder]:
        name = call.parameters["ConfigurationRecorderName"]
        place = self._store.at(call.place)
        if place.recorder is None or place.recorder.name != name:
            raise _no_such(name)
        return place, place.recorder

    def _start(self, call: Call) -> Answer:
        place, recorder = self._of_name(call)
        if place.channel is None:
            raise ApiError(
                "NoAvailableDeliveryChannelException",
                "Delivery channel is not available to start configuration recorder.",
            )
        with self._store.lock:
            recorder.is_recording = True
            recorder.started = recorder.changed = call.now
        self._started(place, call.now)
        return {}

    def _stop(self, call: Call) -> Answer:
        _, recorder = self._of_name(call)
        with self._store.lock:
            recorder.is_recording = False
            recorder.stopped = recorder.changed = call.now
        return {}

    def _delete(self, call: Call) -> Answer:
        place, _ = self._of_name(call)
        with self._store.lock:
            place.recorder = None
        return {}


def _no_such(name: str) -> ApiError:
    return ApiError(
        "NoSuchConfigurationRecorderException",
        f"Cannot find configuration recorder with the specified name '{name}'.",
    )


def _settings(wanted: Mapping[str, Any], name: str, call: Call) -> dict[str, Any]:
    if not str(wanted.get("roleARN") or "").startswith("arn:"):
        raise ApiError(
            "InvalidRoleException",
            f"The role '{wanted.get('roleARN') or ''}' is not valid.",
        )
    group = _group(wanted.get("recordingGroup") or default_group())
    mode = wanted.get("recordingMode") or {"recordingFrequency": "CONTINUOUS"}
    return {
        "arn": call.arn(f"configuration-recorder/{name}"),
        "name": name,
        "roleARN": wanted["roleARN"],
        "recordingGroup": group,
        "recordingMode": mode,
        "recordingScope": "PAID",
    }


def _group(wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Raises for what AWS refuses. Source: RecordingGroup, RecordingStrategy."""
    every = bool(wanted.get("allSupported"))
    types = wanted.get("resourceTypes") or []
    excluded = (wanted.get("exclusionByResourceTypes") or {}).get("resourceTypes") or []
    told = (wanted.get("recordingStrategy") or {}).get("useOnly")
    strategy = told or _strategy(every, excluded)
    is_right = {
        "ALL_SUPPORTED_RESOURCE_TYPES": every and not types and not excluded,
        "EXCLUSION_BY_RESOURCE_TYPES": bool(excluded) and not every and not types,
        "INCLUSION_BY_RESOURCE_TYPES": bool(types)
        and not every
        and not excluded
        and not wanted.get("includeGlobalResourceTypes"),
    }
    if not is_right[strategy]:
        raise ApiError(
            "InvalidRecordingGroupException",
            "The recording group provided is not valid",
        )
    return {
        "allSupported": every,
        "includeGlobalResourceTypes": bool(wanted.get("includeGlobalResourceTypes")),
        "resourceTypes": types,
        "exclusionByResourceTypes": {"resourceTypes": excluded},
        "recordingStrategy": {"useOnly": strategy},
    }


def _strategy(every: object, excluded: object) -> str:
    if excluded:
        return "EXCLUSION_BY_RESOURCE_TYPES"
    if every:
        return "ALL_SUPPORTED_RESOURCE_TYPES"
    return "INCLUSION_BY_RESOURCE_TYPES"


def _status(recorder: Recorder) -> dict[str, Any]:
    status = {
        "name": recorder.name,
        "recording": recorder.is_recording,
        # Recorded answers say SUCCESS, the model says Success; SDKs pass both on.
        "lastStatus": "Success" if recorder.started is not None else "Pending",
        "lastStartTime": recorder.started,
        "lastStopTime": recorder.stopped,
        "lastStatusChangeTime": recorder.changed,
        "arn": recorder.settings["arn"],
    }
    return {name: value for name, value in status.items() if value is not None}


def _failure(place: Place) -> dict[str, str]:
    """What could not be read the last time, if something could not."""
    failures = sorted(place.failures.items())
    if not failures:
        return {}
    said = "; ".join(f"{kind}: {message}" for kind, (_, message) in failures)
    _, (code, _) = failures[0]
    return {
        "lastStatus": "Failure",
        "lastErrorCode": code,
        "lastErrorMessage": said[:1_024],
    }
