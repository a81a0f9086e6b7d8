"""CloudWatch Logs: events, filters, subscriptions and Logs Insights."""

from sandbox.logs.service import Logs

__all__ = ["Logs"]
