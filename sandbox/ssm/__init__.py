"""Systems Manager: parameters by moto, and automations that really act."""

from sandbox.ssm.service import Ssm

__all__ = ["Ssm"]
