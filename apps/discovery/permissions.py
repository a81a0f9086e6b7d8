"""Guards for pages that need a role."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, cast

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from rest_framework.request import Request

from apps.discovery.models import User
from apps.discovery.roles import Role

P = ParamSpec("P")
Page = Callable[Concatenate[HttpRequest, P], HttpResponse]


def person(request: HttpRequest | Request) -> User:
    """Who is signed in; pages are only reached signed in."""
    return cast("User", request.user)


def everywhere(role: Role) -> Callable[[Page[P]], Page[P]]:
    """The page is for people with at least this role in all accounts."""

    def guard(page: Page[P]) -> Page[P]:
        @wraps(page)
        def guarded(
            request: HttpRequest, *args: P.args, **kwargs: P.kwargs
        ) -> HttpResponse:
            if not person(request).rights.may_everywhere(role):
                raise PermissionDenied(
                    f"This needs the role {role.title.lower()} in all accounts."
                )
            return page(request, *args, **kwargs)

        return cast("Page[P]", guarded)

    return guard
