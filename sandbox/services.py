"""The services the sandbox answers itself; moto answers the others."""

from __future__ import annotations

from collections.abc import Callable

from sandbox.config import Config
from sandbox.kernel.calls import Service
from sandbox.kernel.cloud import Cloud
from sandbox.sts import Sts

SERVICES: tuple[Callable[[Cloud], Service], ...] = (Config, Sts)
