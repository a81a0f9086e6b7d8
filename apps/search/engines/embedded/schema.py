"""The Tantivy schema of a day, and documents in its shape.

One JSON field holds the whole record: searchable and facetable under any path
without declaring it. Range keys and words have fields of their own. What is given
back is `raw`, untouched by all of this.
"""

from base64 import b64encode

import orjson
import tantivy

from apps.search.documents import Document, Leaves, with_marked_times
from apps.search.engines.base import LONGEST_WORD
from apps.search.engines.orders import order_of
from apps.search.kinds import Kind

ID = "id"
ORDER = "order"
TIME = "time"
RECEIVED = "received"
ACCOUNT = "account"
REGION = "region"
RECORD = "record"
WORDS = "words"
KEYS = "keys"
RAW = "raw"
DERIVED = "derived"

# Goes up when the schema changes: a new version lives in a folder of its own.
VERSION = 1

_TOKENIZER = "trailmap_words"


def schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_text_field(ID, stored=True, tokenizer_name="raw", index_option="basic")
    builder.add_unsigned_field(ORDER, fast=True)
    builder.add_integer_field(TIME, stored=True, fast=True)
    builder.add_integer_field(RECEIVED, stored=True, fast=True)
    for name in (ACCOUNT, REGION):
        builder.add_text_field(
            name, stored=True, tokenizer_name="raw", index_option="basic"
        )
    builder.add_json_field(
        RECORD,
        fast=True,
        tokenizer_name="raw",
        index_option="basic",
        expand_dots_enabled=True,
    )
    builder.add_text_field(WORDS, tokenizer_name=_TOKENIZER)
    builder.add_text_field(KEYS, tokenizer_name="raw", index_option="basic")
    builder.add_bytes_field(RAW, stored=True)
    builder.add_bytes_field(DERIVED, stored=True)
    return builder.build()


def word_analyzer() -> tantivy.TextAnalyzer:
    """Splits text into lower-case words of letters and digits."""
    return (
        tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
        .filter(tantivy.Filter.remove_long(LONGEST_WORD))
        .filter(tantivy.Filter.lowercase())
        .build()
    )


def open_index(path: str) -> tantivy.Index:
    """The index in a folder, made where there is none. Raises OSError, ValueError."""
    index = tantivy.Index(schema(), path=path)
    index.register_tokenizer(_TOKENIZER, word_analyzer())
    return index


def stored_form(document: Document, kind: Kind, found: Leaves, received_ms: int) -> str:
    """The document as Tantivy reads it: one JSON object, binary fields in base64."""
    derived = orjson.dumps(document.derived)
    fields = _fields(_record(document, kind), derived, found.times)
    form = {
        ID: document.id,
        ORDER: order_of(document.time_ms, document.id),
        TIME: document.time_ms,
        RECEIVED: received_ms,
        ACCOUNT: document.account,
        REGION: document.region,
        RECORD: orjson.Fragment(fields),
        WORDS: list(found.words),
        KEYS: found.keys,
        RAW: b64encode(document.raw).decode(),
        DERIVED: b64encode(derived).decode(),
    }
    return orjson.dumps(form).decode()


def _fields(record: bytes, derived: bytes, times: list[str]) -> bytes:
    """Record and derived fields as one JSON object; both come without white space."""
    if derived != b"{}":
        comma = b"," if record != b"{}" else b""
        record = record[:-1] + comma + derived[1:]
    return with_marked_times(record, times) if times else record


def _record(document: Document, kind: Kind) -> bytes:
    """What of the record becomes fields, as JSON without white space."""
    if not kind.kept_apart:
        return document.searchable or document.raw
    record = document.record
    return orjson.dumps(
        {path: record[path] for path in record if path not in kind.kept_apart}
    )
