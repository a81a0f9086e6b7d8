"""Rows of audit, a file for each room."""

from apps.audit.models.compliance import ComplianceRule, Evaluation, Violation
from apps.audit.models.ledger import LedgerEntry, LedgerHead
from apps.audit.models.remediation import (
    ActionLimit,
    Approval,
    Breaker,
    KillSwitch,
    Lock,
    Optin,
    Plan,
    Run,
    RunStep,
)
from apps.audit.models.sources import Coverage, LogObject, TrailSource

__all__ = [
    "ActionLimit",
    "Approval",
    "Breaker",
    "ComplianceRule",
    "Coverage",
    "Evaluation",
    "KillSwitch",
    "LedgerEntry",
    "LedgerHead",
    "Lock",
    "LogObject",
    "Optin",
    "Plan",
    "Run",
    "RunStep",
    "TrailSource",
    "Violation",
]
