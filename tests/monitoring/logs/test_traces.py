"""One trace through all groups and accounts that one may see."""

import pytest
from django.test import Client

from apps.discovery.roles import Role
from apps.discovery.traceids import begun, normal
from apps.search.engines.base import DocumentEngine
from tests.conftest import signed_in
from tests.factories import ACCOUNT, NOON, OTHER_ACCOUNT
from tests.monitoring.logs.explored import TRACE, a_line, keep

pytestmark = pytest.mark.django_db
W3C = "6a450080bd862e3fe1be46a994272793"


@pytest.fixture
def traced(engine: DocumentEngine) -> None:
    keep(
        engine,
        a_line("cart read", 1.25, traceId=TRACE, group="/ecs/cart", level="INFO"),
        a_line("began", 1.0, traceId=TRACE, group="/ecs/web"),
        a_line("declined", 1.9, traceId=TRACE, group="/ecs/pay", level="ERROR"),
        a_line("secret", 2.0, traceId=TRACE, group="/ecs/pay", account=OTHER_ACCOUNT),
        a_line("unrelated", 1.5, traceId=TRACE.replace("6a45", "6a46")),
    )


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (TRACE, TRACE),
        (W3C, TRACE),
        (W3C.upper(), TRACE),
        (f"Root={TRACE}", TRACE),
        (W3C[:-1], None),
        ("1-6a450080", None),
        ("x" * 32, None),
        ("", None),
    ],
)
def test_both_forms_of_an_id_are_one(written: str, expected: str | None) -> None:
    assert normal(written) == expected


def test_an_id_says_when_its_trace_began() -> None:
    assert abs((begun(TRACE) - NOON).total_seconds()) < 86_400


def test_lines_stand_in_time_order_with_their_offsets(
    traced: None, viewer_client: Client
) -> None:
    answer = viewer_client.get(f"/api/v1/logs/traces/{W3C}").json()

    assert [
        (one["record"]["@message"], one["offset_ms"]) for one in answer["items"]
    ] == [("began", 0), ("cart read", 250), ("declined", 900), ("secret", 1_000)]
    assert answer["length_ms"] == 1_000


def test_the_page_has_a_lane_a_group_and_marks_errors(
    traced: None, viewer_client: Client
) -> None:
    shown = viewer_client.get(f"/logs/trace/{TRACE}/").content.decode()

    lanes = shown.split('class="lanes"')[1].split("</table>")[0]
    assert lanes.index("/ecs/web") < lanes.index("/ecs/cart") < lanes.index("/ecs/pay")
    assert "1 error" in lanes
    assert "unrelated" not in shown
    assert f"#xray:traces/{TRACE}" in shown


def test_another_form_leads_to_the_page(traced: None, viewer_client: Client) -> None:
    answer = viewer_client.get(f"/logs/trace/{W3C}/?since=now-1h")

    assert answer["Location"] == f"/logs/trace/{TRACE}/?since=now-1h"


def test_only_lines_one_may_see_are_shown(traced: None) -> None:
    client = signed_in("here", Role.VIEWER, ACCOUNT)

    assert "secret" not in client.get(f"/logs/trace/{TRACE}/").content.decode()


def test_a_trace_without_lines_says_what_to_do(viewer_client: Client) -> None:
    shown = viewer_client.get(f"/logs/trace/{TRACE}/").content.decode()

    assert "No stored line carries this trace id" in shown
    assert viewer_client.get(f"/api/v1/logs/traces/{TRACE}").status_code == 404
    assert viewer_client.get("/api/v1/logs/traces/x").status_code == 400
    assert viewer_client.get("/logs/trace/x/").status_code == 404
