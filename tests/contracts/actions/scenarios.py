"""Resources that are wrong, one for each action, or more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from apps.audit.remediation.actions.base import Action, Subject, Values
from apps.audit.remediation.actions.registry import by_identifier
from tests.contracts.actions.world import World

Make = Callable[[World], Subject]
Meddle = Callable[[World, Subject], object]


@dataclass(frozen=True)
class Scenario:
    """`meddle` is what somebody else changes meanwhile, of what the action depends
    on; `gone` names a resource of the kind that is not there."""

    identifier: str
    bad: Make
    meddle: Meddle
    gone: Make
    parameters: Values | Callable[[World, Subject], Values] = field(
        default_factory=dict
    )
    label: str = ""

    @property
    def action(self) -> Action:
        return by_identifier(self.identifier)

    def parameters_for(self, world: World, subject: Subject) -> Values:
        given = self.parameters
        return given(world, subject) if callable(given) else given

    def __str__(self) -> str:
        return f"{self.identifier}{self.label and f' {self.label}'}"


def absent(make: Make, name: str) -> Make:
    """The same kind of subject, with an id that nothing has."""

    def made(world: World) -> Subject:
        subject = make(world)
        arn = subject.arn.replace(subject.name, name) if subject.arn else ""
        named = arn if subject.key.id == subject.arn else name
        return replace(subject, key=subject.key._replace(id=named), arn=arn, name=name)

    return made
