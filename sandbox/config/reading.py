"""Reads resources through their own APIs, and names members as Config does."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote

from botocore.exceptions import ClientError

from sandbox.config.items import iso
from sandbox.kernel.cloud import Cloud

PRINCIPAL = "config.amazonaws.com"
NOT_ANSWERED = "NotImplementedBySandbox"
Shape = Any  # botocore's shapes have other attributes for every type


class Unavailable(Exception):
    """The sandbox does not answer the call that lists these resources."""


class Reader:
    """The resources of one account and region."""

    def __init__(self, cloud: Cloud, account: str, region: str) -> None:
        self._cloud = cloud
        self.account = account
        self.region = region

    def ask(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        """One answer, its members named as Config names them."""
        client = self._client(service)
        try:
            answer = getattr(client, operation)(**parameters)
        except ClientError as error:
            raise _as_ours(error) from error
        return self._named(client, operation, answer)

    def ask_or_none(
        self, service: str, operation: str, **parameters: Any
    ) -> dict[str, Any] | None:
        """None where AWS says that there is no such setting."""
        try:
            return self.ask(service, operation, **parameters)
        except ClientError as error:
            if _says_absent(error):
                return None
            raise

    def every(
        self, service: str, operation: str, member: str, **parameters: Any
    ) -> list[Any]:
        """What all pages of a listing hold."""
        client = self._client(service)
        if not client.can_paginate(operation):
            return list(self.ask(service, operation, **parameters).get(member, ()))
        found: list[Any] = []
        try:
            for page in client.get_paginator(operation).paginate(**parameters):
                found += self._named(client, operation, page).get(member, ())
        except ClientError as error:
            raise _as_ours(error) from error
        return found

    def _client(self, service: str) -> Any:
        return self._cloud.client(service, self.account, self.region, PRINCIPAL)

    def _named(self, client: Any, operation: str, answer: Any) -> dict[str, Any]:
        name = client.meta.method_to_api_mapping[operation]
        shape = client.meta.service_model.operation_model(name).output_shape
        is_ecs = client.meta.service_model.service_name == "ecs"
        named: dict[str, Any] = as_config(shape, answer, capital if is_ecs else bean)
        return named


def _as_ours(error: ClientError) -> Exception:
    if error.response["Error"]["Code"] == NOT_ANSWERED:
        return Unavailable(str(error))
    return error


def _says_absent(error: ClientError) -> bool:
    code = error.response["Error"]["Code"]
    return code.startswith("NoSuch") or "NotFound" in code


_BEANS: Mapping[str, str] = {
    "SSEAlgorithm": "sseAlgorithm",
    "KMSMasterKeyID": "kmsMasterKeyID",
}


def bean(name: str) -> str:
    """`VpcId` is `vpcId`: most of Config's types are AWS's Java classes as JSON."""
    return _BEANS.get(name, name[:1].lower() + name[1:])


def capital(name: str) -> str:
    """Newer types follow CloudFormation's schemas: `serviceName` is `ServiceName`."""
    return name[:1].upper() + name[1:]


def as_config(shape: Shape, value: Any, name_of: Callable[[str], str]) -> Any:
    """Members renamed by the model, so that keys which are data stay as they are."""
    if isinstance(value, datetime):
        return iso(value.timestamp())
    if shape.type_name == "structure":
        return {
            name_of(name): as_config(shape.members[name], member, name_of)
            for name, member in value.items()
            if name in shape.members
        }
    if shape.type_name == "list":
        return [as_config(shape.member, member, name_of) for member in value]
    if shape.type_name == "map":
        return {
            key: as_config(shape.value, member, name_of)
            for key, member in value.items()
        }
    # botocore opens IAM's policies; Config has them as the API sent them.
    if isinstance(value, Mapping):
        return quote(json.dumps(value, separators=(",", ":")), safe="")
    return value
