"""Rows of audit, a file for each room."""

from apps.audit.models.compliance import ComplianceRule, Evaluation, Violation
from apps.audit.models.relay import (
    RecordTarget,
    RepairQueue,
    RepairRequest,
    ViolationRecord,
)
from apps.audit.models.sources import Coverage, LogObject, TrailSource

__all__ = [
    "ComplianceRule",
    "Coverage",
    "Evaluation",
    "LogObject",
    "RecordTarget",
    "RepairQueue",
    "RepairRequest",
    "TrailSource",
    "Violation",
    "ViolationRecord",
]
