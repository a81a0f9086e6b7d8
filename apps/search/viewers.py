"""Who is looking. The user model lives above this app; pages here ask it two things."""

from typing import Protocol, cast

from django.http import HttpRequest
from rest_framework.request import Request


class Viewer(Protocol):
    """A signed-in person."""

    pk: int

    def visible_accounts(self) -> frozenset[str] | None:
        """The accounts whose data they may see; None means all."""


def viewer_of(request: HttpRequest | Request) -> Viewer:
    return cast("Viewer", request.user)
