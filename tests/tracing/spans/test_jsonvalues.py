"""Files of JSON are read value by value, whatever their shape and damage."""

import json
import re
from collections.abc import Iterator

import pytest

from apps.search.gunzip import InflateError
from apps.search.intake import Broken, OtherContent
from apps.tracing.spans.jsonvalues import JsonValues, Value

OPENING = re.compile(r'\{\s*"Traces"\s*:\s*\[')
MARKS = frozenset(("id",))
ONE, TWO, THREE = {"id": 1, "x": "é"}, {"id": 2, "y": [{"z": 1}]}, {"id": 3}


def read(text: str | bytes, size: int = 1 << 20) -> list[Value | Broken]:
    data = text.encode() if isinstance(text, str) else text
    pieces = (data[at : at + size] for at in range(0, len(data), size))
    return list(JsonValues(pieces, OPENING, MARKS))


def values(found: list[Value | Broken]) -> list[object]:
    return [one.value for one in found if isinstance(one, Value)]


def broken(found: list[Value | Broken]) -> list[Broken]:
    return [one for one in found if isinstance(one, Broken)]


@pytest.mark.parametrize("size", [1, 7, 1 << 20])
@pytest.mark.parametrize(
    "text",
    [
        json.dumps([ONE, TWO, THREE]),
        json.dumps([ONE, TWO, THREE], indent=2),
        "\ufeff" + json.dumps([ONE, TWO, THREE]),
        "\n".join(json.dumps(one) for one in (ONE, TWO, THREE)),
        json.dumps({"Traces": [ONE, TWO, THREE]}),
        json.dumps({"Traces": [ONE, TWO, THREE], "Left": [], "Next": None, "N": "a"}),
        json.dumps({"Traces": [ONE, TWO]}) + "\n" + json.dumps({"Traces": [THREE]}),
        json.dumps([ONE]) + "\n" + json.dumps([TWO, THREE]) + "\n",
        json.dumps(ONE) + json.dumps(TWO) + " " + json.dumps(THREE),
    ],
)
def test_values_are_read_one_after_another(text: str, size: int) -> None:
    assert read(text, size) == [
        one for one in read(text, size) if isinstance(one, Value)
    ]
    assert values(read(text, size)) == [ONE, TWO, THREE]


def test_a_list_in_a_list_is_a_value() -> None:
    assert values(read(json.dumps([[ONE, TWO], [THREE]]))) == [[ONE, TWO], [THREE]]


def test_each_value_has_its_place_in_bytes() -> None:
    text = json.dumps([ONE, TWO, THREE], ensure_ascii=False)

    places = [one.offset for one in read(text, 5) if isinstance(one, Value)]

    assert places == [text.encode().index(b'{"id": %d' % n) for n in (1, 2, 3)]


@pytest.mark.parametrize("size", [3, 1 << 20])
@pytest.mark.parametrize(
    "text",
    [
        '[{"id": 1}, {"id": 2, "broken": tru, "in": {"a": 1}}, {"id": 3}]',
        '{"id": 1}\n{"id": 2, "broken"\n{"id": 3}\n',
        '{"Traces": [{"id": 1}, {"id" 2}, {"id": 3}]}',
    ],
)
def test_what_is_broken_is_told_once_and_the_rest_goes_on(text: str, size: int) -> None:
    found = read(text, size)

    assert values(found) == [{"id": 1}, {"id": 3}]
    (problem,) = broken(found)
    assert problem.offset == text.index('{"id": 2' if '"id": 2' in text else '{"id" 2')
    assert problem.reason.startswith("it is not JSON")
    assert b"2" in problem.excerpt


def test_a_file_that_is_cut_off_tells_what_came_before() -> None:
    found = read('[{"id": 1}, {"id": 2, "text": "to be conti')

    assert values(found) == [{"id": 1}]
    assert len(broken(found)) == 1


def test_damage_of_the_stream_is_told_last() -> None:
    def pieces() -> Iterator[bytes]:
        yield b'{"id": 1}\n'
        raise InflateError("the gzip stream is damaged")

    found = list(JsonValues(pieces(), OPENING, MARKS))

    assert values(found) == [{"id": 1}]
    assert [one.reason for one in broken(found)] == ["the gzip stream is damaged"]


def test_nesting_without_end_is_a_problem_of_one_value() -> None:
    found = read("[" + '{"a":' * 5_000 + "1" + "}" * 5_000 + ', {"id": 3}]')

    assert values(found)[-1:] == [{"id": 3}]
    assert "nested" in broken(found)[0].reason


@pytest.mark.parametrize(("text", "why"), [("", "empty"), ("hello", "not JSON")])
def test_a_file_of_another_kind_says_so(text: str, why: str) -> None:
    with pytest.raises(OtherContent, match=why):
        read(text)
