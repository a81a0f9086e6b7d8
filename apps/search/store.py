"""The one document engine of this process, and the kinds it knows."""

from collections.abc import Mapping
from functools import cache

from django.conf import settings
from django.utils.module_loading import import_string

from apps.search.engines.base import DocumentEngine, DocumentReader
from apps.search.engines.embedded.engine import EmbeddedEngine
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
    return EmbeddedEngine(settings.SEARCH_HOME, list(kinds().values()))


def reader() -> DocumentReader:
    return engine().reader
