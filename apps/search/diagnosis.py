"""What `doctor` reports: one finding a thing looked at, and how to mend it."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.conf import settings
from django.utils import timezone

from apps.search import store
from apps.search.engines.base import EngineUnavailable


@dataclass(frozen=True, slots=True)
class Finding:
    """`problem` is None where all is well; `what` then says what was found."""

    subject: str
    what: str
    problem: str | None = None
    cure: str = ""


_CURE_OF_CLUSTER = (
    "Look at OPENSEARCH_URL, and at the cluster: _cluster/health says what it lacks."
)


def _cure_of_home() -> str:
    return (
        f"Look at the permissions below {settings.SEARCH_HOME}; a day's folder that is "
        "damaged can be moved away and its logs imported again."
    )


def engine() -> Iterator[Finding]:
    """Whether the store of documents answers and takes more."""
    name = "opensearch" if settings.OPENSEARCH_URLS else "embedded"
    problem = store.engine().problem()
    cure = _CURE_OF_CLUSTER if settings.OPENSEARCH_URLS else _cure_of_home()
    yield Finding(f"engine.{name}", "answers and takes documents", problem, cure)


def index() -> Iterator[Finding]:
    """Whether every kind of document can be read, and how much there is."""
    for kind in store.kinds().values():
        subject = f"index.{kind.name}"
        try:
            days = store.reader().days(kind)
        except EngineUnavailable as error:
            yield Finding(
                subject,
                "",
                str(error),
                _CURE_OF_CLUSTER if settings.OPENSEARCH_URLS else _cure_of_home(),
            )
            continue
        documents = sum(day.documents for day in days)
        mib = sum(day.bytes for day in days) / (1 << 20)
        now = timezone.now().date().isoformat()
        ahead = [day.day for day in days if day.day > now]
        note = f", {len(ahead)} of them in the future" if ahead else ""
        yield Finding(
            subject,
            f"{documents:,} {kind.many} in {len(days):,} days{note}, {mib:,.1f} MiB",
        )
