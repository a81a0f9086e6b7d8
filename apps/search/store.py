"""The one document engine of this process, and the kinds it knows."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache

from django.conf import settings
from django.utils.module_loading import import_string

from apps.search.engines.base import DocumentEngine, DocumentReader
from apps.search.engines.embedded.engine import EmbeddedEngine
from apps.search.engines.opensearch.cluster import Address
from apps.search.engines.opensearch.engine import OpenSearchEngine
from apps.search.homelock import HomeLock
from apps.search.kinds import Kind, UnknownKind


@cache
def kinds() -> Mapping[str, Kind]:
    """Every declared kind by name, in the order of the settings."""
    declared = [import_string(path) for path in settings.SEARCH_KINDS]
    return {kind.name: kind for kind in declared}


def kind_named(name: str) -> Kind:
    """Raises UnknownKind."""
    try:
        return kinds()[name]
    except KeyError:
        raise UnknownKind(name, tuple(kinds())) from None


@cache
def engine() -> DocumentEngine:
    return ENGINES["opensearch" if settings.OPENSEARCH_URLS else "embedded"]()


def _embedded() -> EmbeddedEngine:
    return EmbeddedEngine(settings.SEARCH_HOME, list(kinds().values()))


def _on_opensearch() -> OpenSearchEngine:
    sign = None
    if settings.OPENSEARCH_AWS_SERVICE:
        signer = import_string(settings.OPENSEARCH_SIGNER)
        sign = signer(settings.OPENSEARCH_AWS_SERVICE)
    address = Address(settings.OPENSEARCH_URLS, settings.OPENSEARCH_CA_FILE, sign)
    return OpenSearchEngine(
        address,
        list(kinds().values()),
        settings.OPENSEARCH_PREFIX,
        settings.OPENSEARCH_SHARDS,
    )


# Every engine there is, by the name that people call it.
ENGINES: Mapping[str, Callable[[], DocumentEngine]] = {
    "embedded": _embedded,
    "opensearch": _on_opensearch,
}


@contextmanager
def writing(purpose: str) -> Iterator[None]:
    """Hold what has to be held to write documents: the home, if its index is where
    they are kept. Raises HomeInUse."""
    if settings.OPENSEARCH_URLS:
        yield
        return
    with HomeLock(settings.HOME).held(purpose):
        yield


def reader() -> DocumentReader:
    return engine().reader
