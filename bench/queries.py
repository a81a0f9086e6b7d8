"""Queries over a million events, as the engine and as the Explore page answers them.

`python -m bench.queries` fills a home first; with TRAILMAP_BENCH_HOME it keeps it.
"""

import os
import tempfile
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path

EVENTS = 1_000_000
TIMES = 60
RUNS = 3


def _prepared_home() -> Path:
    from bench.events import write_logs  # noqa: PLC0415
    from bench.measure import run  # noqa: PLC0415

    kept = os.environ.get("BENCH_HOME")
    home = Path(kept or tempfile.mkdtemp(prefix="trailmap-bench-"))
    if not (home / "search").exists():
        print(f"queries: making {EVENTS:,} events", flush=True)
        write_logs(home / "logs", EVENTS)
        run("-m", "bench.timed_import", "cloudtrail", str(home / "logs"), home=home)
    return home


def main() -> None:
    os.environ["TRAILMAP_HOME"] = str(_prepared_home())
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")
    import django  # noqa: PLC0415 - the home must be named first

    django.setup()
    from bench.measure import line, median, p95_ms  # noqa: PLC0415

    print(f"queries: p95 of {TIMES}, median of {RUNS} runs", flush=True)
    for name, bound_ms, work in _questions():
        found = median([p95_ms(work, TIMES) for _ in range(RUNS)])
        line(name, found, "ms", f"under {bound_ms:,} ms", is_met=found < bound_ms)


def _questions() -> list[tuple[str, float, Callable[[], object]]]:
    from django.conf import settings  # noqa: PLC0415
    from django.test import Client  # noqa: PLC0415
    from django.utils import timezone  # noqa: PLC0415

    from apps.audit.kinds import TRAIL  # noqa: PLC0415
    from apps.discovery.models import Grant, User  # noqa: PLC0415
    from apps.discovery.roles import Role  # noqa: PLC0415
    from apps.search import store  # noqa: PLC0415
    from apps.search.engines.base import SearchRequest  # noqa: PLC0415
    from apps.search.language import parse  # noqa: PLC0415
    from apps.search.timerange import parse_range  # noqa: PLC0415
    from dashboard import preparation  # noqa: PLC0415

    preparation.ensure_tables()
    settings.STORAGES["staticfiles"] = {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
    }
    now, reader = timezone.now(), store.reader()
    week = parse_range("2026-07-01", "2026-07-08", now)

    def asked(query: str) -> SearchRequest:
        return SearchRequest(TRAIL, now, parse(query), week)

    def found(query: str) -> Callable[[], object]:
        return lambda: (reader.find(asked(query), 100), reader.count(asked(query)))

    user, _ = User.objects.get_or_create(username="bench")
    Grant.objects.get_or_create(user=user, account=None, role=Role.VIEWER)
    client = Client(SERVER_NAME="localhost", HTTP_ACCEPT_ENCODING="gzip")
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")

    def page(query: str) -> Callable[[], object]:
        url = f"/explore/trail/?since=2026-07-01&until=2026-07-08{query}"
        if client.get(url).status_code != HTTPStatus.OK:
            raise RuntimeError(f"{url} is not served")
        return lambda: client.get(url)

    return [
        ("newest 100", 10, lambda: reader.find(asked(""), 100)),
        ("a term with its count", 30, found("eventName:AssumeRole")),
        (
            "histogram by errorCode over everything",
            60,
            lambda: reader.histogram(asked(""), 2 * 3_600_000, "errorCode"),
        ),
        (
            "two facets",
            80,
            lambda: reader.facets(asked(""), ["eventName", "errorCode"], 10),
        ),
        ("a nested path", 20, found("requestParameters.bucketName:shop-cart-prod")),
        ("an infix wildcard", 1_000, found("*ssume*")),
        ("an infix wildcard of a field", 1_000, found("userAgent:*otocor*")),
        ("Explore's page as served", 150, page("")),
        ("Explore's page of a term", 150, page("&q=errorCode:*")),
    ]


if __name__ == "__main__":
    main()
