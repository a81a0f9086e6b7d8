"""Who may see and do what of repairs, by account."""

from __future__ import annotations

from typing import TypeVar

from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import Http404

from apps.audit.models import Breaker, Plan, Run
from apps.discovery.models import User
from apps.discovery.roles import Role

Row = TypeVar("Row", bound=Model)


def within(rows: QuerySet[Row], viewer: User) -> QuerySet[Row]:
    """Those of accounts that the person sees."""
    visible = viewer.visible_accounts()
    return rows if visible is None else rows.filter(account__in=visible)


def plans(viewer: User) -> QuerySet[Plan]:
    rows = Plan.objects.select_related(
        "requested_by", "rule", "violation", "optin", "approval", "run"
    )
    return within(rows, viewer)


def runs(viewer: User) -> QuerySet[Run]:
    rows = Run.objects.select_related(
        "plan__requested_by", "plan__approval", "plan__violation", "plan__rolls_back",
        "rule",
    )  # fmt: skip
    return within(rows, viewer)


def breakers(viewer: User) -> QuerySet[Breaker]:
    return within(Breaker.objects.filter(is_open=True), viewer)


def seen(rows: QuerySet[Row], pk: int) -> Row:
    """One of the rows. Raises Http404."""
    found = rows.filter(pk=pk).first()
    if found is None:
        raise Http404("There is no such repair in the accounts that you see.")
    return found


def need(viewer: User, role: Role, account: str) -> None:
    """Raises PermissionDenied."""
    if not viewer.rights.may(role, account):
        raise PermissionDenied(
            f"This needs the role {role.title.lower()} in account {account}."
        )
