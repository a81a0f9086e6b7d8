"""Files of configuration items, as importers read them: what AWS Config delivers to
its bucket, what its API answers, and notifications."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import Any

import orjson

from apps.discovery.accounts import note_batch
from apps.discovery.inventory.filekeys import account_in
from apps.discovery.inventory.intake import ItemIntake, ItemPortion, portion_of
from apps.discovery.inventory.parsing import Place, parse_items
from apps.discovery.inventory.sourcefiles import reopened
from apps.discovery.kinds import CONFIG
from apps.search.engines.base import DocumentEngine
from apps.search.gunzip import inflated
from apps.search.importers import Options
from apps.search.intake import Batch, Intake, OtherContent

_CHUNK_BYTES = 1 << 20
_MOST_BYTES = 512 << 20
_AT_ONCE = 500
_SUFFIXES = (".json", ".json.gz", ".gz", ".jsonl", ".ndjson")
_LISTS = ("configurationItems", "baseConfigurationItems", "BaseConfigurationItems")


def portions(chunks: Iterable[bytes], place: Place) -> Iterator[ItemPortion]:
    """The items of a file. Raises OtherContent, and what the chunks raise."""
    records = _records(_whole(inflated(chunks)))
    while some := list(islice(records, _AT_ONCE)):
        yield portion_of(parse_items(some, place))


def _whole(pieces: Iterable[bytes]) -> bytes:
    content = bytearray()
    for piece in pieces:
        content += piece
        if len(content) > _MOST_BYTES:
            raise OtherContent(f"more than {_MOST_BYTES >> 20} MiB")
    return bytes(content)


def _records(content: bytes) -> Iterator[object]:
    try:
        value = orjson.loads(content)
    except ValueError:
        yield from _lines(content)
        return
    found = list(_within(value))
    if not found:
        raise OtherContent("JSON without configuration items")
    yield from found


def _lines(content: bytes) -> Iterator[object]:
    lines = [line for line in content.splitlines() if line.strip()]
    try:
        values = [orjson.loads(line) for line in lines]
    except ValueError as error:
        raise OtherContent("no JSON") from error
    found = [record for value in values for record in _within(value)]
    if not found:
        raise OtherContent("JSON without configuration items")
    yield from found


def _within(value: object) -> Iterator[object]:
    """The records in a value; of a notification, its item as the record it holds."""
    if isinstance(value, list):
        for one in value:
            yield from _within(one)
    elif isinstance(value, Mapping):
        yield from _of_object(value)


def _of_object(value: Mapping[str, Any]) -> Iterator[object]:
    listed = next((value[name] for name in _LISTS if name in value), None)
    if isinstance(listed, list):
        yield from listed
    elif "resourceType" in value and "configurationItemCaptureTime" in value:
        yield value
    elif "configurationItem" in value:
        yield value["configurationItem"]
    elif "Message" in value:
        yield from _announced(value["Message"])


def _announced(message: object) -> Iterator[object]:
    try:
        told = orjson.loads(message) if isinstance(message, str) else message
    except ValueError:
        return
    if isinstance(told, Mapping) and "configurationItem" in told:
        yield told["configurationItem"]


class ConfigFiles:
    """The importer of history and snapshot files."""

    kind = CONFIG
    holds = "configuration items"
    choices: Mapping[str, str] = MappingProxyType(
        {
            "account": "the account of items that name none",
            "region": "the region of items that name none",
        }
    )

    def check(self, options: Options) -> None:
        """Raises ValueError."""
        account = options.get("account", "")
        if account and not (account.isdigit() and len(account) == 12):  # noqa: PLR2004
            raise ValueError(f"an account is 12 digits, and {account} is not")

    def is_wanted(self, name: str) -> bool:
        return name.endswith(_SUFFIXES)

    def order(self, name: str) -> str:
        return name

    def account_of(self, origin: str, options: Options) -> str:
        return options.get("account", "") or account_in(origin)

    def read(
        self, origin: str, chunks: Iterable[bytes], options: Options
    ) -> Iterator[ItemPortion]:
        place = Place(self.account_of(origin, options), options.get("region", ""))
        return portions(chunks, place)

    def intake(
        self,
        engine: DocumentEngine,
        checkpoint: Callable[[Batch], None],
        before_commit: Callable[[Batch], None],
    ) -> Intake:
        return ItemIntake(engine, checkpoint, before_commit)

    def note(self, batch: Batch) -> None:
        note_batch(batch)

    def reopen(self, origin: str, source: int | None) -> Iterator[bytes]:
        if source is not None:
            yield from reopened(origin, source)
            return
        with Path(origin).open("rb") as stream:
            while chunk := stream.read(_CHUNK_BYTES):
                yield chunk


CONFIG_FILES = ConfigFiles()
