"""What comes in as text: our JSON or a body of CloudWatch, whichever it is. Pure."""

from __future__ import annotations

from apps.monitoring.dashboards.cloudwatch_bodies import (
    BodyError,
    Imported,
    decoded,
    imported,
)
from apps.monitoring.dashboards.layouts import DashboardSpec, LayoutError


def read_text(text: str, title: str, account: str) -> Imported:
    """A dashboard from a text. `title` and `account` are for bodies of CloudWatch,
    which say neither. Raises BodyError."""
    body = decoded(text)
    if "widgets" in body:
        return imported(body, title.strip()[:200] or "Imported dashboard", account)
    try:
        spec = DashboardSpec.parse({**body, **({"title": title} if title else {})})
    except LayoutError as error:
        raise BodyError(f"{error}.") from error
    return Imported(spec)
