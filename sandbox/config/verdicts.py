"""What a rule says of one resource, and the words all rules share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from sandbox.config.items import Found

COMPLIANT = "COMPLIANT"
NON_COMPLIANT = "NON_COMPLIANT"
NOT_APPLICABLE = "NOT_APPLICABLE"
INSUFFICIENT_DATA = "INSUFFICIENT_DATA"


@dataclass(frozen=True, slots=True)
class Verdict:
    compliance: str
    annotation: str = ""


Parameters: TypeAlias = Mapping[str, str]
Judge: TypeAlias = Callable[[Found, Parameters], Verdict]

FINE = Verdict(COMPLIANT)


def unless(wrong: object, annotation: str = "") -> Verdict:
    """Compliant unless something is wrong."""
    return Verdict(NON_COMPLIANT, annotation) if wrong else FINE


def words(parameters: Parameters, name: str) -> list[str]:
    """The values of a parameter that holds a list."""
    given = parameters.get(name) or ""
    return [word.strip() for word in given.split(",") if word.strip()]
