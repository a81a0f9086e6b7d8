"""Runs rules: when items change, when their time has come, and when asked."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from botocore.exceptions import ClientError

from sandbox.config import messages
from sandbox.config.channels import Channels
from sandbox.config.doors import RESOURCE_COMPLIANCE
from sandbox.config.items import Found, Item, iso
from sandbox.config.managed import EVALUATED, Managed
from sandbox.config.reading import PRINCIPAL, Reader, Unavailable
from sandbox.config.recording import Recording
from sandbox.config.state import Evaluation, Key, Place, Rule, Store
from sandbox.config.verdicts import NON_COMPLIANT, NOT_APPLICABLE
from sandbox.kernel.cloud import Cloud

FREQUENCIES: Mapping[str, int] = {
    "One_Hour": 3_600,
    "Three_Hours": 10_800,
    "Six_Hours": 21_600,
    "Twelve_Hours": 43_200,
    "TwentyFour_Hours": 86_400,
}
_LOOK_SECONDS = 60
# Lambda keeps an asynchronous event for six hours. Source: its developer guide.
_TOKEN_SECONDS = 6 * 3_600
_CHANGE = "ConfigurationItemChangeNotification"
_SCHEDULED = "ScheduledNotification"

Failing = Callable[[Place, Rule, Key, float], None]
"""Hears of a resource that a rule found not compliant."""


@dataclass(frozen=True, slots=True)
class Invocation:
    """A custom rule's function was called, and may put evaluations for it."""

    place: Place
    rule: str
    invoked: float


class Evaluating:
    """Every rule's evaluations."""

    def __init__(
        self, cloud: Cloud, store: Store, channels: Channels, recording: Recording
    ) -> None:
        self._cloud = cloud
        self._store = store
        self._channels = channels
        self._recording = recording
        self._invocations: dict[str, Invocation] = {}
        self.failing: Failing = lambda place, rule, key, now: None
        cloud.timers.every(_LOOK_SECONDS, self._evaluate_what_is_due)

    def item_changed(
        self, place: Place, before: Item | None, item: Item, now: float
    ) -> None:
        for rule in list(place.rules.values()):
            if item.is_deleted:
                self.forget(place, rule, item.found.key, now)
            elif _in_scope(rule, item.found):
                self._evaluate_item(place, rule, before, item, now)

    def _evaluate_item(
        self, place: Place, rule: Rule, before: Item | None, item: Item, now: float
    ) -> None:
        managed = _managed(rule)
        if managed is not None and item.found.resource_type in managed.types:
            self._judge(place, rule, managed, [item.found], now)
        elif _CHANGE in _messages_of(rule):
            self._invoke(place, rule, messages.item_changed(before, item, now), now)

    def _evaluate_what_is_due(self, now: float) -> None:
        for place in self._store.recording():
            for rule in list(place.rules.values()):
                period = _period(rule)
                last = max(rule.succeeded or 0, rule.failed or 0)
                if period is not None and now - last >= period:
                    self.evaluate(place, rule, now)

    def evaluate(self, place: Place, rule: Rule, now: float) -> None:
        """Run the rule over everything it is for, as it was last recorded."""
        rule.has_started = True
        managed = _managed(rule)
        if rule.source["Owner"] == "CUSTOM_LAMBDA":
            self._invoke_for_all(place, rule, now)
        elif managed is not None and managed.gather is not None:
            self._judge_gathered(place, rule, managed, now)
        elif managed is not None:
            items = [item.found for item in list(place.current())]
            meant = [f for f in items if f.resource_type in managed.types]
            self._judge(place, rule, managed, meant, now)

    def _judge_gathered(
        self, place: Place, rule: Rule, managed: Managed, now: float
    ) -> None:
        if managed.gather is None:
            return
        reader = Reader(self._cloud, place.account, place.region)
        try:
            found = list(managed.gather(reader, now))
        except (ClientError, Unavailable) as error:
            self._failed(rule, "InternalError", str(error), now)
            return
        present = {one.key for one in found}
        for key in set(rule.evaluations) - present:
            self.forget(place, rule, key, now)
        self._judge(place, rule, managed, found, now)

    def _judge(
        self,
        place: Place,
        rule: Rule,
        managed: Managed,
        found: Iterable[Found],
        now: float,
    ) -> None:
        rule.has_started = True
        for one in found:
            if _in_scope(rule, one):
                verdict = managed.judge(one, rule.parameters)
                evaluation = Evaluation(
                    rule.name,
                    one.key,
                    verdict.compliance,
                    now,
                    now,
                    now,
                    verdict.annotation[:256],
                )
                self.keep(place, rule, evaluation, now)
        rule.succeeded, rule.failure = now, None

    def _failed(self, rule: Rule, code: str, message: str, now: float) -> None:
        rule.failed, rule.failure = now, (code, message)

    def _invoke_for_all(self, place: Place, rule: Rule, now: float) -> None:
        kinds = _messages_of(rule)
        if _SCHEDULED in kinds:
            event = {
                "awsAccountId": place.account,
                "notificationCreationTime": iso(now),
                "messageType": _SCHEDULED,
                "recordVersion": "1.0",
            }
            self._invoke(place, rule, event, now)
        if _CHANGE in kinds:
            for item in list(place.current()):
                if _in_scope(rule, item.found):
                    told = messages.item_changed(None, item, now)
                    self._invoke(place, rule, told, now)

    def _invoke(
        self, place: Place, rule: Rule, invoking: Mapping[str, Any], now: float
    ) -> None:
        """Source: AWS Config Developer Guide, "Example events for AWS Config rules"."""
        rule.has_started = True
        token = self._token(place, rule, now)
        recorder = place.recorder
        event = {
            "version": "1.0",
            "invokingEvent": orjson.dumps(invoking).decode(),
            "ruleParameters": orjson.dumps(rule.parameters).decode(),
            "resultToken": token,
            "eventLeftScope": False,
            "executionRoleArn": recorder.settings["roleARN"] if recorder else "",
            "configRuleArn": rule.arn,
            "configRuleName": rule.name,
            "configRuleId": rule.settings["ConfigRuleId"],
            "accountId": place.account,
        }
        function = rule.source["SourceIdentifier"]
        client = self._cloud.client("lambda", place.account, place.region, PRINCIPAL)
        try:
            client.invoke(
                FunctionName=function,
                InvocationType="Event",
                Payload=orjson.dumps(event),
            )
        except ClientError as error:
            said = error.response["Error"]
            self._failed(rule, said["Code"], said["Message"], now)
            return
        rule.succeeded, rule.failure = now, None

    def _token(self, place: Place, rule: Rule, now: float) -> str:
        """A token to put evaluations with, for as long as a function may still run."""
        token = secrets.token_urlsafe(48)
        with self._store.lock:
            # In order of time: the oldest are first.
            while self._invocations:
                oldest = next(iter(self._invocations))
                if now - self._invocations[oldest].invoked < _TOKEN_SECONDS:
                    break
                del self._invocations[oldest]
            self._invocations[token] = Invocation(place, rule.name, now)
        return token

    def invocation(self, token: str, now: float) -> Invocation | None:
        """What the token was given for, unless it is too old."""
        found = self._invocations.get(token)
        if found is None or now - found.invoked >= _TOKEN_SECONDS:
            return None
        return found

    def keep(
        self, place: Place, rule: Rule, evaluation: Evaluation, now: float
    ) -> None:
        """Keep the newer of what a rule said of a resource, and tell of a change."""
        key = evaluation.key
        with self._store.lock:
            old = rule.evaluations.get(key)
            if old is not None and old.ordering > evaluation.ordering:
                return
            if evaluation.compliance == NOT_APPLICABLE:
                rule.evaluations.pop(key, None)
            else:
                rule.evaluations[key] = evaluation
        was = old.compliance if old is not None else NOT_APPLICABLE
        if evaluation.compliance != was:
            self._tell(place, rule, old, evaluation, now)
        if evaluation.compliance == NON_COMPLIANT:
            self.failing(place, rule, key, now)

    def forget(self, place: Place, rule: Rule, key: Key, now: float) -> None:
        """The resource went, and what the rule said of it."""
        with self._store.lock:
            old = rule.evaluations.pop(key, None)
        if old is not None:
            self._tell(place, rule, old, None, now)

    def _tell(
        self,
        place: Place,
        rule: Rule,
        old: Evaluation | None,
        new: Evaluation | None,
        now: float,
    ) -> None:
        told = messages.compliance_changed(place, rule.arn, old, new)
        self._channels.tell(place, told, now)
        either = new or old
        if either is not None:
            self._record_compliance(place, either.key, now)

    def _record_compliance(self, place: Place, key: Key, now: float) -> None:
        """Compliance has a history too, as a resource of its own."""
        recorder = place.recorder
        if recorder is None or not place.is_recording:
            return
        if not recorder.records(RESOURCE_COMPLIANCE):
            return
        found = _compliance_of(place, key)
        if found is not None:
            self._recording.record(place, found, now)
            return
        before = place.last((RESOURCE_COMPLIANCE, "/".join(key)))
        if before is not None and not before.is_deleted:
            self._recording.record_deleted(place, before, now)


def _compliance_of(place: Place, key: Key) -> Found | None:
    said = [
        (rule, rule.evaluations[key])
        for rule in list(place.rules.values())
        if key in rule.evaluations
    ]
    if not said:
        return None
    kinds = {evaluation.compliance for _, evaluation in said}
    overall = NON_COMPLIANT if NON_COMPLIANT in kinds else min(kinds)
    listed = [
        {
            "configRuleArn": rule.arn,
            "configRuleId": rule.settings["ConfigRuleId"],
            "configRuleName": rule.name,
            "complianceType": evaluation.compliance,
        }
        for rule, evaluation in said
    ]
    configuration = {
        "targetResourceId": key[1],
        "targetResourceType": key[0],
        "configRuleList": listed,
        "complianceType": overall,
    }
    return Found(RESOURCE_COMPLIANCE, "/".join(key), configuration)


def _managed(rule: Rule) -> Managed | None:
    if rule.source["Owner"] != "AWS":
        return None
    return EVALUATED.get(rule.source["SourceIdentifier"])


def _messages_of(rule: Rule) -> set[str]:
    return {detail["MessageType"] for detail in rule.source.get("SourceDetails", ())}


def _period(rule: Rule) -> int | None:
    """Seconds between runs of a rule that runs by the clock; 24 hours unless said."""
    managed = _managed(rule)
    asked = rule.settings.get("MaximumExecutionFrequency")
    if managed is not None:
        is_periodic = managed.gather is not None or asked is not None
        return FREQUENCIES[asked or "TwentyFour_Hours"] if is_periodic else None
    for detail in rule.source.get("SourceDetails", ()):
        if detail["MessageType"] == _SCHEDULED:
            return FREQUENCIES[
                detail.get("MaximumExecutionFrequency") or "TwentyFour_Hours"
            ]
    return None


def _in_scope(rule: Rule, found: Found) -> bool:
    scope = rule.settings.get("Scope") or {}
    types = scope.get("ComplianceResourceTypes")
    if types and found.resource_type not in types:
        return False
    wanted = scope.get("ComplianceResourceId")
    if wanted and found.resource_id != wanted:
        return False
    key, value = scope.get("TagKey"), scope.get("TagValue")
    if key is None:
        return True
    return key in found.tags and (value is None or found.tags[key] == value)
