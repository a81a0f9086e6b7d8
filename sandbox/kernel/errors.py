"""An error as a service answers it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class ApiError(Exception):
    """The call is refused with AWS's code and message.

    `status` is the HTTP status: 400 for most services, 403 for a refused identity in
    the query protocol, 5xx where AWS itself failed. `details` are the error's other
    members, where its service speaks JSON.
    """

    def __init__(
        self,
        code: str,
        message: str,
        status: int = 400,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.details = details or {}
        self.code = code
        self.message = message
        self.status = status


def absent(service: str, operation: str) -> ApiError:
    """The sandbox does not have this operation, and says so instead of guessing.

    501 is a status the SDKs do not try again.
    """
    return ApiError(
        "NotImplementedBySandbox",
        f"The sandbox does not answer {service}:{operation}. docs/sandbox.md lists "
        "what it has.",
        status=501,
    )
