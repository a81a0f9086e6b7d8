"""Open violations as badges of the service map's nodes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

from django.db.models import Q
from django.urls import reverse

from apps.audit.models import Violation
from apps.discovery.accounts import Viewer
from apps.discovery.maphooks import Badge, NodeKey
from apps.search.timerange import TimeRange

_MOST = 1_000
_MOST_NAMES = 300
_TOLD = 3


def badges(
    keys: Sequence[NodeKey], span: TimeRange, viewer: Viewer
) -> Mapping[NodeKey, Sequence[Badge]]:
    """Violations open at some time of the span, of resources that have the name of a
    node, or are a stage or service of it."""
    by_name: dict[str, list[NodeKey]] = {}
    for key in keys:
        by_name.setdefault(_own(key[2]), []).append(key)
    found: dict[NodeKey, list[Violation]] = {}
    for row in _open(list(by_name)[:_MOST_NAMES], span, viewer):
        names = {_own(row.resource.name), _own(row.resource.resource_id)}
        for key in {key for name in names for key in by_name.get(name, ())}:
            if key[0] in ("", row.account):
                found.setdefault(key, []).append(row)
    return {key: [_badge(key, rows)] for key, rows in found.items()}


def _own(name: str) -> str:
    return name.rsplit("/", 1)[-1] if name.startswith("arn:") else name.split("/", 1)[0]


def _open(names: list[str], span: TimeRange, viewer: Viewer) -> list[Violation]:
    seen = Violation.objects.visible_to(viewer)
    rows = seen.open(span.until) | seen.filter(resolved_at__gt=span.since)
    named = Q(resource__name__in=names) | Q(resource__resource_id__in=names)
    return list(
        rows.filter(named, opened_at__lt=span.until).select_related("rule", "resource")[
            :_MOST
        ]
    )


def _badge(key: NodeKey, rows: Sequence[Violation]) -> Badge:
    titles = list(dict.fromkeys(row.rule.title for row in rows))
    more = f" and {len(titles) - _TOLD} more" if len(titles) > _TOLD else ""
    plural = "s" if len(rows) > 1 else ""
    text = f"{len(rows)} violation{plural}: {', '.join(titles[:_TOLD])}{more}"
    query = urlencode({"q": _own(key[2]), "state": "all"})
    return Badge("violation", len(rows), text, f"{reverse('violations')}?{query}")
