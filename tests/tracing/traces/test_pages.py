"""Traces on pages and in the API: found, drawn, compared, and kept from those who may
not see them."""

from __future__ import annotations

import csv
import io
from typing import Any
from urllib.parse import quote

import orjson
import pytest
from django.test import Client

from apps.discovery.models import Account
from apps.discovery.roles import Role
from apps.search.engines.base import DocumentEngine
from apps.tracing.models import Trace, TraceGroup, TraceScope
from tests.browser.payloads import PAYLOADS
from tests.conftest import signed_in
from tests.factories import ACCOUNT, OTHER_ACCOUNT
from tests.monitoring.logs.explored import a_line, keep
from tests.streams import text_of
from tests.tracing.traces.shop import (
    BANK,
    CALL,
    DAY,
    FAILED,
    OTHERS,
    PAY,
    WEB,
    quick_checkout,
    store_documents,
    store_shop,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(engine: DocumentEngine) -> None:
    store_shop(engine)


@pytest.fixture
def narrow_client(db: None) -> Client:
    """Somebody who sees one of the two accounts."""
    return signed_in("nora", Role.VIEWER, ACCOUNT)


def _found(client: Client, query: str) -> list[str]:
    answer = client.get(f"/api/v1/traces?{DAY}&{query}")
    assert answer.status_code == 200, answer.content
    return [one["trace_id"] for one in answer.json()["items"]]


def test_groups_of_x_ray_are_known_by_name_and_arn(
    admin_client: Client, narrow_client: Client, shop: None
) -> None:
    account, _ = Account.objects.get_or_create(number=ACCOUNT)
    scope = TraceScope.objects.create(account=account, region="eu-west-1")
    arn = f"arn:aws:xray:eu-west-1:{ACCOUNT}:group/broken/X"
    for name, of_name, expression in (
        ("broken", arn, "fault"),
        ("Default", "", ""),
        ("newer", "", "frobs > 3"),
    ):
        TraceGroup.objects.create(
            scope=scope, name=name, arn=of_name, expression=expression
        )
    everything = _found(admin_client, "")

    for asked in (f'group.arn = "{arn}"', 'group.name = "broken"'):
        assert _found(admin_client, "filter=" + quote(asked)) == [FAILED]
    all_traces = _found(admin_client, "filter=" + quote('group.name = "Default"'))
    assert all_traces == everything
    assert not _found(admin_client, "filter=" + quote('group.name = "newer"'))
    elsewhere = signed_in("olga", Role.VIEWER, OTHER_ACCOUNT)
    assert not _found(elsewhere, "filter=" + quote('group.name = "Default"'))


def _page(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize(
    "query",
    [
        "filter=fault",
        "q=@outcome:fault",
        "filter=" + quote("service('payments') { fault }"),
        "filter=" + quote("rootcause.fault.exception { name = 'Timeout' }"),
        "filter=" + quote("annotation.tier = 'gold' AND http.status = 502"),
        "q=@service:payments&filter=" + quote("user = 'ann'"),
        "min_ms=1000",
    ],
)
def test_the_failed_trace_is_found(
    shop: None, viewer_client: Client, query: str
) -> None:
    assert _found(viewer_client, query) == [FAILED]


def test_a_query_and_a_filter_both_hold(shop: None, viewer_client: Client) -> None:
    both = "q=@service:payments&filter=" + quote("user = 'bob'")

    assert _found(viewer_client, both) == []


def test_traces_are_paged_in_their_order(shop: None, viewer_client: Client) -> None:
    found: list[str] = []
    cursor = ""
    while cursor is not None:
        url = f"/api/v1/traces?{DAY}&sort=slowest&size=4&cursor={quote(cursor)}"
        answer = viewer_client.get(url).json()
        found += [one["trace_id"] for one in answer["items"]]
        cursor = answer["next"]

    assert found == [FAILED, *(OTHERS.format(at) for at in range(10))]
    assert answer["total"] == {"value": 11, "exact": True}


@pytest.mark.parametrize(
    ("query", "field", "said"),
    [
        ("filter=" + quote("service('x') { fault"), "filter", "character 21"),
        ("min_ms=soon", "min_ms", "milliseconds"),
        ("min_ms=5&max_ms=4", "min_ms", "more than"),
        ("sort=best", "sort", "newest"),
        ("cursor=x", "cursor", "no place"),
        ("size=0", "size", "whole number"),
    ],
)
def test_an_error_names_the_parameter(
    viewer_client: Client, query: str, field: str, said: str
) -> None:
    answer = viewer_client.get(f"/api/v1/traces?{query}")

    assert answer.status_code == 400
    error = answer.json()["error"]
    assert error["field"] == field
    assert said in error["message"]


def test_the_page_shows_latencies_time_and_traces(
    shop: None, viewer_client: Client
) -> None:
    page = _page(viewer_client, f"/traces/?{DAY}&min_ms=150&max_ms=5000")

    assert "<strong>6</strong> traces" in page
    assert "150 ms to 5 s" in page
    assert "data-latency" in page
    assert f"/traces/{FAILED}/" in page
    assert "fault 502" in page


def test_an_expression_that_cannot_be_read_is_shown_with_its_place(
    shop: None, viewer_client: Client
) -> None:
    page = _page(viewer_client, f"/traces/?{DAY}&filter=fault+AND")

    assert "The filter expression cannot be read" in page
    assert "at character 10" in page


def test_nothing_found_says_where_there_are_traces(
    shop: None, viewer_client: Client
) -> None:
    assert "Go to the last hour that has traces" in _page(viewer_client, "/traces/")
    none = _page(viewer_client, f"/traces/?{DAY}&filter=" + quote("user = 'zoe'"))
    assert "Show all traces of this time" in none


def test_a_site_without_traces_says_how_to_get_some(admin_client: Client) -> None:
    assert "import xray" in _page(admin_client, "/traces/")


def test_the_breakdown_tells_what_failed_traces_share(
    shop: None, viewer_client: Client
) -> None:
    page = _page(viewer_client, f"/traces/breakdown?{DAY}&versus=failed")

    assert "1 of those that failed" in page
    assert "Where failures began" in page
    assert "ChargeFailed" in page


def test_going_on_is_offered_where_not_all_were_looked_at(
    shop: None, viewer_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.tracing.traces.listing.MOST_TRACES", 4)

    page = _page(viewer_client, f"/traces/?{DAY}")

    assert "Looked at 4 of 11 traces" in page
    assert "Go on with the earlier ones" in page


def test_a_trace_is_drawn_with_all_its_spans(shop: None, viewer_client: Client) -> None:
    page = _page(viewer_client, f"/traces/{FAILED}/")

    assert [f'id="wf-{key}"' in page for key in (WEB, CALL, PAY, BANK)] == [True] * 4
    assert page.index(f'id="wf-{CALL}"') < page.index(f'id="wf-{PAY}"')
    assert "wf-critical" in page


@pytest.mark.parametrize("written", [FAILED[2:].replace("-", ""), FAILED.upper()])
def test_other_ways_to_write_an_id_lead_to_the_one(
    viewer_client: Client, written: str
) -> None:
    answer = viewer_client.get(f"/traces/{written}/?span={WEB}")

    assert answer.status_code == 302
    assert answer["Location"] == f"/traces/{FAILED}/?span={WEB}"


def test_a_trace_that_is_not_stored_says_what_to_do(viewer_client: Client) -> None:
    answer = viewer_client.get(f"/traces/{OTHERS.format(99)}/")

    assert answer.status_code == 404
    assert "Traces around that time" in answer.content.decode()
    assert viewer_client.get("/traces/nonsense/").status_code == 404


def test_closed_rows_and_windows_are_in_the_address(
    shop: None, viewer_client: Client
) -> None:
    closed = _page(viewer_client, f"/traces/{FAILED}/?closed={CALL}")
    assert f'id="wf-{PAY}"' not in closed
    assert "+2" in closed

    opened = _page(viewer_client, f"/traces/{FAILED}/rows?closed={CALL}&at={BANK}")
    assert f'id="wf-{BANK}"' in opened

    window = _page(viewer_client, f"/traces/{FAILED}/rows?begin=0")
    assert window.count('role="row"') == 4


def test_the_panel_tells_all_of_a_span(shop: None, viewer_client: Client) -> None:
    panel = _page(viewer_client, f"/traces/{FAILED}/spans/{PAY}")
    assert panel.index("ChargeFailed") < panel.index("caused by")
    assert "charge.py:40" in panel
    assert "&lt;b&gt;visa&lt;/b&gt;" in panel
    assert "<b>visa" not in panel

    sql = _page(viewer_client, f"/traces/{FAILED}/spans/{BANK}")
    assert "update charges set state = ?" in sql


def test_log_lines_stand_under_the_span_that_wrote_them(
    shop: None, engine: DocumentEngine, viewer_client: Client
) -> None:
    keep(
        engine,
        a_line("within the call", 0.15, traceId=FAILED, level="ERROR"),
        a_line("of payments", 0.25, traceId=FAILED, group="/ecs/payments"),
        a_line("of nobody", 0.5, traceId=FAILED, group="/somewhere"),
    )

    page = _page(viewer_client, f"/traces/{FAILED}/?logs=1")

    places = [
        page.index(text)
        for text in (
            f'id="wf-{CALL}"', "within the call", f'id="wf-{PAY}"', "of payments",
            f'id="wf-{BANK}"', "Lines of no span shown here", "of nobody",
        )
    ]  # fmt: skip
    assert places == sorted(places)


def test_spans_of_other_accounts_are_hidden_and_counted(
    shop: None, narrow_client: Client
) -> None:
    page = _page(narrow_client, f"/traces/{FAILED}/")
    assert f'id="wf-{WEB}"' in page
    assert f'id="wf-{PAY}"' not in page
    assert "2 spans of accounts you may not see" in page
    assert narrow_client.get(f"/traces/{FAILED}/spans/{PAY}").status_code == 404

    answer = narrow_client.get(f"/api/v1/traces/{FAILED}").json()
    assert (answer["span_count"], answer["hidden_spans"]) == (2, 2)
    assert "ChargeFailed" not in orjson.dumps(answer).decode()
    payments = "filter=" + quote("rootcause.fault.exception { name = 'Timeout' }")
    assert _found(narrow_client, payments) == []


def test_who_sees_nothing_of_a_trace_does_not_see_it(
    shop: None, viewer_client: Client, db: None
) -> None:
    stranger = signed_in("sten", None)

    assert _found(stranger, "") == []
    assert stranger.get(f"/api/v1/traces/{FAILED}").status_code == 404
    assert stranger.get(f"/traces/{FAILED}/").status_code == 404
    assert f"{FAILED}" not in _page(
        stranger, f"/traces/compare/?a={FAILED}&b={OTHERS.format(1)}"
    ).replace(f'value="{FAILED}"', "").replace(f"The trace {FAILED} is not stored", "")


def test_the_api_tells_spans_and_root_causes(shop: None, viewer_client: Client) -> None:
    answer = viewer_client.get(f"/api/v1/traces/{FAILED}").json()

    assert {one["id"] for one in answer["spans"]} == {WEB, CALL, PAY, BANK}
    (cause,) = answer["root_causes"]["fault"]
    assert [one["name"] for one in cause["services"]] == ["web", "payments"]
    assert cause["reaches_client"]


def test_two_traces_stand_side_by_side(shop: None, viewer_client: Client) -> None:
    page = _page(viewer_client, f"/traces/compare/?a={OTHERS.format(1)}&b={FAILED}")

    assert "only in B" in page
    assert "longer</strong>" not in page
    assert "B took <strong>1.82 s</strong> longer than A" in page


def test_traces_of_the_same_request_are_offered_to_compare_with(
    shop: None, viewer_client: Client
) -> None:
    mine = OTHERS.format(0)

    peers = _page(viewer_client, f"/traces/{mine}/peers")

    assert peers.count(f"a={mine}&amp;b=") == 8
    assert OTHERS.format(1) in peers
    assert "No other trace" in _page(viewer_client, f"/traces/{FAILED}/peers")


def test_the_map_of_a_trace_leads_to_the_map_of_its_time(
    shop: None, viewer_client: Client
) -> None:
    part = _page(viewer_client, f"/traces/{FAILED}/map")

    assert "payments" in part
    assert "/map/?since=2026-07-01T12%3A" in part


def test_a_comparison_names_what_is_missing(viewer_client: Client) -> None:
    page = _page(viewer_client, "/traces/compare/?a=nonsense")

    assert "nonsense is no trace id" in page
    assert "Trace B: Name a trace" in page


@pytest.mark.django_db(transaction=True)
def test_exports_hold_what_the_page_finds(shop: None, viewer_client: Client) -> None:
    def exported(suffix: str) -> str:
        return text_of(viewer_client.get(f"/traces/export.{suffix}?{DAY}&filter=fault"))

    rows = list(csv.DictReader(io.StringIO(exported("csv"))))
    assert [(row["trace_id"], row["ended"]) for row in rows] == [(FAILED, "Fault, 5xx")]
    (line,) = exported("ndjson").splitlines()
    assert len(orjson.loads(line)["spans"]) == 4


def test_hostile_texts_stay_text(engine: DocumentEngine, viewer_client: Client) -> None:
    store_documents(engine, map(_hostile, range(len(PAYLOADS))))
    paths = [f"/traces/?{DAY}", f"/traces/breakdown?{DAY}&versus=failed"]
    for at, payload in enumerate(PAYLOADS):
        trace, given = OTHERS.format(at), quote(payload)
        paths += [f"/traces/{trace}/?find={given}", f"/traces/{trace}/map"]
        paths += [f"/traces/{trace}/spans/{at + 1:016x}"]
        paths += [f"/traces/?{DAY}&filter={given}", f"/traces/compare/?a={given}"]

    for path in paths:
        page = _page(viewer_client, path)
        raw = [one for one in PAYLOADS if "<" in one and one in page]
        assert not raw, path


def _hostile(at: int) -> dict[str, Any]:
    """A trace with a payload in every place that a page shows."""
    payload, document = PAYLOADS[at], quick_checkout(at)
    request = {"url": payload, "method": payload, "user_agent": payload}
    return {
        **document,
        "name": payload,
        "user": payload,
        "fault": True,
        "annotations": {"note": payload, payload: "x"},
        "http": {"request": request, "response": {"status": 500}},
        "cause": {"exceptions": [{"id": "1", "type": payload, "message": payload}]},
        "metadata": {payload: {payload: payload}},
    }


def test_completions_know_keywords_and_services(
    shop: None, viewer_client: Client
) -> None:
    def labels(text: str) -> list[str]:
        answer = viewer_client.get("/traces/complete", {"text": text}).json()
        return [one["label"] for one in answer["completions"]]

    assert "responsetime" in labels("ok res")
    assert labels('service("pay') == ["payments"]
    assert "annotation.tier" in labels("annotation.")


def test_the_page_of_its_log_lines_links_to_the_trace(
    shop: None, viewer_client: Client
) -> None:
    assert f'href="/traces/{FAILED}/"' in _page(viewer_client, f"/logs/trace/{FAILED}/")


def test_a_row_tells_what_its_spans_tell(shop: None) -> None:
    row = Trace.objects.get(pk=FAILED)

    assert (row.http_status, row.spans, row.has_fault) == (502, 4, True)
