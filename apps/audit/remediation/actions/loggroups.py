"""CloudWatch Logs: how long a group keeps its events."""

from __future__ import annotations

from apps.audit.remediation.actions.base import (
    Action,
    Call,
    Change,
    Draft,
    Image,
    Parameter,
    Permissions,
    Reads,
    Refused,
    Reversibility,
    Step,
    Subject,
    Values,
)
from apps.audit.remediation.actions.ownership import owners
from apps.discovery.aws import AwsGone

# Source: CloudWatch Logs API reference, PutRetentionPolicy, retentionInDays.
_DAYS = (
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192,
    2557, 2922, 3288, 3653,
)  # fmt: skip
_RULE_DAYS = 365


class KeepLogs(Action):
    """Never makes a group forget sooner than it does; one that keeps its events for
    ever is only limited where that is asked for."""

    identifier = "keep-logs"
    title = "Set how long a log group keeps its events"
    says = "Lets a log group keep its events for at least so many days."
    family = "logs"
    resource_types = ("AWS::Logs::LogGroup",)
    repairs = ("CW_LOGGROUP_RETENTION_PERIOD_CHECK",)
    parameters = (
        Parameter(
            "days",
            "Days",
            f"One of {', '.join(str(one) for one in _DAYS)}.",
            kind="integer",
            default=_RULE_DAYS,
            least=1,
            most=_DAYS[-1],
        ),
        Parameter(
            "limit_endless",
            "Limit groups that keep everything",
            "Deletes what is older, for good.",
            kind="boolean",
            default=False,
        ),
    )
    permissions = Permissions(
        read=("logs:DescribeLogGroups", "logs:ListTagsForResource"),
        write=("logs:PutRetentionPolicy", "logs:DeleteRetentionPolicy"),
    )
    reversibility = Reversibility.PARTIAL
    irreversible_because = "Events that a shorter retention deleted do not come back."

    def fitting(self, identifier: str, rule_parameters: Values) -> Values:
        wanted = int(rule_parameters.get("MinRetentionTime") or _RULE_DAYS)
        return {"days": next((one for one in _DAYS if one >= wanted), _DAYS[-1])}

    def read(self, reads: Reads, subject: Subject, parameters: Values) -> Image:
        name = _name(subject)
        listed = reads.call("logs", "describe_log_groups", logGroupNamePrefix=name)
        found = [one for one in listed["logGroups"] if one["logGroupName"] == name]
        if not found:
            raise AwsGone(f"There is no log group {name}.")
        arn = found[0]["arn"].removesuffix(":*")
        tags = reads.call("logs", "list_tags_for_resource", resourceArn=arn)
        return Image(
            {"days": found[0].get("retentionInDays")},
            {"tags": dict(tags.get("tags") or {})},
        )

    def draft(self, subject: Subject, parameters: Values, now: Image) -> Draft:
        given, days = self.given(parameters), now.values["days"]
        wanted = given["days"]
        if wanted not in _DAYS:
            raise Refused(f"CloudWatch Logs keeps events for one of {_DAYS} days.")
        if days is None and not given["limit_endless"]:
            return Draft.nothing(now)
        if days is not None and days >= wanted:
            return Draft.nothing(now)
        loses = "Events older than that are deleted, for good."
        return Draft(
            before=now,
            expected=Image({"days": wanted}),
            steps=(Step(f"Keep events for {wanted} days", _put(subject, wanted)),),
            changes=(Change("days", days, wanted),),
            warnings=(
                *((loses,) if days is None else ()),
                *owners(now.beside.get("tags", {})),
            ),
        )

    def undo(
        self, subject: Subject, parameters: Values, draft: Draft
    ) -> tuple[Step, ...]:
        days = draft.before.values["days"]
        if days is None:
            named = {"logGroupName": _name(subject)}
            call = Call("logs", "delete_retention_policy", named)
            return (Step("Keep events for ever again", call),)
        return (Step(f"Keep events for {days} days again", _put(subject, days)),)


def _name(subject: Subject) -> str:
    """Of a name, or of an ARN that ends with `:*` or not."""
    named = subject.name or subject.key.id
    return named.removesuffix(":*").rpartition(":log-group:")[2]


def _put(subject: Subject, days: int) -> Call:
    named = {"logGroupName": _name(subject), "retentionInDays": days}
    return Call("logs", "put_retention_policy", named)
