"""The report: how everything complies at a moment, as a page, CSV and JSON."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone

from apps.audit.compliance import figures, listing
from apps.audit.compliance.listing import Choice, chosen
from apps.audit.compliance.violationtexts import told
from apps.audit.models import ComplianceRule, Violation
from apps.discovery.permissions import person
from apps.search.exporting import safe_text
from apps.search.rendering import JsonRenderer

_MOST_ON_PAGE = 500
_COLUMNS = (
    "id", "state", "severity", "rule", "title", "identifier", "account", "region",
    "resource_type", "resource_id", "resource_name", "arn", "owner", "reason", "path",
    "opened_at", "changed_at", "resolved_at", "resolution", "exempt_until",
)  # fmt: skip


def report(request: HttpRequest) -> HttpResponse:
    """Made to be printed: figures, every rule with what it says, open violations."""
    viewer, now = person(request), timezone.now()
    choice = Choice.read(dict(request.GET.lists()))
    every = listing.narrowed(choice, viewer)
    still = listing.in_state(every, listing.OPEN, now)
    counted = dict(still.order_by().values_list("rule").annotate(Count("pk")))
    rules = ComplianceRule.objects.visible_to(viewer).filter(is_enabled=True)
    context = {
        "now": now,
        "open": still.count(),
        "exempt": listing.in_state(every, listing.EXEMPT, now).count(),
        "severities": figures.by_severity(still),
        "accounts": figures.by_account(still),
        "services": figures.by_service(still),
        "packs": figures.by_pack(still),
        "rules": sorted(
            ((one, counted.get(one.pk, 0)) for one in rules),
            key=lambda one: (-one[1], one[0].title),
        ),
        "rows": still.select_related("rule", "resource")[:_MOST_ON_PAGE],
        "most": _MOST_ON_PAGE,
        "query": request.GET.urlencode(),
    }
    return render(request, "audit/compliance/report.html", context)


def export(request: HttpRequest, form: str) -> HttpResponse | StreamingHttpResponse:
    """Violations as the URL chooses them: `csv`, or `json` with the same members."""
    now = timezone.now()
    choice = Choice.read(dict(request.GET.lists()))
    rows = chosen(choice, person(request), now)
    rows = rows.select_related("rule", "resource", "exemption")
    name = f"violations-{now:%Y%m%dT%H%M%SZ}.{form}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    if form == "csv":
        return StreamingHttpResponse(
            _lines(rows, now), content_type="text/csv; charset=utf-8", headers=headers
        )
    items = [told(row, now) for row in rows.iterator(chunk_size=500)]
    return HttpResponse(
        JsonRenderer().render({"items": items}),
        content_type="application/json",
        headers=headers,
    )


def _lines(rows: QuerySet[Violation], now: datetime) -> Iterator[bytes]:
    yield _line(_COLUMNS)
    for row in rows.iterator(chunk_size=500):
        said = told(row, now)
        yield _line([_cell(said[name]) for name in _COLUMNS])


def _cell(value: Any) -> Any:
    if value is None or isinstance(value, int | float):
        return value
    return safe_text(str(value))


def _line(cells: Any) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow(cells)
    return text.getvalue().encode("utf-8", "backslashreplace")
