"""Advanced queries of AWS Config as a tree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

Literal: TypeAlias = str | float | bool
Path: TypeAlias = tuple[str, ...]


class SelectError(ValueError):
    """A query that is none; `position` is where, counted from 0, in the text."""

    def __init__(self, message: str, position: int = 0) -> None:
        super().__init__(message)
        self.position = position


@dataclass(frozen=True, slots=True)
class Column:
    """A property, or an aggregate over one; over everything where `path` is empty."""

    path: Path
    aggregate: str = ""

    @property
    def name(self) -> str:
        path = ".".join(self.path) or "*"
        return f"{self.aggregate}({path})" if self.aggregate else path


@dataclass(frozen=True, slots=True)
class Compare:
    """`operator`: = != < > <= >= LIKE. Of LIKE the value ends in % or _."""

    path: Path
    operator: str
    value: Literal


@dataclass(frozen=True, slots=True)
class OneOf:
    path: Path
    values: tuple[Literal, ...]


@dataclass(frozen=True, slots=True)
class Between:
    path: Path
    low: Literal
    high: Literal


@dataclass(frozen=True, slots=True)
class Not:
    condition: Condition


@dataclass(frozen=True, slots=True)
class AllOf:
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    conditions: tuple[Condition, ...]


Condition: TypeAlias = Compare | OneOf | Between | Not | AllOf | AnyOf


@dataclass(frozen=True, slots=True)
class Order:
    column: Column
    is_descending: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    columns: tuple[Column, ...]
    where: Condition | None = None
    groups: tuple[Path, ...] = ()
    orders: tuple[Order, ...] = ()

    @property
    def is_aggregated(self) -> bool:
        return bool(self.groups) or any(one.aggregate for one in self.columns)
