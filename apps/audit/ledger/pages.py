"""The ledger, whole: filtered, exported, verified."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import orjson
from django.conf import settings
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from apps.audit.ledger import checking
from apps.audit.ledger.chain import GENESIS
from apps.audit.models import LedgerEntry, LedgerHead
from apps.audit.remediation.planpages import json_text
from apps.discovery.models import User
from apps.discovery.permissions import everywhere, person
from apps.discovery.roles import Role
from apps.search.timerange import rfc3339

_A_PAGE = 50
_AT_ONCE = 500
_KINDS = ("plan", "run", "step", "switch", "optin", "limit", "breaker")


def ledger(request: HttpRequest) -> HttpResponse:
    viewer = person(request)
    rows = visible(viewer)
    page = Paginator(filtered(rows, request), _A_PAGE).get_page(request.GET.get("page"))
    kept = {name: request.GET.get(name, "") for name in ("kind", "q")}
    context = {
        "here": "ledger",
        "page": page,
        "entries": [_shown(one) for one in page],
        "kinds": _KINDS,
        **kept,
        "kept": urlencode({name: value for name, value in kept.items() if value}),
        "check": checking.latest(),
        "head": LedgerHead.objects.first(),
        "anchors": settings.LEDGER_ANCHORS,
        "sees_all": viewer.visible_accounts() is None,
        "is_operator": viewer.rights.may_everywhere(Role.OPERATOR),
    }
    return render(request, "audit/repairs/ledger.html", context)


def visible(viewer: User) -> QuerySet[LedgerEntry]:
    """Rows of accounts that the person sees, and those about no account."""
    rows = LedgerEntry.objects.all()
    accounts = viewer.visible_accounts()
    if accounts is None:
        return rows
    return rows.filter(account__in=accounts).exclude(account="")


def filtered(
    rows: QuerySet[LedgerEntry], request: HttpRequest
) -> QuerySet[LedgerEntry]:
    """What the address asks for, newest first."""
    kind, q = request.GET.get("kind", ""), request.GET.get("q", "").strip()[:200]
    if kind in _KINDS:
        rows = rows.filter(kind__startswith=f"{kind}.")
    if q:
        rows = rows.filter(
            Q(data__icontains=q)
            | Q(actor__icontains=q)
            | Q(subject=q)
            | Q(kind__icontains=q)
        )
    return rows.order_by("-sequence")


def _shown(entry: LedgerEntry) -> dict[str, Any]:
    data = orjson.loads(entry.data)
    said = data.get("problem") or data.get("call") or data.get("reason")
    return {
        "row": entry,
        "says": str(said or data.get("resource") or ""),
        "text": json_text(data),
        "previous": "the beginning" if entry.previous == GENESIS else entry.previous,
    }


def export(request: HttpRequest) -> StreamingHttpResponse:
    """Every row that matches, oldest first, as it was hashed."""
    rows = filtered(visible(person(request)), request).order_by("stream", "sequence")
    answer = StreamingHttpResponse(_lines(rows), content_type="application/x-ndjson")
    answer["Content-Disposition"] = 'attachment; filename="ledger.ndjson"'
    return answer


def _lines(rows: QuerySet[LedgerEntry]) -> Iterator[bytes]:
    for entry in rows.iterator(chunk_size=_AT_ONCE):
        yield orjson.dumps(as_json(entry)) + b"\n"


def as_json(entry: LedgerEntry) -> dict[str, Any]:
    return {
        "stream": entry.stream,
        "sequence": entry.sequence,
        "at": entry.at.isoformat(timespec="microseconds"),
        "kind": entry.kind,
        "actor": entry.actor,
        "subject": entry.subject,
        "account": entry.account,
        "data": entry.data,
        "previous": entry.previous,
        "hash": entry.hash,
    }


@everywhere(Role.OPERATOR)
@require_POST
def verify_now(request: HttpRequest) -> HttpResponse:
    """Have a worker verify the ledger now."""
    checking.request(timezone.now())
    return redirect("ledger")


def check_as_json() -> dict[str, Any]:
    found = checking.latest()
    return {
        "checked_at": found.checked_at and rfc3339(found.checked_at),
        "rows": found.rows,
        "anchors": found.anchors,
        "breaks": found.breaks,
        "warnings": found.warnings,
        "problem": found.problem or None,
    }
