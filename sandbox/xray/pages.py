"""Ranges of time and pages of results, as X-Ray checks and cuts them."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Any

import orjson

from sandbox.kernel.calls import Parameters
from sandbox.kernel.errors import ApiError

_HOUR = 3_600


def refused(said: str) -> ApiError:
    return ApiError("InvalidRequestException", said)


def time_range(parameters: Parameters, most_hours: int) -> tuple[float, float]:
    """StartTime and EndTime. Raises InvalidRequestException for what is no range."""
    start, end = float(parameters["StartTime"]), float(parameters["EndTime"])
    if end < start:
        raise refused("Start time must be before end time")
    if end - start > most_hours * _HOUR:
        raise refused(f"Time range cannot be longer than {most_hours} hours")
    return start, end


def token_of(position: Sequence[Any]) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(position)).decode()


def position_of(token: str | None) -> list[Any] | None:
    """What a token stands for. Raises where it is none of ours."""
    if not token:
        return None
    try:
        found = orjson.loads(base64.urlsafe_b64decode(token))
    except (binascii.Error, ValueError) as error:
        raise refused("Invalid NextToken") from error
    if not isinstance(found, list) or not all(
        isinstance(n, int | float) for n in found
    ):
        raise refused("Invalid NextToken")
    return found
