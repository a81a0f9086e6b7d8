"""Rows of audit, a file for each room."""

from apps.audit.models.compliance import (
    ComplianceRule,
    ConfigScope,
    Evaluation,
    Exemption,
    Finding,
    Pack,
    PackRule,
    Sweep,
    Violation,
)
from apps.audit.models.ledger import LedgerCheck, LedgerEntry, LedgerHead
from apps.audit.models.relay import (
    RecordTarget,
    RepairQueue,
    RepairRequest,
    ViolationRecord,
)
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
    "ConfigScope",
    "Coverage",
    "Evaluation",
    "Exemption",
    "Finding",
    "KillSwitch",
    "LedgerCheck",
    "LedgerEntry",
    "LedgerHead",
    "Lock",
    "LogObject",
    "Optin",
    "Pack",
    "PackRule",
    "Plan",
    "RecordTarget",
    "RepairQueue",
    "RepairRequest",
    "Run",
    "RunStep",
    "Sweep",
    "TrailSource",
    "Violation",
    "ViolationRecord",
]
