"""What a saved dashboard shows is collected though nobody looks at it."""

from __future__ import annotations

from typing import Any

import pytest

from apps.discovery.roles import Role
from apps.monitoring.dashboards import naming, saving
from apps.monitoring.dashboards.saving import Change
from apps.monitoring.models import Dashboard, SeriesInterest
from tests.factories import NOON, OTHER_ACCOUNT, a_user
from tests.monitoring.dashboards.things import (
    a_key,
    a_line,
    a_panel,
    a_spec,
    a_text,
    store_series,
)

pytestmark = pytest.mark.django_db


def by(name: str = "ann") -> Change:
    return Change(a_user(name, Role.OPERATOR), NOON)


def lines(*functions: str, **fields: Any) -> dict[str, Any]:
    drawn = [
        a_line(id=f"a{at}", dimensions={"FunctionName": one}, **fields)
        for at, one in enumerate(functions)
    ]
    return {"kind": "line", "lines": drawn}


def kept(board: Dashboard) -> list[str]:
    """The functions whose series are kept for a dashboard, each five minutes."""
    rows = SeriesInterest.objects.filter(
        by=f"dashboard:{board.pk}", is_kept=True, ends_at=None, every_seconds=300
    )
    return sorted(dict(row.series.key.dimensions)["FunctionName"] for row in rows)


def test_saving_keeps_what_is_named_and_lets_go_of_what_is_not() -> None:
    store_series(a_key("cart"), a_key("fraud"), a_key("search"))
    first = a_spec(panels=[a_panel(chart=lines("cart", "fraud"))])
    board = saving.create(first, by(), is_shared=True)
    assert kept(board) == ["cart", "fraud"]

    later = a_spec(panels=[a_panel(chart=lines("search")), a_text(id="p2", y=6)])
    saving.save(board, later, by("bob"))

    assert kept(board) == ["search"]


def test_variables_stand_for_their_defaults() -> None:
    store_series(a_key("cart"), a_key("fraud"))

    board = saving.create(a_spec(), by(), is_shared=True)

    assert kept(board) == ["cart", "fraud"]


def test_a_deleted_dashboard_keeps_nothing() -> None:
    store_series(a_key("cart"))
    board = saving.create(a_spec(), by(), is_shared=True)
    pk = board.pk

    saving.delete(board)

    assert not SeriesInterest.objects.filter(by=f"dashboard:{pk}").exists()


def test_what_one_may_not_see_is_not_paid_for_on_ones_word() -> None:
    store_series(a_key("cart", account=OTHER_ACCOUNT))
    spec = a_spec(panels=[a_panel(chart=lines("cart", account=OTHER_ACCOUNT))])

    assert naming.series_of(spec, a_user("vera", Role.VIEWER, "111122223333")) == []
    assert len(naming.series_of(spec, a_user("olga", Role.VIEWER))) == 1


def test_a_dashboard_keeps_so_many_series_at_most(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(naming, "MOST_NAMED", 2)
    store_series(*(a_key(f"f{at}") for at in range(5)))

    assert len(naming.series_of(a_spec(), a_user("ann", Role.OPERATOR))) == 2


def test_a_board_of_many_panels_asks_once_for_the_same_series(
    django_assert_max_num_queries: Any,
) -> None:
    store_series(a_key("cart"))
    panels = [a_panel(id=f"p{at}", y=at * 6) for at in range(200)]
    spec, viewer = a_spec(panels=panels), a_user("ann", Role.OPERATOR)

    with django_assert_max_num_queries(4):
        naming.series_of(spec, viewer)
