"""Dashboards are saved once each, and nothing is overwritten unseen."""

import json
from dataclasses import replace

import pytest

from apps.discovery.roles import Role
from apps.monitoring.dashboards import saving
from apps.monitoring.dashboards.saving import Change, SavedMeanwhile
from apps.monitoring.models import Dashboard, DashboardVersion
from tests.factories import NOON, a_user
from tests.monitoring.dashboards.things import a_spec

pytestmark = pytest.mark.django_db


def by(name: str = "ann") -> Change:
    return Change(a_user(name, Role.OPERATOR), NOON)


def test_a_new_dashboard_has_an_address_and_a_first_version() -> None:
    board = saving.create(a_spec(title="The Shop!"), by(), is_shared=True)

    assert (board.slug, board.version, board.versions.count()) == ("the-shop", 1, 1)
    assert saving.spec_of(board) == a_spec(title="The Shop!")


@pytest.mark.parametrize(
    ("titles", "slugs"),
    [
        (["Shop", "shop", "SHOP"], ["shop", "shop-2", "shop-3"]),
        (["Import", "Auto"], ["import-2", "auto-2"]),
        (["商店", "..."], ["dashboard", "dashboard-2"]),
    ],
)
def test_every_dashboard_has_an_address_of_its_own(
    titles: list[str], slugs: list[str]
) -> None:
    change = by()

    made = [saving.create(a_spec(title=t), change, is_shared=False) for t in titles]

    assert [board.slug for board in made] == slugs


def test_saving_makes_a_version_and_keeps_the_one_before() -> None:
    change = by()
    board = saving.create(a_spec(), change, is_shared=True)

    saved = saving.save(board, a_spec(title="Other"), replace(change, what="Renamed"))

    assert (saved.name, saved.version, saved.slug) == ("Other", 2, "shop")
    told = [(one.version, one.name, one.what) for one in saved.versions.all()]
    assert told == [(2, "Other", "Renamed"), (1, "Shop", "")]


def test_whoever_is_late_overwrites_nothing_and_is_told_who_was_first() -> None:
    first, second = by("ann"), by("bob")
    board = saving.create(a_spec(), first, is_shared=True)
    saving.save(board, a_spec(title="Ann's"), first)

    with pytest.raises(SavedMeanwhile, match="ann saved version 2 at 2026-07-01"):
        saving.save(board, a_spec(title="Bob's"), second)

    assert Dashboard.objects.get().name == "Ann's"
    assert DashboardVersion.objects.count() == 2


def test_a_version_can_be_brought_back() -> None:
    change = by()
    board = saving.create(a_spec(), change, is_shared=True)
    board = saving.save(board, a_spec(title="Worse"), change)

    back = saving.restore(board, board.versions.get(version=1), change)

    assert (back.name, back.version) == ("Shop", 3)
    assert back.versions.all()[0].what == "Restored version 1"


def test_a_small_change_goes_onto_what_is_there_now() -> None:
    change = by()
    board = saving.create(a_spec(), change, is_shared=True)
    saving.save(board, a_spec(title="Newer"), change)

    after = saving.changed(board, change, lambda spec: replace(spec, panels=()))

    assert (after.name, after.version) == ("Newer", 3)
    assert json.loads(after.spec)["panels"] == []


def test_who_may_edit_what() -> None:
    change = by()
    shared = saving.create(a_spec(), change, is_shared=True)
    own = saving.create(a_spec(), change, is_shared=False)
    other, viewer = a_user("bob", Role.OPERATOR), a_user("vera", Role.VIEWER)

    assert saving.may_edit(other, shared) and not saving.may_edit(other, own)
    assert saving.may_edit(change.by, own) and not saving.may_edit(viewer, shared)
    seen = Dashboard.objects.visible_to(viewer.pk)
    assert [one.pk for one in seen] == [shared.pk]
