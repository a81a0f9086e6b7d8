"""Checks parameters against botocore's model, and says what is wrong as AWS does."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from moto.core.model import OperationModel

from sandbox.kernel.errors import ApiError

Shape = Any  # botocore's shapes have other attributes for every type

_SHOWN = 5


def check(operation: OperationModel, parameters: Mapping[str, Any]) -> None:
    """Raise ValidationException where a parameter is missing, too long or unknown."""
    shape = operation.input_shape
    if shape is None:
        return
    found = list(_faults(shape, parameters, ""))
    service = operation.service_model.service_name
    if found:
        plural = "s" if len(found) > 1 else ""
        said = "; ".join(found[:_SHOWN])
        raise ApiError(
            "ValidationError"
            if service in _VALIDATION_ERROR
            else "ValidationException",
            f"{len(found)} validation error{plural} detected: {said}",
        )


_KINDS: Mapping[str, tuple[type, ...]] = {
    "structure": (Mapping,),
    "map": (Mapping,),
    "list": (list, tuple),
    "string": (str,),
    "boolean": (bool,),
    "timestamp": (int, float),
    "integer": (int,),
    "long": (int,),
    "double": (int, float),
    "float": (int, float),
    "blob": (str, bytes),
}
# Source: the services' lists of common errors.
_VALIDATION_ERROR = frozenset({"cloudwatch", "sts"})


def check_kind(shape: Shape, value: Any, path: str = "") -> None:
    """Raise SerializationException where JSON has another kind than the model."""
    expected = _KINDS[shape.type_name]
    is_stray = isinstance(value, bool) and bool not in expected
    is_number = isinstance(value, float) and not math.isfinite(value)
    if not isinstance(value, expected) or is_stray or is_number:
        raise ApiError(
            "SerializationException",
            f"{type(value).__name__} can not be converted to {shape.name}"
            + (f" at {path}" if path else ""),
        )


def _faults(shape: Shape, value: Any, path: str) -> Iterator[str]:
    check_kind(shape, value, path)
    if shape.type_name == "structure":
        yield from _faults_of_structure(shape, value, path)
    elif shape.type_name == "list":
        yield from _faults_of_size(shape, value, path)
        for at, item in enumerate(value, 1):
            yield from _faults(shape.member, item, f"{path}.{at}.member")
    elif shape.type_name == "map":
        for key, item in value.items():
            yield from _faults(shape.value, item, f"{path}.{key}")
    elif shape.type_name == "string":
        yield from _faults_of_text(shape, value, path)
    elif shape.type_name in {"integer", "long", "double", "float"}:
        yield from _faults_of_number(shape, value, path)


def _faults_of_structure(
    shape: Shape, value: Mapping[str, Any], path: str
) -> Iterator[str]:
    for name in shape.required_members:
        if value.get(name) is None:
            yield _sentence("null", _join(path, name), "Member must not be null")
    for name, member in shape.members.items():
        if value.get(name) is not None:
            yield from _faults(member, value[name], _join(path, name))


def _join(path: str, name: str) -> str:
    # AWS names members as its own code does: the first letter is small.
    small = name[:1].lower() + name[1:]
    return f"{path}.{small}" if path else small


def _faults_of_text(shape: Shape, value: Any, path: str) -> Iterator[str]:
    yield from _faults_of_size(shape, value, path)
    allowed = shape.enum
    if allowed and value not in allowed:
        said = f"Member must satisfy enum value set: [{', '.join(allowed)}]"
        yield _sentence(f"'{value}'", path, said)
    pattern = shape.metadata.get("pattern")
    if pattern and not _matches(pattern, value):
        said = f"Member must satisfy regular expression pattern: {pattern}"
        yield _sentence(f"'{value}'", path, said)


@cache
def _compiled(pattern: str) -> re.Pattern[str] | None:
    try:
        return re.compile(pattern)
    except re.error:  # Java's character classes, which Python's `re` does not have
        return None


def _matches(pattern: str, value: str) -> bool:
    compiled = _compiled(pattern)
    return compiled is None or compiled.fullmatch(value) is not None


def _faults_of_size(shape: Shape, value: Any, path: str) -> Iterator[str]:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if least is not None and len(value) < least:
        said = f"Member must have length greater than or equal to {least}"
        yield _sentence(f"'{value}'", path, said)
    if most is not None and len(value) > most:
        said = f"Member must have length less than or equal to {most}"
        yield _sentence(f"'{str(value)[:100]}'", path, said)


def _faults_of_number(shape: Shape, value: Any, path: str) -> Iterator[str]:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if least is not None and value < least:
        said = f"Member must have value greater than or equal to {least}"
        yield _sentence(f"'{value}'", path, said)
    if most is not None and value > most:
        said = f"Member must have value less than or equal to {most}"
        yield _sentence(f"'{value}'", path, said)


def _sentence(value: str, path: str, said: str) -> str:
    return f"Value {value} at '{path}' failed to satisfy constraint: {said}"
