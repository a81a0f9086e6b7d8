"""A record as lines to look at, and values found under a path."""

import json

import pytest

from apps.search.jsontree import exact, lines, pretty, value_at, visible


def test_every_leaf_is_a_line_with_the_path_that_finds_it() -> None:
    found = list(lines({"a": {"b": [True, None, {"c": 1.5}]}}))

    assert [(line.depth, line.key, line.path, line.kind) for line in found] == [
        (0, "a", "a", "object"),
        (1, "b", "a.b", "list"),
        (2, "0", "a.b", "boolean"),
        (2, "1", "a.b", "null"),
        (2, "2", "a.b", "object"),
        (3, "c", "a.b.c", "number"),
    ]


def test_numbers_keep_their_digits() -> None:
    (line,) = lines(exact(b'{"n": 123456789012345678901234567890}'))

    assert line.text == "123456789012345678901234567890"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain ünïcode 日本", "plain ünïcode 日本"),
        ("a\u202eb", "a\\u202eb"),
        ("a\u200bb", "a\\u200bb"),
        ("a\x1b[31mb", "a\\u001b[31mb"),
        ("a\nb", "a\\u000ab"),
    ],
)
def test_what_hides_or_reorders_is_written_out(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_pretty_json_has_the_same_content() -> None:
    raw = b'{"b":[1,{"a":"\\u00e9"}],"a":null}'

    assert json.loads(pretty(raw)) == json.loads(raw)


@pytest.mark.parametrize(
    ("path", "values"),
    [
        ("a", [1]),
        ("b.c", [2, 3]),
        ("b.d.e", [4]),
        ("f.g", [5]),
        ("h", []),
        ("b", []),
        ("lost.path", []),
    ],
)
def test_a_path_looks_through_lists_and_dotted_keys(
    path: str, values: list[int]
) -> None:
    record = {
        "a": 1,
        "b": [{"c": 2}, {"c": 3, "d.e": 4}],
        "f.g": 5,
        "h": None,
    }
    found = [value for value in value_at(record, path) if not isinstance(value, dict)]

    assert found == values
