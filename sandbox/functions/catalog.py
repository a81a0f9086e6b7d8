"""Functions and event source mappings as moto keeps them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from moto.backends import get_backend
from moto.core.exceptions import JsonRESTError, ServiceException

from sandbox.functions.runner import Function
from sandbox.kernel.errors import ApiError, absent

Place = tuple[str, str]
_MOST_MESSAGES = 10


@dataclass(frozen=True, slots=True)
class Mapping:
    """A queue whose messages a function gets."""

    id: str
    place: Place
    queue_arn: str
    function_arn: str
    batch: int
    reports_failures: bool


@dataclass(frozen=True, slots=True)
class Retries:
    """What becomes of an asynchronous invocation that fails, or succeeds."""

    most: int = 2
    oldest_seconds: int = 21_600
    on_success: str = ""
    on_failure: str = ""


def find(place: Place, name: str, qualifier: str | None) -> Function:
    """Raises ResourceNotFoundException."""
    found = _moto(place, name, qualifier)
    if not str(found.run_time or "").startswith("python"):
        raise absent("lambda", f"Invoke of a function in {found.run_time}")
    return Function(
        name=found.function_name,
        arn=found.function_arn,
        version=str(found.version),
        handler=found.handler,
        code=found.code_bytes,
        timeout_seconds=int(found.timeout),
        memory=int(found.memory_size),
        variables=dict(found.environment_vars),
    )


def role_of(place: Place, name: str, qualifier: str | None) -> str:
    return str(_moto(place, name, qualifier).role)


def retries_of(place: Place, name: str, qualifier: str | None) -> Retries:
    """As PutFunctionEventInvokeConfig set it."""
    for one in _moto(place, name, qualifier).event_invoke_config:
        to = one.config.get("DestinationConfig") or {}
        return Retries(
            int(one.config.get("MaximumRetryAttempts", 2)),
            int(one.config.get("MaximumEventAgeInSeconds", 21_600)),
            (to.get("OnSuccess") or {}).get("Destination", ""),
            (to.get("OnFailure") or {}).get("Destination", ""),
        )
    return Retries()


def _moto(place: Place, name: str, qualifier: str | None) -> Any:
    account, region = place
    if name.count(":") == 2:  # noqa: PLR2004 - account:function:name
        name = f"arn:aws:lambda:{region}:{name}"
    try:
        return get_backend("lambda")[account][region].get_function(name, qualifier)
    except (JsonRESTError, ServiceException) as error:
        arn = (
            name
            if name.startswith("arn:")
            else f"arn:aws:lambda:{region}:{account}:function:{name}"
        )
        raise ApiError(
            "ResourceNotFoundException", f"Function not found: {arn}", 404
        ) from error


def mappings() -> Iterator[Mapping]:
    """Every queue that is read for a function."""
    for account, regions in list(get_backend("lambda").items()):
        for region, backend in list(regions.items()):
            for one in backend.list_event_source_mappings("", ""):
                if one.enabled and ":sqs:" in one.event_source_arn:
                    yield Mapping(
                        one.uuid,
                        (account, region),
                        one.event_source_arn,
                        one.function_arn,
                        min(int(one.batch_size or _MOST_MESSAGES), _MOST_MESSAGES),
                        bool(one.function_response_types),
                    )


def leave_queues_to_us(place: Place) -> None:
    """moto would run the function in Docker with each message; the poller does it."""
    account, region = place
    for queue in get_backend("sqs")[account][region].queues.values():
        queue.lambda_event_source_mappings.clear()
