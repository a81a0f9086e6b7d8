"""Puts a sandbox together: one cloud, its services, and the door in front."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from sandbox.control import Control
from sandbox.kernel.application import Application
from sandbox.kernel.calls import Service
from sandbox.kernel.clock import Clock
from sandbox.kernel.cloud import Cloud
from sandbox.services import SERVICES

Kind = TypeVar("Kind")


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A sandbox that is put together and does nothing yet by itself."""

    cloud: Cloud
    application: Application
    control: Control
    services: tuple[Service, ...]

    def service(self, name: str) -> Service:
        """One of our services, by botocore's name."""
        return next(service for service in self.services if service.name == name)

    def one(self, kind: type[Kind]) -> Kind:
        """One of our services, by its class."""
        return next(each for each in self.services if isinstance(each, kind))


def assemble(clock: Clock, home: Path) -> Sandbox:
    """`home` is an empty folder that goes when the sandbox goes."""
    cloud = Cloud.new(clock, home)
    services = tuple(make(cloud) for make in SERVICES)
    control = Control(cloud)
    application = Application(cloud, services, control)
    return Sandbox(cloud, application, control, services)
