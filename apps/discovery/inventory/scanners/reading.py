"""The door through which resources are read by their own APIs, with members named as
AWS Config names them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from apps.discovery.arn import partition_of
from apps.discovery.aws import AwsError, AwsGone, AwsRefused, Door, Target

Raw = Any
_ABSENT = ("NoSuch", "NotFound")
# What begins a name in capitals that Config writes small as a whole.
_BEANS: Mapping[str, str] = {
    "SSEAlgorithm": "sseAlgorithm",
    "KMSMasterKeyID": "kmsMasterKeyID",
    "IPProtocol": "ipProtocol",
}


class Reader:
    """Reads one account and region."""

    def __init__(self, where: Target) -> None:
        self._where = where
        self._doors: dict[str, Door] = {}
        self._names: dict[tuple[str, str], str] = {}

    @property
    def account(self) -> str:
        return self._where.account

    @property
    def region(self) -> str:
        return self._where.region

    def arn(self, service: str, resource: str, *, is_global: bool = False) -> str:
        """An ARN in this account and region; of neither where the service has none."""
        region = "" if is_global else self.region
        return f"arn:{partition_of(self.region)}:{service}:{region}:{resource}"

    def ask(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        """One answer. Raises AwsError."""
        answer = self._door(service).call(operation, **parameters)
        return self._named(service, operation, answer)

    def maybe(
        self, service: str, operation: str, **parameters: Any
    ) -> dict[str, Any] | None:
        """None where AWS says that there is no such thing or setting."""
        try:
            return self.ask(service, operation, **parameters)
        except AwsGone:
            return None
        except AwsRefused as error:
            if is_absent(error):
                return None
            raise

    def every(
        self, service: str, operation: str, member: str, **parameters: Any
    ) -> Iterator[Raw]:
        """What all pages of a listing hold. Raises AwsError."""
        door = self._door(service)
        if door.client.can_paginate(operation):
            for page in door.pages(operation, **parameters):
                yield from self._named(service, operation, page).get(member, ())
        else:
            yield from self.ask(service, operation, **parameters).get(member, ())

    def some(
        self, service: str, operation: str, member: str, **parameters: Any
    ) -> list[Raw]:
        """As `every`, of a thing that may be gone: then nothing."""
        try:
            return list(self.every(service, operation, member, **parameters))
        except AwsGone:
            return []
        except AwsRefused as error:
            if is_absent(error):
                return []
            raise

    def _door(self, service: str) -> Door:
        if service not in self._doors:
            self._doors[service] = Door(self._where, service)
        return self._doors[service]

    def _named(
        self, service: str, operation: str, answer: Mapping[str, Any]
    ) -> dict[str, Any]:
        client = self._door(service).client
        name = client.meta.method_to_api_mapping[operation]
        shape = client.meta.service_model.operation_model(name).output_shape
        # Types that came late follow CloudFormation's schemas.
        name_of = _capital if service == "ecs" else _bean
        named: dict[str, Any] = _as_config(shape, answer, name_of)
        return named


def is_absent(error: AwsError) -> bool:
    """Whether the code that AWS answered with says that something is not there."""
    code = str(error).partition(": ")[2].partition(":")[0]
    return any(part in code for part in _ABSENT)


def _bean(name: str) -> str:
    """`VpcId` is `vpcId`: Config's older types are AWS's Java classes as JSON."""
    return _BEANS.get(name, name[:1].lower() + name[1:])


def _capital(name: str) -> str:
    return name[:1].upper() + name[1:]


def _as_config(shape: Any, value: Any, name_of: Callable[[str], str]) -> Any:
    """Members renamed by the service's model: keys that are data stay as they are."""
    if isinstance(value, datetime):
        at = value.astimezone(UTC)
        return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1_000:03}Z"
    if shape.type_name == "structure":
        return {
            name_of(name): _as_config(shape.members[name], member, name_of)
            for name, member in value.items()
            if name in shape.members
        }
    if shape.type_name == "list":
        return [_as_config(shape.member, member, name_of) for member in value]
    if shape.type_name == "map":
        return {
            key: _as_config(shape.value, member, name_of)
            for key, member in value.items()
        }
    # The SDK opens policies of IAM; Config has them as the API sends them.
    if isinstance(value, Mapping):
        return quote(json.dumps(value, separators=(",", ":")), safe="")
    return value


def without(value: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """Leaves out what moves by itself: counters are no configuration."""
    return {name: member for name, member in value.items() if name not in names}


def in_tens(ids: Iterable[str], size: int = 10) -> Iterator[list[str]]:
    """Ids in parts of at most `size`."""
    rest = list(ids)
    for start in range(0, len(rest), size):
        yield rest[start : start + size]
