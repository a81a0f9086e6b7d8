"""Step Functions: moto keeps state machines, we run them."""

from sandbox.stepfunctions.service import StepFunctions

__all__ = ["StepFunctions"]
