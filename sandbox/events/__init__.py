"""EventBridge: buses, rules, targets and schedules."""

from sandbox.events.scheduler import Scheduler
from sandbox.events.service import Events

__all__ = ["Events", "Scheduler"]
