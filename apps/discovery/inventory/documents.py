"""Configuration items as documents."""

from __future__ import annotations

import hashlib

import orjson

from apps.discovery.inventory.items import ConfigItem
from apps.discovery.inventory.writing import record_of
from apps.search.documents import Document
from apps.search.timerange import milliseconds


def document_of(item: ConfigItem) -> Document:
    """Its id is of the resource and of the moment: an item is stored once."""
    record = record_of(item)
    told = "\0".join((*item.key, item.captured_at.isoformat(), str(item.state_id)))
    return Document(
        id=hashlib.blake2b(told.encode(), digest_size=16).hexdigest(),
        time_ms=milliseconds(item.captured_at),
        account=item.key.account,
        region=item.key.region,
        record=record,
        raw=orjson.dumps(record),
        derived={"@source": item.source.value},
    )
