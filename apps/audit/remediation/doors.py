"""What repairs reach AWS by: reading calls, and one changing call at a time."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.conf import settings

from apps.audit.models import Plan, Run
from apps.audit.remediation import documents
from apps.audit.remediation.actions.base import Action, Call, Values
from apps.audit.remediation.actions.needs import actions_of
from apps.audit.remediation.actions.policies import compact, policy_of
from apps.discovery.accounts import target, why_not_read
from apps.discovery.arn import parse_arn
from apps.discovery.aws import (
    AwsDenied,
    AwsRefused,
    Door,
    Mandate,
    Target,
    WriteDoor,
    Written,
)
from apps.discovery.models import Account

_GLOBAL = "global"


class DoorReads:
    """Reading calls in one account and region."""

    def __init__(self, where: Target) -> None:
        self._where = where

    def call(self, service: str, operation: str, /, **parameters: Any) -> Values:
        return Door(self._where, service).call(operation, **parameters)

    def pages(self, service: str, operation: str, /, **parameters: Any) -> list[Values]:
        return list(Door(self._where, service).pages(operation, **parameters))


def where_of(plan: Plan) -> Target:
    """Where to read the plan's resource. Raises AwsDenied where nobody may."""
    account = Account.objects.filter(pk=plan.account).first()
    if account is None:
        raise AwsDenied(f"Account {plan.account} is not connected.")
    if problem := why_not_read(account):
        raise AwsDenied(problem)
    region = account.home_region if plan.region == _GLOBAL else plan.region
    return target(account, region)


def writes_as(where: Target, family: str) -> Target:
    """Where to write: by the role of a family of actions, beside the one that reads."""
    read_role = parse_arn(where.role_arn)
    if read_role is None:
        return where
    name = settings.REMEDIATION_ROLE.format(family=family)
    return replace(where, role_arn=str(replace(read_role, resource=f"role/{name}")))


def write(
    run: Run, action: Action, service: str, operation: str, parameters: Values
) -> Written:
    """Make one changing call of a run, once, in a session that may do nothing else.
    Raises AwsError."""
    where = writes_as(where_of(run.plan), action.family)
    call = Call(service, operation, parameters)
    undeclared = sorted(set(actions_of(call)) - set(action.permissions.write))
    if undeclared:
        raise AwsRefused(
            f"{action.title} does not declare that it needs {', '.join(undeclared)}: "
            "nothing was called."
        )
    policy = policy_of((call,), documents.subject_of(run.plan.document))
    mandate = Mandate(f"trailmap-run-{run.pk}", compact(policy))
    return WriteDoor(where, service, mandate).call(operation, **parameters)
