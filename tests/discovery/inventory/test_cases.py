"""Every example of the documentation and every recorded answer that holds items."""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from apps.discovery.inventory.notices import Other, read_notice
from apps.discovery.inventory.parsing import Place, opened_json, parse_item
from tests.conftest import cases_folder

pytestmark = pytest.mark.cases
PLACE = Place("123456789012", "us-west-2")
_HISTORY = "GetResourceConfigHistory"


def _within(value: Any) -> Iterator[dict[str, Any]]:
    """Every object inside a value, that in strings too."""
    value = opened_json(value)
    if isinstance(value, dict):
        yield value
        for member in value.values():
            yield from _within(member)
    elif isinstance(value, list):
        for member in value:
            yield from _within(member)


def _examples(file: Path) -> Iterator[Any]:
    told = json.loads(file.read_text())
    if not isinstance(told, dict):
        return
    for block in told.get("json_blocks", ()):
        yield block["value"]
    for block in told.get("other_blocks", ()):
        start = block["text"].find("{")
        if start >= 0:
            try:
                yield json.JSONDecoder().raw_decode(block["text"][start:])[0]
            except ValueError:
                continue


def _moments(value: Any) -> Any:
    """Recordings tell times in parts."""
    if isinstance(value, dict) and value.get("__class__") == "datetime":
        parts = {k: v for k, v in value.items() if k != "__class__"}
        return datetime(**parts)  # noqa: DTZ001 - recorded without a zone
    if isinstance(value, dict):
        return {name: _moments(member) for name, member in value.items()}
    return [_moments(one) for one in value] if isinstance(value, list) else value


def _documented() -> Iterator[tuple[str, dict[str, Any]]]:
    for file in sorted((cases_folder() / "config").rglob("*.json")):
        for number, value in enumerate(_examples(file)):
            for found in _within(value):
                yield f"{file.stem}-{number}", found


def _recorded() -> Iterator[tuple[str, dict[str, Any]]]:
    folder = cases_folder() / "aws-responses" / "config"
    for file in sorted(folder.glob("*.jsonl")):
        for line in file.read_text().splitlines():
            answer = json.loads(line)
            for found in _within(_moments(answer["data"])):
                yield f"{file.stem}-{answer['src']}", found


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "item" in metafunc.fixturenames:
        named = [
            (name, one)
            for name, one in (*_documented(), *_recorded())
            if "configurationItemCaptureTime" in one and "resourceType" in one
        ]
        metafunc.parametrize(
            "item", [one for _, one in named], ids=[n for n, _ in named]
        )
    if "message" in metafunc.fixturenames:
        named = [(name, one) for name, one in _documented() if "messageType" in one]
        metafunc.parametrize(
            "message", [one for _, one in named], ids=[n for n, _ in named]
        )


def test_an_item_is_read(item: dict[str, Any]) -> None:
    found = parse_item(item, PLACE)

    assert found.key.type == item["resourceType"]
    assert found.key.id == item["resourceId"]
    assert found.status == item.get("configurationItemStatus", "OK")
    told = opened_json(item.get("configuration")) or {}
    assert set(found.configuration) == set(told)
    assert len(found.relationships) == len(item.get("relationships") or ())


def test_a_notification_is_read_bare_and_wrapped(message: dict[str, Any]) -> None:
    bare = read_notice(json.dumps(message), PLACE)
    wrapped = read_notice(json.dumps({"Message": json.dumps(message)}), PLACE)

    assert bare == wrapped
    assert (type(bare) is Other) == (message["messageType"] not in _MEANT)


_MEANT = {
    "ConfigurationItemChangeNotification",
    "OversizedConfigurationItemChangeNotification",
    "OversizedConfigurationItemChangeDeliveryFailed",
    "ComplianceChangeNotification",
    "ConfigurationHistoryDeliveryCompleted",
    "ConfigurationSnapshotDeliveryCompleted",
}
