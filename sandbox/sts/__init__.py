"""STS: roles that are assumed only by whom they trust."""

from sandbox.sts.service import Sts

__all__ = ["Sts"]
