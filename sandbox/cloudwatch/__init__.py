"""CloudWatch: metrics that are kept and computed here, and alarms that watch them."""

from sandbox.cloudwatch.service import CloudWatch

__all__ = ["CloudWatch"]
