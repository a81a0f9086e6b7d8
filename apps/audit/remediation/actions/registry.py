"""Every action there is."""

from __future__ import annotations

from apps.audit.remediation.actions.accesskeys import DeactivateAccessKey
from apps.audit.remediation.actions.apipolicies import RestrictApiPolicy
from apps.audit.remediation.actions.apistages import RestoreStage
from apps.audit.remediation.actions.autoscaling import SetCapacity
from apps.audit.remediation.actions.base import Action, HandOver
from apps.audit.remediation.actions.buckets import BlockPublicAccess, EncryptByDefault
from apps.audit.remediation.actions.databases import MakeDatabasePrivate
from apps.audit.remediation.actions.dnsrecords import FailOver
from apps.audit.remediation.actions.ecsservices import RestartService, RollBackService
from apps.audit.remediation.actions.functions import ReserveConcurrency
from apps.audit.remediation.actions.handovers.automations import RunAutomation
from apps.audit.remediation.actions.handovers.invocations import InvokeFunction
from apps.audit.remediation.actions.handovers.statemachines import RunStateMachine
from apps.audit.remediation.actions.listeners import RedirectToHttps
from apps.audit.remediation.actions.loggroups import KeepLogs
from apps.audit.remediation.actions.securitygroups import RevokeOpenIngress
from apps.audit.remediation.actions.snapshots import UnshareSnapshot
from apps.audit.remediation.actions.trails import RestartTrail

_ALL: tuple[Action, ...] = (
    BlockPublicAccess(),
    DeactivateAccessKey(),
    EncryptByDefault(),
    FailOver(),
    InvokeFunction(),
    KeepLogs(),
    MakeDatabasePrivate(),
    RedirectToHttps(),
    ReserveConcurrency(),
    RestartService(),
    RestartTrail(),
    RestoreStage(),
    RestrictApiPolicy(),
    RevokeOpenIngress(),
    RollBackService(),
    RunAutomation(),
    RunStateMachine(),
    SetCapacity(),
    UnshareSnapshot(),
)
_BY_IDENTIFIER = {action.identifier: action for action in _ALL}


def actions() -> tuple[Action, ...]:
    """In the order of their identifiers."""
    return tuple(sorted(_ALL, key=lambda one: one.identifier))


def by_identifier(identifier: str) -> Action:
    """Raises KeyError."""
    return _BY_IDENTIFIER[identifier]


def for_rule(identifier: str) -> tuple[Action, ...]:
    """Those that repair violations of the managed rule with this identifier."""
    return tuple(one for one in actions() if identifier in one.repairs)


def for_type(resource_type: str) -> tuple[Action, ...]:
    """Those that work on resources of this type; hand-overs work on any."""
    return tuple(
        one
        for one in actions()
        if resource_type in one.resource_types or isinstance(one, HandOver)
    )


def for_violation(rule_identifier: str, resource_type: str) -> tuple[Action, ...]:
    """What can repair a resource of this type that fails this managed rule."""
    return tuple(
        one for one in for_rule(rule_identifier) if resource_type in one.resource_types
    )
