"""Holds answers against botocore's models: what a handler says must be AWS's shape."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from moto.core.model import OperationModel

Shape = Any  # botocore's shapes have other attributes for every type

_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "long": (int,),
    "double": (int, float),
    "float": (int, float),
    "boolean": (bool,),
    "timestamp": (int, float),
    "blob": (bytes, str),
    "structure": (Mapping,),
    "map": (Mapping,),
    "list": (list, tuple),
}


def faults_of(operation: OperationModel, answer: Mapping[str, Any]) -> list[str]:
    """What in the answer is not as the model says: unknown members, wrong types,
    words outside an enumeration, required members that are missing."""
    shape = operation.output_shape
    if shape is None:
        return [f"{operation.name} has no output, but answers"] if answer else []
    return list(_faults(shape, answer, operation.name))


def _faults(shape: Shape, value: Any, path: str) -> Iterator[str]:
    if not _is_of_type(shape, value):
        yield f"{path} is {type(value).__name__}, not {shape.type_name}"
    elif shape.type_name == "structure":
        yield from _faults_of_members(shape, value, path)
    elif shape.type_name == "list":
        for at, item in enumerate(value):
            yield from _faults(shape.member, item, f"{path}[{at}]")
    elif shape.type_name == "map":
        for key, item in value.items():
            yield from _faults(shape.value, item, f"{path}[{key}]")
    elif shape.type_name == "string" and shape.enum and value not in shape.enum:
        yield f"{path} is {value!r}, not one of {', '.join(shape.enum)}"


def _is_of_type(shape: Shape, value: Any) -> bool:
    expected = _TYPES[shape.type_name]
    is_number_but_bool = isinstance(value, bool) and bool not in expected
    return isinstance(value, expected) and not is_number_but_bool


def _faults_of_members(
    shape: Shape, value: Mapping[str, Any], path: str
) -> Iterator[str]:
    for name in value:
        if name not in shape.members:
            yield f"{path} has no member {name}"
    for name in shape.required_members:
        if value.get(name) is None:
            yield f"{path} lacks {name}"
    for name, member in shape.members.items():
        if name in value:
            yield from _faults(member, value[name], f"{path}.{name}")
