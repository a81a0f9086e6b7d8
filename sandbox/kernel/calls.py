"""A call as handlers see it, and what listeners learn of it afterwards."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from sandbox.kernel.errors import ApiError
from sandbox.kernel.principals import Principal

Parameters = Mapping[str, Any]
Answer = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Call:
    """One request to one operation.

    `service` and `operation` are botocore's names (`logs`, `FilterLogEvents`).
    `parameters` hold AWS's member names and what JSON carries: times are numbers,
    seconds since 1970; blobs are base64 text in the json protocol, bytes in others.
    `now` is in seconds since 1970.
    """

    service: str
    operation: str
    parameters: Parameters
    account: str
    region: str
    principal: Principal
    now: float
    request_id: str
    source_ip: str = "127.0.0.1"
    user_agent: str = ""

    @property
    def place(self) -> tuple[str, str]:
        """Account and region: what most of AWS's state is held by."""
        return self.account, self.region

    def arn(self, resource: str, service: str = "") -> str:
        """An ARN of this account and region: `call.arn("log-group:shop")`."""
        return (
            f"arn:aws:{service or self.service}:{self.region}:{self.account}:{resource}"
        )


@dataclass(frozen=True, slots=True)
class Finished:
    """A call with how it ended: `answer` (perhaps empty) or `error`."""

    call: Call
    answer: Answer
    error: ApiError | None = None


Handler = Callable[[Call], Answer]


class Service(Protocol):
    """One AWS service with handlers of its own.

    `operations` maps an operation's name to its handler. `from_moto` names operations
    that moto answers rightly and with state nobody else needs; anything in neither is
    refused as absent.
    """

    @property
    def name(self) -> str: ...

    @property
    def operations(self) -> Mapping[str, Handler]: ...

    @property
    def from_moto(self) -> frozenset[str]: ...
