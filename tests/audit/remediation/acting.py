"""Actions of our own, that set how long log groups keep their lines, and a rule that
asks for it: small enough to see through, on the sandbox's real API."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from apps.audit.compliance.verdicts import Estate, Outcome, Verdict
from apps.audit.models import ComplianceRule
from apps.audit.remediation.actions.base import (
    Action,
    Call,
    Change,
    Draft,
    Image,
    Permissions,
    Reads,
    Refused,
    Step,
    Subject,
    Values,
)
from apps.discovery.aws import AwsGone, Door, Target
from apps.discovery.inventory.items import (
    ConfigItem,
    ItemSource,
    ItemStatus,
    ResourceKey,
)

TYPE = "AWS::Logs::LogGroup"
WANTED = 30


def group_of(reads: Any, name: str) -> Mapping[str, Any]:
    answer = reads("describe_log_groups", logGroupNamePrefix=name)
    for group in answer["logGroups"]:
        if group["logGroupName"] == name:
            found: Mapping[str, Any] = group
            return found
    raise AwsGone(f"There is no log group {name}.")


class Keep(Action):
    """One step: PutRetentionPolicy."""

    identifier = "test-keep"
    title = "Keep lines for 30 days"
    says = "Sets the retention of a log group."
    family = "logs"
    resource_types = (TYPE,)
    repairs = ("TEST_RETENTION",)
    permissions = Permissions(
        ("logs:DescribeLogGroups",),
        ("logs:PutRetentionPolicy", "logs:DeleteRetentionPolicy"),
    )

    def read(self, reads: Reads, subject: Subject, parameters: Values) -> Image:
        def call(operation: str, **asked: Any) -> Values:
            return reads.call("logs", operation, **asked)

        group = group_of(call, subject.name)
        return Image({"days": group.get("retentionInDays")})

    def draft(self, subject: Subject, parameters: Values, now: Image) -> Draft:
        if now.values["days"] == 1:
            raise Refused("One day is somebody's decision.")
        wanted = int(parameters.get("days", WANTED))
        steps = (self._put(subject, wanted),) if now.values["days"] != wanted else ()
        return Draft(
            now,
            Image({"days": wanted}),
            steps,
            (Change("retentionInDays", now.values["days"], wanted),),
            population=int(parameters.get("population", 1)),
        )

    def undo(
        self, subject: Subject, parameters: Values, draft: Draft
    ) -> tuple[Step, ...]:
        days = draft.before.values["days"]
        if days is not None:
            return (self._put(subject, days),)
        call = Call("logs", "delete_retention_policy", {"logGroupName": subject.name})
        return (Step("Keep lines for ever again", call),)

    def _put(self, subject: Subject, days: int) -> Step:
        asked = {"logGroupName": subject.name, "retentionInDays": days}
        return Step(
            f"Keep lines for {days} days", Call("logs", "put_retention_policy", asked)
        )


class KeepTwice(Keep):
    """Two steps: by way of 14 days."""

    identifier = "test-keep-twice"

    def draft(self, subject: Subject, parameters: Values, now: Image) -> Draft:
        steps = (self._put(subject, 14), self._put(subject, WANTED))
        return Draft(now, Image({"days": WANTED}), steps, ())

    def state_after(self, draft: Draft, done: int) -> Image:
        return (draft.before, Image({"days": 14}), draft.expected)[done]


ACTIONS: dict[str, Action] = {one.identifier: one for one in (Keep(), KeepTwice())}


def by_identifier(identifier: str) -> Action:
    if identifier not in ACTIONS:
        raise KeyError(identifier)
    return ACTIONS[identifier]


def read_fresh(target: Target, key: ResourceKey, now: datetime) -> ConfigItem:
    group = group_of(Door(target, "logs").call, key.id)
    return ConfigItem(
        key,
        ItemStatus.OK,
        now,
        ItemSource.SCANNER,
        name=key.id,
        configuration={"retentionInDays": group.get("retentionInDays")},
    )


def judge(rule: ComplianceRule, item: ConfigItem, estate: Estate) -> Verdict:
    days = item.configuration["retentionInDays"]
    outcome = Outcome.PASS if days == WANTED else Outcome.FAIL
    return Verdict(outcome, f"lines are kept for {days} days.")


# Where the product looks these up.
SEAMS = {
    "apps.audit.remediation.actions.registry.by_identifier": by_identifier,
    "apps.audit.remediation.planning.judge": judge,
    "apps.audit.remediation.verifying.judge": judge,
    "apps.audit.remediation.planning.read_fresh": read_fresh,
    "apps.audit.remediation.verifying.read_fresh": read_fresh,
}
