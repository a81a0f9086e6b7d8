"""ECS: clusters whose services start, replace and roll their tasks."""

from sandbox.ecs.service import Ecs

__all__ = ["Ecs"]
