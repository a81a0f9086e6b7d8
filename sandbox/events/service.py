"""EventBridge as the API shows it, and what moves events along."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from typing import Any

import orjson

from sandbox.events import entries, envelopes, inputs, patterns
from sandbox.events.buses import DEFAULT, Bus, Buses, Place, Rule
from sandbox.events.deliveries import OF_RULES, Deliveries
from sandbox.events.objects import Objects
from sandbox.events.rules import Rules, read_pattern, tags_of
from sandbox.events.targets import Message, Targets
from sandbox.kernel import policies
from sandbox.kernel.calls import Answer, Call, Handler
from sandbox.kernel.cloud import Cloud, Event
from sandbox.kernel.errors import ApiError
from sandbox.kernel.paging import page

_BUS_MEMBERS = ("Description", "KmsKeyIdentifier", "DeadLetterConfig", "LogConfig")
_PAGE = 100


class Events:
    """The EventBridge of every account."""

    name = "events"
    from_moto: frozenset[str] = frozenset()

    def __init__(self, cloud: Cloud) -> None:
        self._buses = Buses()
        self._tags: dict[str, dict[str, str]] = {}
        self._lock = threading.Lock()
        targets = Targets(cloud, self._forward, "events.amazonaws.com")
        self._deliveries = Deliveries(cloud, targets, OF_RULES)
        self._cloud = cloud
        cloud.on_event(self._on_event)
        cloud.on_call(Objects(cloud).on_call)
        cloud.timers.every(1, self._fire_schedules)
        self.operations: Mapping[str, Handler] = {
            **Rules(self._buses, self._tags, self._lock).operations,
            "CreateEventBus": self._create_bus,
            "DeleteEventBus": self._delete_bus,
            "DescribeEventBus": self._describe_bus,
            "ListEventBuses": self._list_buses,
            "ListTagsForResource": self._list_tags,
            "PutEvents": self._put_events,
            "PutPermission": self._put_permission,
            "RemovePermission": self._remove_permission,
            "TagResource": self._tag,
            "TestEventPattern": self._test_pattern,
            "UntagResource": self._untag,
        }

    # Events on their way

    def _on_event(self, event: Event) -> None:
        place, now = (event.account, event.region), self._cloud.clock.now()
        self._route(place, DEFAULT, envelopes.of(event), now)

    def _forward(self, bus_arn: str, event: Mapping[str, Any]) -> None:
        """An event of one bus that a rule sends on to another."""
        with self._lock:
            bus = self._buses.find(("", ""), bus_arn)
        if bus is None:
            raise ValueError(f"There is no event bus {bus_arn}.")
        _, _, _, region, account, _ = bus_arn.split(":", 5)
        self._route((account, region), bus.name, event, self._cloud.clock.now())

    def _route(
        self, place: Place, bus_name: str, event: Mapping[str, Any], now: float
    ) -> None:
        is_read, leaves = envelopes.is_read(event), patterns.flattened(event)
        with self._lock:
            rules = list(self._buses.of(place)[bus_name].rules.values())
        for rule in rules:
            if rule.hears(leaves, is_read=is_read):
                self._give(place, rule, event, now)

    def _give(
        self, place: Place, rule: Rule, event: Mapping[str, Any], now: float
    ) -> None:
        messages = [
            Message(target, inputs.of(target, event, rule.arn), event, rule.arn)
            for target in list(rule.targets.values())
        ]
        self._deliveries.give(place[0], messages, now)

    def _fire_schedules(self, now: float) -> None:
        for (account, region), rule, due in self._due(now):
            scheduled = Event(
                account,
                region,
                "aws.events",
                "Scheduled Event",
                {},
                due,
                (rule.arn,),
            )
            self._give((account, region), rule, envelopes.of(scheduled), now)

    def _due(self, now: float) -> list[tuple[Place, Rule, float]]:
        found = []
        with self._lock:
            for place, rule in self._buses.rules():
                while rule.schedule and rule.due is not None and rule.due <= now:
                    if rule.is_on:
                        found.append((place, rule, rule.due))
                    rule.due = rule.schedule(rule.due)
        return found

    def _put_events(self, call: Call) -> Answer:
        given = call.parameters["Entries"]
        if sum(entries.size(entry) for entry in given) > entries.MOST_BYTES:
            raise ApiError(
                "ValidationException",
                "Total size of the entries in the request is over the limit.",
            )
        results = [self._put_event(entry, call) for entry in given]
        failed = sum("ErrorCode" in result for result in results)
        return {"FailedEntryCount": failed, "Entries": results}

    def _put_event(self, entry: entries.Entry, call: Call) -> Mapping[str, str]:
        fault = entries.fault(entry)
        if fault is not None:
            return fault
        event = envelopes.of(
            Event(
                call.account,
                call.region,
                entry["Source"],
                entry["DetailType"],
                orjson.loads(entry["Detail"]),
                float(entry.get("Time") or call.now),
                tuple(entry.get("Resources") or ()),
            )
        )
        with self._lock:
            bus = self._buses.find(call.place, entry.get("EventBusName"))
        # AWS takes an event for a bus that is not there, and loses it.
        if bus is not None and _may_put(bus, call):
            _, _, _, region, account, _ = bus.arn.split(":", 5)
            self._route((account, region), bus.name, event, call.now)
        return {"EventId": event["id"]}

    def _test_pattern(self, call: Call) -> Answer:
        pattern = read_pattern(call.parameters["EventPattern"])
        return {"Result": pattern.matches(_tested(call.parameters["Event"]))}

    # Buses

    def _create_bus(self, call: Call) -> Answer:
        name = call.parameters["Name"]
        with self._lock:
            buses = self._buses.of(call.place, call.now)
            if name in buses:
                raise ApiError(
                    "ResourceAlreadyExistsException",
                    f"Event bus {name} already exists.",
                )
            arn = call.arn(f"event-bus/{name}")
            kept = {
                m: call.parameters[m] for m in _BUS_MEMBERS if call.parameters.get(m)
            }
            buses[name] = Bus(name, arn, call.now, call.now, kept)
            self._tags[arn] = tags_of(call.parameters.get("Tags"))
        return {"EventBusArn": arn, **kept}

    def _delete_bus(self, call: Call) -> Answer:
        name = call.parameters["Name"]
        if name == DEFAULT:
            raise ApiError("ValidationException", "Cannot delete event bus default.")
        with self._lock:
            buses = self._buses.of(call.place)
            if name in buses and buses[name].rules:
                raise ApiError(
                    "ValidationException",
                    "Event bus can't be deleted since it has rules.",
                )
            gone = buses.pop(name, None)
            if gone is not None:
                self._tags.pop(gone.arn, None)
        return {}

    def _describe_bus(self, call: Call) -> Answer:
        with self._lock:
            return _described(self._buses.get(call, call.parameters.get("Name")))

    def _list_buses(self, call: Call) -> Answer:
        given = call.parameters
        prefix = given.get("NamePrefix") or ""
        with self._lock:
            buses = self._buses.of(call.place, call.now)
            found = [_listed(buses[n]) for n in sorted(buses) if n.startswith(prefix)]
        items, token = page(found, given.get("NextToken"), given.get("Limit"), _PAGE)
        return {"EventBuses": list(items), **({"NextToken": token} if token else {})}

    def _put_permission(self, call: Call) -> Answer:
        given = call.parameters
        with self._lock:
            bus = self._buses.get(call, given.get("EventBusName"))
            if given.get("Policy"):
                statements = json.loads(given["Policy"])["Statement"]
                listed = statements if isinstance(statements, list) else [statements]
                bus.statements = {
                    one.get("Sid", str(at)): one for at, one in enumerate(listed)
                }
            else:
                bus.statements[given["StatementId"]] = _statement(given, bus.arn)
            bus.modified = call.now
        return {}

    def _remove_permission(self, call: Call) -> Answer:
        given = call.parameters
        with self._lock:
            bus = self._buses.get(call, given.get("EventBusName"))
            if given.get("RemoveAllPermissions"):
                bus.statements.clear()
            elif bus.statements.pop(given.get("StatementId", ""), None) is None:
                raise ApiError(
                    "ResourceNotFoundException",
                    "Statement with the provided id does not exist.",
                )
        return {}

    # Tags

    def _list_tags(self, call: Call) -> Answer:
        with self._lock:
            tags = self._tags.get(call.parameters["ResourceARN"], {})
            return {"Tags": [{"Key": k, "Value": v} for k, v in tags.items()]}

    def _tag(self, call: Call) -> Answer:
        with self._lock:
            tags = self._tags.setdefault(call.parameters["ResourceARN"], {})
            tags.update(tags_of(call.parameters["Tags"]))
        return {}

    def _untag(self, call: Call) -> Answer:
        with self._lock:
            tags = self._tags.get(call.parameters["ResourceARN"], {})
            for key in call.parameters["TagKeys"]:
                tags.pop(key, None)
        return {}


_REQUIRED = ("id", "account", "source", "time", "region", "detail-type")


def _tested(text: str) -> Mapping[str, Any]:
    """The event of TestEventPattern. Raises ValidationException."""
    try:
        event = orjson.loads(text)
    except ValueError as error:
        raise ApiError(
            "ValidationException", "Parameter Event is not valid. Reason: not JSON."
        ) from error
    absent = [name for name in _REQUIRED if name not in event]
    if absent:
        reason = f"{absent[0]} is a required argument."
        raise ApiError(
            "ValidationException", f"Parameter Event is not valid. Reason: {reason}"
        )
    return dict(event)


def _listed(bus: Bus) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "Name": bus.name,
        "Arn": bus.arn,
        "CreationTime": bus.created,
        "LastModifiedTime": bus.modified,
    }
    if bus.statements:
        statements = list(bus.statements.values())
        shown["Policy"] = json.dumps({"Version": "2012-10-17", "Statement": statements})
    if "Description" in bus.settings:
        shown["Description"] = bus.settings["Description"]
    return shown


def _described(bus: Bus) -> dict[str, Any]:
    return {**_listed(bus), **bus.settings}


def _statement(given: Mapping[str, Any], bus_arn: str) -> dict[str, Any]:
    who = given["Principal"]
    principal = who if who == "*" else {"AWS": f"arn:aws:iam::{who}:root"}
    return {
        "Sid": given["StatementId"],
        "Effect": "Allow",
        "Principal": principal,
        "Action": given.get("Action") or "events:PutEvents",
        "Resource": bus_arn,
    }


def _may_put(bus: Bus, call: Call) -> bool:
    """Within its own account a bus needs no policy."""
    if bus.arn.split(":")[4] == call.account:
        return True
    who = (call.principal.arn, f"arn:aws:iam::{call.account}:root", call.account)
    document = {"Statement": list(bus.statements.values())}
    request = policies.Request("events:PutEvents", bus.arn, who)
    return policies.decide([document], request) is policies.Effect.ALLOW
