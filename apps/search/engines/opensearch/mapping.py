"""Where things are in an OpenSearch index of documents.

Any path of a record is searchable without declaring it: no field is ever added to
the mapping by what a record holds. Each value becomes one term, `path NUL letter
value`, of the field `leaves`; paths that a kind declares have a field of their own,
which makes their facets cheap. The letter says what JSON had: s, n or b.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from hashlib import blake2b
from typing import Any

from apps.search.kinds import FieldType, Kind

ORDER = "order"
TIME = "time"
RECEIVED = "received"
ACCOUNT = "account"
REGION = "region"
LEAVES = "leaves"
PATHS = "paths"
WORDS = "words"
LOOKUPS = "lookups"
KEYS = "keys"
RAW = "raw"
DERIVED = "derived"
ENTRY = "entry"
DAY = "day"
# What a hit is made of.
SHOWN = (TIME, RECEIVED, ACCOUNT, REGION, RAW, DERIVED)

STRING, NUMBER, BOOLEAN = "s", "n", "b"

# Goes up when the mapping changes: a new version lives in indexes of its own.
VERSION = 1

# Lucene takes 32,766 bytes a term; a character takes up to four of them.
_LONGEST_TERM = 8_000
_KEPT_OF_LONG = 7_900
_HALF = 2**63
LONGEST_PATTERN = 8_000


@dataclass(frozen=True, slots=True)
class Place:
    """Where the values of a path are: a field, and what their terms begin with."""

    field: str
    prefix: str

    def term(self, letter: str, text: str) -> str:
        return bounded(f"{self.prefix}{letter}{text}")


@dataclass(frozen=True)
class Names:
    """The names of a kind's indexes on a cluster that others may use too."""

    prefix: str
    kind: Kind

    def of_day(self, day: str) -> str:
        """Raises ValueError for what is no day."""
        return f"{self._beginning}{date.fromisoformat(day).isoformat()}"

    def day_of(self, index: str) -> str:
        return index.removeprefix(self._beginning)

    @property
    def every_day(self) -> str:
        return f"{self._beginning}*"

    @property
    def paths(self) -> str:
        """The index that remembers which paths documents of each day have had."""
        return f"{self.prefix}-paths-{self.kind.name}-v{VERSION}"

    @cached_property
    def _beginning(self) -> str:
        return f"{self.prefix}-{self.kind.name}-v{VERSION}-"


def order_kept(order: int) -> int:
    """An order as a number with a sign: OpenSearch has no other that sorts fast."""
    return order - _HALF


def order_of_kept(kept: int) -> int:
    """The inverse of `order_kept`."""
    return kept + _HALF


def plain_path(path: str) -> str:
    """A path without NUL, which ends it in a term; no longer than a term may be."""
    return bounded(path.replace("\0", "\ufffd"))


def place_of(kind: Kind, path: str) -> Place:
    if path in kind.by_path:
        return Place(f"f_{path.replace('.', '_')}", "")
    return Place(LEAVES, f"{plain_path(path)}\0")


def text_field_of(path: str) -> str:
    """The field with the words of a declared text."""
    return f"t_{path.replace('.', '_')}"


def bounded(term: str) -> str:
    """The term, or the beginning of a long one with a hash of the whole: exact
    values are found whatever their length, wildcards within what is kept."""
    if len(term) <= _LONGEST_TERM:
        return term
    digest = blake2b(term.encode("utf-8", "surrogatepass"), digest_size=16)
    return f"{term[:_KEPT_OF_LONG]}\0{digest.hexdigest()}"


def number_text(value: float) -> str:
    """A number as people write it: 5 rather than 5.0."""
    if type(value) is float and value.is_integer():
        return str(int(value))
    return str(value)


def template(names: Names, shards: int) -> Mapping[str, Any]:
    """The index template of a kind's days."""
    keyword: dict[str, Any] = {"type": "keyword"}
    found_only = {"type": "keyword", "doc_values": False}
    words = {"type": "text", "analyzer": "whitespace", "norms": False}
    declared: dict[str, Any] = {}
    for field in names.kind.fields:
        declared[place_of(names.kind, field.path).field] = keyword
        if field.type is FieldType.TEXT:
            declared[text_field_of(field.path)] = words
    properties = {
        ORDER: {"type": "long"},
        TIME: {"type": "date", "format": "epoch_millis"},
        RECEIVED: {"type": "long"},
        ACCOUNT: keyword,
        REGION: keyword,
        LEAVES: keyword,
        PATHS: found_only,
        WORDS: words,
        LOOKUPS: found_only,
        KEYS: found_only,
        **declared,
    }
    return {
        "index_patterns": [names.every_day],
        "priority": 500,
        "template": {
            "settings": {
                "index.number_of_shards": shards,
                "index.auto_expand_replicas": "0-1",
                # Documents become visible when their writer commits.
                "index.refresh_interval": "-1",
                "index.max_regex_length": LONGEST_PATTERN,
            },
            # Not mapped is not indexed: the record itself is only kept.
            "mappings": {"dynamic": False, "properties": properties},
        },
    }


def paths_template(names: Names) -> Mapping[str, Any]:
    """The index template of the paths that were met, one document a day and path."""
    return {
        "index_patterns": [names.paths],
        "priority": 500,
        "template": {
            "settings": {
                "index.number_of_shards": 1,
                "index.auto_expand_replicas": "0-1",
                "index.refresh_interval": "-1",
            },
            "mappings": {
                "dynamic": False,
                "properties": {ENTRY: {"type": "keyword"}, DAY: {"type": "keyword"}},
            },
        },
    }
