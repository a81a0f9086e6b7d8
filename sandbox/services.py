"""The services the sandbox answers itself; moto answers the others."""

from __future__ import annotations

from collections.abc import Callable

from sandbox.ecs import Ecs
from sandbox.events import Events, Scheduler
from sandbox.functions import Lambda
from sandbox.kernel.calls import Service
from sandbox.kernel.cloud import Cloud
from sandbox.ssm import Ssm
from sandbox.sts import Sts

SERVICES: tuple[Callable[[Cloud], Service], ...] = (
    Ecs,
    Events,
    Lambda,
    Scheduler,
    Ssm,
    Sts,
)
