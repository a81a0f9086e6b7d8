"""Lambda: functions of Python, run for real in processes of their own."""

from sandbox.functions.service import Lambda

__all__ = ["Lambda"]
