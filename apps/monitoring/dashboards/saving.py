"""Dashboards as rows: made, saved, restored, never overwritten unseen."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.text import slugify

from apps.discovery.models import User
from apps.discovery.roles import Role
from apps.monitoring.dashboards import naming
from apps.monitoring.dashboards.layouts import DashboardSpec
from apps.monitoring.models import Dashboard, DashboardVersion

# Words of addresses that are no dashboards.
RESERVED = frozenset(("new", "auto", "import", "add", "reads"))
_MOST_VERSIONS = 200
_MOST_SLUG = 60


class SavedMeanwhile(Exception):
    """Somebody else saved the dashboard since it was read; nothing was changed."""

    def __init__(self, current: Dashboard) -> None:
        self.current = current
        by = current.updated_by.get_username() if current.updated_by else "somebody"
        super().__init__(
            f"{by} saved version {current.version} at "
            f"{current.updated_at:%Y-%m-%d %H:%M:%S} UTC, after you had opened it. "
            "Nothing was overwritten."
        )


@dataclass(frozen=True, slots=True)
class Change:
    """Who changes a dashboard, when, and what they did in a few words."""

    by: User
    now: datetime
    what: str = ""


def may_create(person: User) -> bool:
    return person.rights.may_everywhere(Role.OPERATOR)


def may_edit(person: User, board: Dashboard) -> bool:
    """Operators change what is shared and what is theirs."""
    return may_create(person) and (board.is_shared or board.owner_id == person.pk)


def create(spec: DashboardSpec, change: Change, *, is_shared: bool) -> Dashboard:
    """A new dashboard of a person, under an address that is free."""
    for _ in range(5):
        try:
            with transaction.atomic():
                return _created(spec, change, is_shared=is_shared)
        except IntegrityError:
            # Somebody took the same address at the same time.
            continue
    with transaction.atomic():
        return _created(spec, change, is_shared=is_shared)


def _created(spec: DashboardSpec, change: Change, *, is_shared: bool) -> Dashboard:
    board = Dashboard.objects.create(
        name=spec.title,
        slug=_free_slug(spec.title),
        spec=_text(spec),
        owner=change.by,
        is_shared=is_shared,
        created_at=change.now,
        updated_at=change.now,
        updated_by=change.by,
    )
    _remember(board, change)
    naming.note_series(board, spec, change.by)
    return board


def save(board: Dashboard, spec: DashboardSpec, change: Change) -> Dashboard:
    """Save over the version that `board` was read as. Raises SavedMeanwhile."""
    with transaction.atomic():
        saved = _saved(board, change, spec=_text(spec), name=spec.title)
        naming.note_series(saved, spec, change.by)
    return saved


def delete(board: Dashboard) -> None:
    """Remove it with its versions, and stop keeping its series fresh."""
    with transaction.atomic():
        naming.forget_series(board.pk)
        board.delete()


def share(board: Dashboard, change: Change, *, is_shared: bool) -> Dashboard:
    """Let everybody see it, or its owner alone. Raises SavedMeanwhile."""
    return _saved(board, change, is_shared=is_shared)


def _saved(board: Dashboard, change: Change, **values: str | bool) -> Dashboard:
    with transaction.atomic():
        here = Dashboard.objects.filter(pk=board.pk, version=board.version)
        saved = here.update(
            version=board.version + 1,
            updated_at=change.now,
            updated_by=change.by,
            **values,
        )
        current = Dashboard.objects.select_related("updated_by").get(pk=board.pk)
        if not saved:
            raise SavedMeanwhile(current)
        _remember(current, change)
    return current


def restore(board: Dashboard, version: DashboardVersion, change: Change) -> Dashboard:
    """Save an earlier version as the newest. Raises SavedMeanwhile."""
    spec = DashboardSpec.parse(json.loads(version.spec))
    what = f"Restored version {version.version}"
    return save(board, spec, replace(change, what=what))


def changed(
    board: Dashboard, change: Change, edit: Callable[[DashboardSpec], DashboardSpec]
) -> Dashboard:
    """Apply a small change to what is there now, whoever saved it last."""
    while True:
        try:
            return save(board, edit(spec_of(board)), change)
        except SavedMeanwhile as meanwhile:
            board = meanwhile.current


def spec_of(board: Dashboard) -> DashboardSpec:
    return DashboardSpec.parse(json.loads(board.spec))


def _remember(board: Dashboard, change: Change) -> None:
    DashboardVersion.objects.create(
        dashboard=board,
        version=board.version,
        name=board.name,
        spec=board.spec,
        saved_at=change.now,
        saved_by=change.by,
        what=change.what[:200],
    )
    oldest = board.version - _MOST_VERSIONS
    board.versions.filter(version__lte=oldest).delete()


def _free_slug(title: str) -> str:
    plain = slugify(title)[:_MOST_SLUG].strip("-") or "dashboard"
    taken = Dashboard.objects.filter(slug__startswith=plain)
    slugs = {*taken.values_list("slug", flat=True), *RESERVED}
    choices = (plain, *(f"{plain}-{at}" for at in range(2, len(slugs) + 3)))
    return next(choice for choice in choices if choice not in slugs)


def _text(spec: DashboardSpec) -> str:
    return json.dumps(spec.as_json(), ensure_ascii=False)
