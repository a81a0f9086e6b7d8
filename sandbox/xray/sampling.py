"""Sampling rules, the share of each client in them, and what clients report.

Source: "Configuring sampling rules" and "Using sampling rules with the X-Ray API" in
the X-Ray developer guide.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.kernel.calls import Answer, Call, Handler, Parameters
from sandbox.kernel.errors import ApiError
from sandbox.xray.pages import refused
from sandbox.xray.places import Place, Places
from sandbox.xray.tags import Tags

_MOST = 25
_DEFAULT = "Default"
_INTERVAL = 10
_WINDOW = 60
_KEPT_SECONDS = 30 * 60
_COUNTS = ("RequestCount", "BorrowCount", "SampledCount")
_OF_DEFAULT = frozenset({"RuleName", "RuleARN", "FixedRate", "ReservoirSize"})


@dataclass(slots=True)
class Rule:
    """`members` are those of AWS's SamplingRule. Times in seconds since 1970."""

    members: dict[str, Any]
    created: float
    modified: float

    @property
    def name(self) -> str:
        return str(self.members["RuleName"])

    def answer(self) -> dict[str, Any]:
        return {
            "SamplingRule": dict(self.members),
            "CreatedAt": self.created,
            "ModifiedAt": self.modified,
        }


@dataclass(slots=True)
class _State:
    rules: dict[str, Rule]
    modified: float = 0.0
    clients: dict[str, dict[str, float]] = field(default_factory=dict)
    """When each client asked last, by rule."""
    windows: dict[tuple[float, str], dict[str, int]] = field(default_factory=dict)


class Sampling:
    """The sampling rules of every account and region."""

    def __init__(self, tags: Tags) -> None:
        self._tags = tags
        self._lock = threading.Lock()
        self._states: Places[_State] = Places(_first_state)
        self.operations: Mapping[str, Handler] = {
            "CreateSamplingRule": self._create,
            "DeleteSamplingRule": self._delete,
            "GetSamplingRules": self._list,
            "GetSamplingStatisticSummaries": self._summaries,
            "GetSamplingTargets": self._targets,
            "UpdateSamplingRule": self._update,
        }

    def _create(self, call: Call) -> Answer:
        wanted = dict(call.parameters["SamplingRule"])
        name = wanted.get("RuleName")
        if not name:
            raise refused("A sampling rule needs a RuleName")
        if wanted["Version"] != 1:
            raise refused("Version must be 1")
        arn = call.arn(f"sampling-rule/{name}")
        members = {"Attributes": {}, **wanted, "RuleARN": arn}
        with self._lock:
            state = self._states[call.place]
            if name in state.rules:
                raise refused("Rule name already exists")
            if len(state.rules) > _MOST:
                raise ApiError(
                    "RuleLimitExceededException",
                    f"There are {_MOST} sampling rules already",
                )
            self._tags.begin(arn, call.parameters.get("Tags") or ())
            rule = state.rules[name] = Rule(members, call.now, call.now)
            state.modified = call.now
        return {"SamplingRuleRecord": rule.answer()}

    def _update(self, call: Call) -> Answer:
        wanted = call.parameters["SamplingRuleUpdate"]
        with self._lock:
            state = self._states[call.place]
            rule = _named(state, wanted)
            if rule.name == _DEFAULT and set(wanted) - _OF_DEFAULT:
                raise refused(
                    "Only FixedRate and ReservoirSize of the Default rule can change"
                )
            kept = {"RuleName": rule.name, "RuleARN": rule.members["RuleARN"]}
            rule.members = {**rule.members, **wanted, **kept}
            rule.modified = state.modified = call.now
        return {"SamplingRuleRecord": rule.answer()}

    def _delete(self, call: Call) -> Answer:
        with self._lock:
            state = self._states[call.place]
            rule = _named(state, call.parameters)
            if rule.name == _DEFAULT:
                raise refused("The Default rule cannot be deleted")
            del state.rules[rule.name]
            state.modified = call.now
            self._tags.end(rule.members["RuleARN"])
        return {"SamplingRuleRecord": rule.answer()}

    def _list(self, call: Call) -> Answer:
        with self._lock:
            rules = list(self._states[call.place].rules.values())
        rules.sort(key=lambda rule: (rule.members["Priority"], rule.name))
        return {"SamplingRuleRecords": [rule.answer() for rule in rules]}

    def _targets(self, call: Call) -> Answer:
        targets, unprocessed = [], []
        with self._lock:
            state = self._states[call.place]
            for report in call.parameters["SamplingStatisticsDocuments"]:
                rule = state.rules.get(report["RuleName"])
                if rule is None:
                    unprocessed.append(_unknown(report["RuleName"]))
                    continue
                _note(state, report, call.now)
                targets.append(_target(state, rule, report["ClientID"], call.now))
        return {
            "SamplingTargetDocuments": targets,
            "LastRuleModification": state.modified,
            "UnprocessedStatistics": unprocessed,
        }

    def _summaries(self, call: Call) -> Answer:
        with self._lock:
            windows = sorted(self._states[call.place].windows.items())
        return {
            "SamplingStatisticSummaries": [
                {"RuleName": name, "Timestamp": at, **counts}
                for (at, name), counts in windows
                if at >= call.now - _KEPT_SECONDS
            ]
        }


def _first_state(place: Place) -> _State:
    account, region = place
    members = {
        "RuleName": _DEFAULT,
        "RuleARN": f"arn:aws:xray:{region}:{account}:sampling-rule/{_DEFAULT}",
        "ResourceARN": "*",
        "Priority": 10_000,
        "FixedRate": 0.05,
        "ReservoirSize": 1,
        "ServiceName": "*",
        "ServiceType": "*",
        "Host": "*",
        "HTTPMethod": "*",
        "URLPath": "*",
        "Version": 1,
        "Attributes": {},
    }
    return _State({_DEFAULT: Rule(members, 0.0, 0.0)})


def _named(state: _State, wanted: Parameters) -> Rule:
    name, arn = wanted.get("RuleName"), wanted.get("RuleARN")
    if bool(name) is bool(arn):
        raise refused("Specify a rule by either name or ARN, but not both")
    for rule in state.rules.values():
        if name == rule.name or arn == rule.members["RuleARN"]:
            return rule
    raise refused("Sampling rule does not exist")


def _note(state: _State, report: Mapping[str, Any], now: float) -> None:
    state.clients.setdefault(report["RuleName"], {})[report["ClientID"]] = now
    at = float(report["Timestamp"]) // _WINDOW * _WINDOW
    counts = state.windows.setdefault(
        (at, report["RuleName"]), dict.fromkeys(_COUNTS, 0)
    )
    for member in _COUNTS:
        counts[member] += report.get(member, 0)
    for old in [key for key in state.windows if key[0] < now - _KEPT_SECONDS]:
        del state.windows[old]


def _target(state: _State, rule: Rule, client: str, now: float) -> dict[str, Any]:
    """The reservoir is shared among the clients that asked lately."""
    asked = state.clients[rule.name]
    active = sorted(c for c, at in asked.items() if at > now - 2 * _INTERVAL)
    size = int(rule.members["ReservoirSize"])
    share = size // len(active) + (active.index(client) < size % len(active))
    return {
        "RuleName": rule.name,
        "FixedRate": rule.members["FixedRate"],
        "ReservoirQuota": share,
        "ReservoirQuotaTTL": now + _INTERVAL,
        "Interval": _INTERVAL,
    }


def _unknown(name: str) -> dict[str, str]:
    return {
        "RuleName": name,
        "ErrorCode": "InvalidRequestException",
        "Message": f"Sampling rule {name} does not exist",
    }
