"""Who is looking. The user model lives above this app; pages here ask it two things."""

from typing import Protocol, cast

from django.contrib.auth import get_user_model
from django.http import HttpRequest
from rest_framework.request import Request


class Viewer(Protocol):
    """A signed-in person."""

    pk: int

    def visible_accounts(self) -> frozenset[str] | None:
        """The accounts whose data they may see; None means all."""


def viewer_of(request: HttpRequest | Request) -> Viewer:
    return cast("Viewer", request.user)


def rights_changed(request: HttpRequest) -> bool:
    """Whether the person of a request that goes on has since been signed out,
    locked out, or given other rights."""
    before = viewer_of(request)
    session = request.session
    if not session.session_key or not session.exists(session.session_key):
        return True
    now = get_user_model().objects.filter(pk=before.pk, is_active=True).first()
    return (
        now is None
        or cast("Viewer", now).visible_accounts() != before.visible_accounts()
    )
