"""IAM policies: of the role of each family of actions, and of a single plan."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Any

from apps.audit.remediation.actions.base import Action, Call, Draft, Step, Subject
from apps.audit.remediation.actions.needs import actions_of, resources_of
from apps.audit.remediation.actions.registry import actions

MOST_CHARACTERS = 2_048
"""Source: STS API reference, AssumeRole, Policy."""
_VERSION = "2012-10-17"
ROLE = "trailmap-repair-{family}"

# What a family's role writes to, with placeholders; narrower is better.
_RESOURCES: Mapping[str, tuple[str, ...]] = {
    "api": ("arn:aws:apigateway:REGION::/restapis/*",),
    "audit": ("arn:aws:cloudtrail:REGION:ACCOUNT:trail/*",),
    "automation": (
        "arn:aws:ssm:REGION:ACCOUNT:automation-definition/DOCUMENT:*",
        "arn:aws:ssm:REGION:ACCOUNT:automation-execution/*",
        "arn:aws:ssm:REGION:ACCOUNT:document/DOCUMENT",
    ),
    "containers": ("arn:aws:ecs:REGION:ACCOUNT:service/*",),
    "data": (
        "arn:aws:ec2:REGION::snapshot/*",
        "arn:aws:rds:REGION:ACCOUNT:db:*",
    ),
    "dns": ("arn:aws:route53:::hostedzone/ZONE",),
    "functions": ("arn:aws:lambda:REGION:ACCOUNT:function:*",),
    "functions-run": ("arn:aws:lambda:REGION:ACCOUNT:function:FUNCTION",),
    "identity": ("arn:aws:iam::ACCOUNT:user/*",),
    "instances": (
        "arn:aws:autoscaling:REGION:ACCOUNT:autoScalingGroup:*:autoScalingGroupName/*",
    ),
    "logs": ("arn:aws:logs:REGION:ACCOUNT:log-group:*",),
    "network": (
        "arn:aws:ec2:REGION:ACCOUNT:security-group/*",
        "arn:aws:elasticloadbalancing:REGION:ACCOUNT:listener/*",
    ),
    "storage": ("arn:aws:s3:::*",),
    "workflow": ("arn:aws:states:REGION:ACCOUNT:stateMachine:MACHINE",),
}
# What no role that repairs may ever do, whatever else is attached to it.
_NEVER = (
    "cloudtrail:DeleteTrail",
    "cloudtrail:StopLogging",
    "cloudtrail:UpdateTrail",
    "config:DeleteConfigurationRecorder",
    "config:DeleteDeliveryChannel",
    "config:StopConfigurationRecorder",
    "iam:Add*",
    "iam:Attach*",
    "iam:Create*",
    "iam:Delete*",
    "iam:Detach*",
    "iam:Put*",
    "iam:Remove*",
    "iam:Set*",
    "iam:UpdateAssumeRolePolicy",
    "iam:UpdateRole",
    "organizations:*",
)


def families() -> tuple[str, ...]:
    return tuple(sorted({one.family for one in actions()}))


def of_family(family: str) -> tuple[Action, ...]:
    return tuple(one for one in actions() if one.family == family)


def family_policy(family: str) -> dict[str, Any]:
    """What the role that writes for a family of actions may do, and never may."""
    written = _distinct(one.permissions.write for one in of_family(family))
    return _policy(
        {
            "Sid": "Repair",
            "Effect": "Allow",
            "Action": written,
            "Resource": list(_RESOURCES[family]),
        },
        {
            "Sid": "Never",
            "Effect": "Deny",
            "Action": list(_NEVER),
            "Resource": "*",
        },
    )


def read_policy() -> dict[str, Any]:
    """What the role that reads needs for plans, beside that of docs/iam.md."""
    read = _distinct(one.permissions.read for one in actions())
    return _policy(
        {"Sid": "ReadForPlans", "Effect": "Allow", "Action": read, "Resource": "*"}
    )


def trust_policy() -> dict[str, Any]:
    """Who may assume a role that repairs: Trailmap's worker, under the name of a
    run."""
    return _policy(
        {
            "Effect": "Allow",
            "Principal": {"AWS": "WORKER_ROLE_ARN"},
            "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"sts:ExternalId": "EXTERNAL_ID"}},
        },
        {
            "Effect": "Allow",
            "Principal": {"AWS": "WORKER_ROLE_ARN"},
            "Action": "sts:SetSourceIdentity",
            "Condition": {"StringLike": {"sts:SourceIdentity": "trailmap-run-*"}},
        },
    )


def session_policy(
    subject: Subject, draft: Draft, undo: Iterable[Step] = ()
) -> dict[str, Any]:
    """For AssumeRole: exactly the calls of a plan, on exactly their resources, and
    those that undo it. As JSON without spaces it has at most MOST_CHARACTERS: where
    it would have more, resources are told by what they have in common."""
    return policy_of((step.call for step in (*draft.steps, *undo)), subject)


def policy_of(calls: Iterable[Call], subject: Subject) -> dict[str, Any]:
    """What these calls need, on the resources that they name."""
    wanted: dict[str, set[str]] = {}
    for call in calls:
        for action in actions_of(call):
            named = resources_of(call, subject)
            wanted.setdefault(action, set()).update(named)
    policy = _told(wanted)
    if len(compact(policy)) <= MOST_CHARACTERS:
        return policy
    return _told({name: {_common(arns)} for name, arns in wanted.items()})


def compact(policy: Mapping[str, Any]) -> str:
    return json.dumps(policy, separators=(",", ":"))


def _told(wanted: Mapping[str, set[str]]) -> dict[str, Any]:
    """Actions on the same resources in one statement."""
    grouped: dict[tuple[str, ...], list[str]] = {}
    for action, arns in sorted(wanted.items()):
        grouped.setdefault(tuple(sorted(arns)), []).append(action)
    return _policy(
        *(
            {"Effect": "Allow", "Action": named, "Resource": list(arns)}
            for arns, named in grouped.items()
        )
    )


def _common(arns: Iterable[str]) -> str:
    """What ARNs begin with, and a star; their service is never left open."""
    listed = sorted(arns)
    first, last = listed[0], listed[-1]
    length = next(
        (
            at
            for at, pair in enumerate(zip(first, last, strict=False))
            if len(set(pair)) > 1
        ),
        min(len(first), len(last)),
    )
    return first if len(listed) == 1 else f"{first[:length]}*"


def _distinct(listed: Iterable[Iterable[str]]) -> list[str]:
    return sorted(set(chain.from_iterable(listed)))


def _policy(*statements: Mapping[str, Any]) -> dict[str, Any]:
    return {"Version": _VERSION, "Statement": list(statements)}
