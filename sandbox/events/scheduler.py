"""EventBridge Scheduler: schedules that really fire."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sandbox.events import envelopes, inputs, schedules
from sandbox.events.deliveries import OF_SCHEDULES, Deliveries
from sandbox.events.problems import BadSchedule
from sandbox.events.targets import Message, Targets
from sandbox.kernel.calls import Answer, Call, Handler
from sandbox.kernel.cloud import Cloud, Event
from sandbox.kernel.errors import ApiError
from sandbox.kernel.paging import page

Place = tuple[str, str]
_DEFAULT = "default"
_PAGE = 100
_LISTED = (
    "Arn",
    "CreationDate",
    "GroupName",
    "LastModificationDate",
    "Name",
    "State",
)
_KEPT = (
    "ActionAfterCompletion",
    "Description",
    "EndDate",
    "FlexibleTimeWindow",
    "KmsKeyArn",
    "ScheduleExpression",
    "ScheduleExpressionTimezone",
    "StartDate",
    "State",
    "Target",
)


@dataclass(slots=True)
class Schedule:
    """A schedule; `due` is when it fires next, in seconds since 1970."""

    arn: str
    group: str
    name: str
    settings: dict[str, Any]
    created: float
    modified: float
    next: schedules.Next
    due: float | None

    @property
    def target(self) -> Mapping[str, Any]:
        target: Mapping[str, Any] = self.settings["Target"]
        return target

    @property
    def is_on(self) -> bool:
        return bool(self.settings["State"] == "ENABLED")

    @property
    def is_kept(self) -> bool:
        return bool(self.settings["ActionAfterCompletion"] != "DELETE")

    def plan(self, after: float) -> None:
        """Set when it fires next: from its start on, until its end."""
        start = float(self.settings.get("StartDate") or 0)
        due = self.next(max(after, start - 1))
        end = self.settings.get("EndDate")
        self.due = None if end is not None and due is not None and due > end else due

    def described(self) -> dict[str, Any]:
        return {
            "Arn": self.arn,
            "GroupName": self.group,
            "Name": self.name,
            **self.settings,
            "CreationDate": self.created,
            "LastModificationDate": self.modified,
        }

    def listed(self) -> dict[str, Any]:
        shown = self.described()
        kept = {member: shown[member] for member in _LISTED}
        return {**kept, "Target": {"Arn": self.target["Arn"]}}


class Scheduler:
    """The EventBridge Scheduler of every account."""

    name = "scheduler"
    from_moto: frozenset[str] = frozenset()

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._lock = threading.Lock()
        self._groups: dict[Place, dict[str, float]] = {}
        self._schedules: dict[Place, dict[tuple[str, str], Schedule]] = {}
        targets = Targets(cloud, self._to_bus, "scheduler.amazonaws.com")
        self._deliveries = Deliveries(cloud, targets, OF_SCHEDULES)
        cloud.timers.every(1, self._fire)
        self.operations: Mapping[str, Handler] = {
            "CreateSchedule": self._create,
            "CreateScheduleGroup": self._create_group,
            "DeleteSchedule": self._delete,
            "DeleteScheduleGroup": self._delete_group,
            "GetSchedule": self._get,
            "GetScheduleGroup": self._get_group,
            "ListScheduleGroups": self._list_groups,
            "ListSchedules": self._list,
            "UpdateSchedule": self._update,
        }

    # Firing

    def _fire(self, now: float) -> None:
        for (account, region), schedule, due in self._due(now):
            message = _message(account, region, schedule, due)
            self._deliveries.give(account, [message], now)

    def _due(self, now: float) -> list[tuple[Place, Schedule, float]]:
        found = []
        with self._lock:
            for place, own in self._schedules.items():
                for key, schedule in list(own.items()):
                    while schedule.due is not None and schedule.due <= now:
                        if schedule.is_on:
                            found.append((place, schedule, schedule.due))
                        schedule.plan(schedule.due)
                    if schedule.due is None and not schedule.is_kept:
                        del own[key]
        return found

    def _to_bus(self, bus_arn: str, event: Mapping[str, Any]) -> None:
        _, _, _, region, account, name = bus_arn.split(":", 5)
        events = self._cloud.client(
            "events", account, region, "scheduler.amazonaws.com"
        )
        entry = {**event["put"], "EventBusName": name.removeprefix("event-bus/")}
        (taken,) = events.put_events(Entries=[entry])["Entries"]
        if "ErrorCode" in taken:
            raise ValueError(f"{taken['ErrorCode']}: {taken['ErrorMessage']}")

    # Schedules

    def _create(self, call: Call) -> Answer:
        group, name = _key(call)
        with self._lock:
            self._check_group(call.place, group)
            own = self._schedules.setdefault(call.place, {})
            if (group, name) in own:
                raise ApiError(
                    "ConflictException", f"Schedule {name} already exists.", 409
                )
            schedule = _schedule(call, group, name, call.now)
            # A rate without a start begins with the schedule.
            schedule.plan(call.now - 1)
            own[group, name] = schedule
        return {"ScheduleArn": schedule.arn}

    def _update(self, call: Call) -> Answer:
        with self._lock:
            old = self._find(call)
            new = _schedule(call, old.group, old.name, old.created)
            self._schedules[call.place][old.group, old.name] = new
        return {"ScheduleArn": new.arn}

    def _get(self, call: Call) -> Answer:
        with self._lock:
            return self._find(call).described()

    def _delete(self, call: Call) -> Answer:
        with self._lock:
            schedule = self._find(call)
            del self._schedules[call.place][schedule.group, schedule.name]
        return {}

    def _list(self, call: Call) -> Answer:
        given = call.parameters
        prefix = given.get("NamePrefix") or ""
        with self._lock:
            found = [
                schedule.listed()
                for (group, name), schedule in sorted(
                    self._schedules.get(call.place, {}).items()
                )
                if name.startswith(prefix)
                and given.get("GroupName", group) == group
                and given.get("State", schedule.settings["State"])
                == schedule.settings["State"]
            ]
        return _paged("Schedules", found, call)

    def _find(self, call: Call) -> Schedule:
        found = self._schedules.get(call.place, {}).get(_key(call))
        if found is None:
            name = call.parameters["Name"]
            raise ApiError(
                "ResourceNotFoundException", f"Schedule {name} does not exist.", 404
            )
        return found

    # Groups

    def _check_group(self, place: Place, name: str) -> None:
        if name != _DEFAULT and name not in self._groups.get(place, {}):
            raise ApiError(
                "ResourceNotFoundException",
                f"Schedule group {name} does not exist.",
                404,
            )

    def _create_group(self, call: Call) -> Answer:
        name = call.parameters["Name"]
        with self._lock:
            groups = self._groups.setdefault(call.place, {})
            if name == _DEFAULT or name in groups:
                raise ApiError(
                    "ConflictException", f"Schedule group {name} already exists.", 409
                )
            groups[name] = call.now
        return {"ScheduleGroupArn": call.arn(f"schedule-group/{name}")}

    def _get_group(self, call: Call) -> Answer:
        name = call.parameters["Name"]
        with self._lock:
            self._check_group(call.place, name)
            return self._group(call, name)

    def _group(self, call: Call, name: str) -> dict[str, Any]:
        created = self._groups.get(call.place, {}).get(name, 0.0)
        return {
            "Arn": call.arn(f"schedule-group/{name}"),
            "Name": name,
            "State": "ACTIVE",
            "CreationDate": created,
            "LastModificationDate": created,
        }

    def _list_groups(self, call: Call) -> Answer:
        prefix = call.parameters.get("NamePrefix") or ""
        with self._lock:
            names = sorted({_DEFAULT, *self._groups.get(call.place, {})})
            found = [self._group(call, n) for n in names if n.startswith(prefix)]
        return _paged("ScheduleGroups", found, call)

    def _delete_group(self, call: Call) -> Answer:
        name = call.parameters["Name"]
        with self._lock:
            self._check_group(call.place, name)
            if name == _DEFAULT:
                raise _invalid("The default schedule group cannot be deleted.")
            self._groups[call.place].pop(name)
            own = self._schedules.get(call.place, {})
            for key in [key for key in own if key[0] == name]:
                del own[key]
        return {}


def _key(call: Call) -> tuple[str, str]:
    return call.parameters.get("GroupName") or _DEFAULT, call.parameters["Name"]


def _schedule(call: Call, group: str, name: str, created: float) -> Schedule:
    given = call.parameters
    kept = {m: given[m] for m in _KEPT if given.get(m) is not None}
    defaults = {
        "State": "ENABLED",
        "ScheduleExpressionTimezone": "UTC",
        "ActionAfterCompletion": "NONE",
    }
    settings = {**defaults, **kept}
    start = float(given.get("StartDate") or created)
    made = Schedule(
        call.arn(f"schedule/{group}/{name}"),
        group,
        name,
        settings,
        created,
        call.now,
        _next(settings, start),
        None,
    )
    made.plan(call.now)
    return made


def _next(settings: Mapping[str, Any], start: float) -> schedules.Next:
    zone = _zone(settings["ScheduleExpressionTimezone"])
    expression = settings["ScheduleExpression"]
    try:
        return schedules.read(expression, start, zone)
    except BadSchedule as error:
        raise _invalid(f"Invalid Schedule Expression {expression}.") from error


def _zone(name: str) -> tzinfo:
    try:
        return UTC if name == "UTC" else ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise _invalid("Invalid Schedule Expression Timezone.") from error


def _message(account: str, region: str, schedule: Schedule, due: float) -> Message:
    """Source: EventBridge Scheduler User Guide, "Using templated targets" and "Adding
    context attributes"."""
    event = envelopes.of(
        Event(
            account,
            region,
            "aws.scheduler",
            "Scheduled Event",
            {},
            due,
            (schedule.arn,),
        )
    )
    body = inputs.of({"Input": schedule.target.get("Input")}, event, schedule.arn)
    known = {
        "schedule-arn": schedule.arn,
        "scheduled-time": envelopes.moment(due),
        "execution-id": str(uuid.uuid4()),
        "attempt-number": "1",
    }
    for name, value in known.items():
        body = body.replace(f"<aws.scheduler.{name}>", value)
    bus = schedule.target.get("EventBridgeParameters") or {}
    put = {**bus, "Detail": body}
    return Message(schedule.target, body, {**event, "put": put}, schedule.arn)


def _paged(member: str, found: list[Any], call: Call) -> dict[str, Any]:
    given = call.parameters
    items, token = page(found, given.get("NextToken"), given.get("MaxResults"), _PAGE)
    return {member: list(items), **({"NextToken": token} if token else {})}


def _invalid(said: str) -> ApiError:
    return ApiError("ValidationException", said)
