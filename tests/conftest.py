"""What tests of every room share: stores of their own, people, the real cases."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import hypothesis
import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.test import Client, TransactionTestCase

from apps.audit.kinds import TRAIL
from apps.audit.ledger import triggers
from apps.discovery.aws import forget_sessions
from apps.discovery.roles import Role
from apps.search import store
from apps.search.documents import Document
from apps.search.engines.base import DocumentEngine
from tests.factories import a_user
from tests.fakes import FakeAws, serve
from tests.servers.all import OPENSEARCH

Fill = Callable[..., None]

# Lets PostgreSQL empty tables that others refer to, between tests that commit.
TransactionTestCase.available_apps = list(django_settings.INSTALLED_APPS)

# moto makes 1,300 images of machines for every account and region, which nobody asks
# for; told before any sandbox is made, in this process or another.
os.environ["MOTO_EC2_LOAD_DEFAULT_AMIS"] = "false"

_STORES = {"db", "transactional_db", "engine"}

# A busy machine is no reason to fail; where CI decides, the same examples each time.
hypothesis.settings.register_profile(
    "trailmap", deadline=None, derandomize=os.environ.get("CI") == "true"
)
hypothesis.settings.load_profile("trailmap")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--stored",
        action="store_true",
        help="only tests that keep rows or documents: what other stores may change",
    )


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    if not config.getoption("stored"):
        return
    pure = [item for item in items if not _keeps_something(item)]
    config.hook.pytest_deselected(items=pure)
    items[:] = [item for item in items if _keeps_something(item)]


def _keeps_something(item: pytest.Item) -> bool:
    fixtures = set(getattr(item, "fixturenames", ()))
    return bool(item.get_closest_marker("django_db") or fixtures & _STORES)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """Tables are emptied between tests that commit; the ledger's would refuse it."""
    with django_db_blocker.unblock():
        triggers.remove(connection)


@pytest.fixture(autouse=True)
def home(settings: Any, tmp_path: Path) -> Iterator[Path]:
    """Every test has a home, and thereby an index, of its own."""
    settings.HOME = tmp_path
    settings.SEARCH_HOME = tmp_path / "search"
    settings.OPENSEARCH_PREFIX = f"test-{uuid4().hex[:12]}"
    store.engine.cache_clear()
    yield tmp_path
    if settings.OPENSEARCH_URLS and store.engine.cache_info().currsize:
        OPENSEARCH.remove(settings.OPENSEARCH_PREFIX)
    store.engine.cache_clear()


@pytest.fixture
def engine(home: Path) -> Iterator[DocumentEngine]:
    """The engine of the site, closed in the end."""
    made = store.engine()
    yield made
    made.close()


@pytest.fixture
def fill(engine: DocumentEngine) -> Fill:
    """Stores events durably."""

    def add(*documents: Document) -> None:
        engine.writer(TRAIL).add(documents)
        engine.writer(TRAIL).commit()

    return add


@pytest.fixture
def admin_client(db: None) -> Client:
    return signed_in("admin", Role.ADMIN)


@pytest.fixture
def viewer_client(db: None) -> Client:
    return signed_in("vera", Role.VIEWER)


def signed_in(name: str, role: Role | None, account: str | None = None) -> Client:
    client = Client()
    client.force_login(
        a_user(name, role, account),
        backend="django.contrib.auth.backends.ModelBackend",
    )
    return client


def cases_folder() -> Path:
    return Path(os.environ.get("TRAILMAP_CASES", "../shared/cases")).resolve()


@pytest.fixture(scope="session")
def cases() -> Path:
    """The folder of real data."""
    folder = cases_folder()
    if not folder.is_dir():
        pytest.skip(f"no real data at {folder}")
    return folder


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeAws]:
    """A small AWS that boto3 talks to instead of the real one."""
    fake = FakeAws()
    server = serve(fake)
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.server_port}",
        "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_MAX_ATTEMPTS": "1",
    }.items():
        monkeypatch.setenv(name, value)
    forget_sessions()
    yield fake
    forget_sessions()
    server.shutdown()
    server.server_close()
