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
from apps.audit.models.relay import (
    RecordTarget,
    RepairQueue,
    RepairRequest,
    ViolationRecord,
)
from apps.audit.models.sources import Coverage, LogObject, TrailSource

__all__ = [
    "ComplianceRule",
    "ConfigScope",
    "Coverage",
    "Evaluation",
    "Exemption",
    "Finding",
    "LogObject",
    "Pack",
    "PackRule",
    "RecordTarget",
    "RepairQueue",
    "RepairRequest",
    "Sweep",
    "TrailSource",
    "Violation",
    "ViolationRecord",
]
