"""One document by its id: ours, or the one its record carries."""

from django.utils import timezone

from apps.search.engines.base import DocumentReader, Hit, Scope, SearchRequest
from apps.search.kinds import Kind
from apps.search.syntax import Equals

_ENOUGH_TO_BE_AMBIGUOUS = 2


def find_document(
    reader: DocumentReader, kind: Kind, document_id: str, scope: Scope
) -> Hit | None:
    """The document; None where there is none, or several carry the record's id."""
    hit = reader.get(kind, document_id, scope)
    if hit is not None:
        return hit
    named = SearchRequest(
        kind, timezone.now(), query=Equals(kind.id_field, document_id), scope=scope
    )
    hits = reader.find(named, _ENOUGH_TO_BE_AMBIGUOUS).hits
    return hits[0] if len(hits) == 1 else None
