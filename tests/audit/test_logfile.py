"""Log files: every shape is read, every damage costs only what is damaged."""

import gzip
import json
import time
import tracemalloc
import zlib
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.audit.logfile import read_log
from apps.audit.logrecords import MAX_RECORD_BYTES, Record
from apps.search.intake import Broken, OtherContent
from tests.factories import a_log, a_record, gzipped


def read(content: bytes, piece: int = 1 << 20) -> tuple[list[Record], list[Broken]]:
    pieces = (content[at : at + piece] for at in range(0, len(content), piece))
    return read_pieces(pieces)


def read_pieces(pieces: Iterable[bytes]) -> tuple[list[Record], list[Broken]]:
    found = [one for some in read_log(pieces) for one in some]
    records = [one for one in found if isinstance(one, Record)]
    return records, [one for one in found if isinstance(one, Broken)]


def values(content: bytes) -> list[dict[str, Any]]:
    records, broken = read(content)
    assert broken == []
    return [record.value for record in records]


RECORDS = [a_record(), a_record(eventName="PutObject"), a_record(errorCode="Denied")]


@pytest.mark.parametrize(
    "content",
    [
        a_log(RECORDS),
        gzipped(a_log(RECORDS)),
        json.dumps({"Records": RECORDS}, indent=4).encode(),
        b"\xef\xbb\xbf" + a_log(RECORDS),
        json.dumps(RECORDS).encode(),
        json.dumps(RECORDS, indent=1).encode(),
        b"\n".join(json.dumps(record).encode() for record in RECORDS),
        b"\r\n".join(json.dumps(record).encode() for record in RECORDS) + b"\r\n",
        gzip.compress(a_log(RECORDS)[:200]) + gzip.compress(a_log(RECORDS)[200:]),
        json.dumps(
            {"Events": [{"CloudTrailEvent": json.dumps(one)} for one in RECORDS]}
        ).encode(),
    ],
    ids=[
        "delivered",
        "gzipped",
        "indented",
        "with a byte order mark",
        "a list",
        "an indented list",
        "one a line",
        "one a line, from Windows",
        "gzip members in a row",
        "lookup-events",
    ],
)
def test_reads_every_shape_of_file(content: bytes) -> None:
    assert values(content) == RECORDS


def test_reads_a_single_record() -> None:
    assert values(json.dumps(RECORDS[0]).encode()) == RECORDS[:1]


def test_a_log_may_hold_no_records() -> None:
    assert values(b'{"Records":[]}') == []


@pytest.mark.parametrize("piece", [1, 7, 100, 5_000])
def test_it_does_not_matter_how_a_file_arrives(piece: int) -> None:
    records, broken = read(a_log(RECORDS * 3), piece)

    assert [record.value for record in records] == RECORDS * 3
    assert broken == []


def test_a_record_keeps_every_leaf() -> None:
    body = b'{ "eventID" : "1",\t"n": 1.50, "u": "\\u00e9", "no": null, "l": [[]] }'

    records, _ = read(b'{"Records":[' + body + b"]}")

    assert json.loads(records[0].raw) == json.loads(body)


@pytest.mark.parametrize(
    "digits", ["123456789012345678901234567890", "1e999", "18446744073709551616"]
)
def test_numbers_beyond_64_bits_keep_their_digits(digits: str) -> None:
    body = json.dumps(a_record(n="N")).replace('"N"', digits).encode()

    records, broken = read(b'{"Records":[' + body + b"]}")

    assert broken == []
    assert digits.encode() in records[0].raw


@pytest.mark.parametrize(
    "bad",
    [
        b'{"eventID": }',
        b'{"eventID":"x","a":"unclosed}',
        b'{"eventID":"x","n":NaN}',
        b'{"eventID":"x","t":"a\ttab"}',
        b'{"eventID":"x"',
        b'{"eventID":"\xff\xfe"}',
    ],
)
def test_one_broken_record_costs_only_itself(bad: bytes) -> None:
    before, after = (json.dumps(one).encode() for one in RECORDS[:2])
    content = b'{"Records":[' + b",".join([before, bad, after]) + b"]}"

    records, broken = read(content)

    assert [record.value for record in records] == RECORDS[:2]
    assert len(broken) == 1
    assert broken[0].reason
    assert abs(broken[0].offset - content.index(bad)) <= 2


def test_a_broken_record_among_a_hundred_thousand_is_the_only_one_lost() -> None:
    body = json.dumps(a_record(), separators=(",", ":")).encode()
    good = b",".join([body] * 50_000)
    content = b'{"Records":[' + good + b',{"eventID":"x",},' + good + b"]}"

    records, broken = read(content)

    assert len(records) == 100_000
    assert [one.offset for one in broken] == [content.index(b'{"eventID":"x"')]


def test_a_truncated_file_gives_what_came_before() -> None:
    whole = gzipped(a_log([a_record() for _ in range(500)]))

    records, broken = read(whole[: len(whole) // 2])

    assert 100 < len(records) < 500
    assert "cut off" in broken[-1].reason


def test_damage_inside_the_gzip_stream_is_reported_once() -> None:
    whole = bytearray(gzipped(a_log([a_record() for _ in range(500)])))
    whole[len(whole) // 2 : len(whole) // 2 + 20] = b"\xff" * 20

    records, broken = read(bytes(whole))

    assert records
    assert len(broken) == 1


def test_a_record_nested_sixty_levels_deep_is_read() -> None:
    deep: dict[str, Any] = {"leaf": "bottom"}
    for _ in range(60):
        deep = {"a": deep}

    assert values(a_log([a_record(requestParameters=deep)]))


def test_endless_nesting_is_refused_and_the_rest_goes_on() -> None:
    bad = b'{"eventID":"x","a":' + b"[" * 5_000 + b"]" * 5_000 + b"}"
    good = json.dumps(RECORDS[0]).encode()

    records, broken = read(b'{"Records":[' + bad + b"," + good + b"]}")

    assert [record.value for record in records] == RECORDS[:1]
    assert "nested" in broken[0].reason


def test_a_record_larger_than_its_bound_is_refused_and_the_rest_goes_on() -> None:
    huge = a_record(requestParameters={"policy": "x" * (MAX_RECORD_BYTES + 1)})

    records, broken = read(a_log([RECORDS[0], huge, RECORDS[1]]))

    assert [record.value for record in records] == RECORDS[:2]
    assert "larger than 1,024 KiB" in broken[0].reason


def test_a_list_inside_a_record_that_looks_like_records_is_no_boundary() -> None:
    nested = a_record(requestParameters={"entries": [dict(RECORDS[0])] * 3})

    assert values(a_log([nested, RECORDS[1]])) == [nested, RECORDS[1]]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"   \n", "not JSON|empty"),
        (b"hello", "not JSON"),
        (b"\x89PNG\r\n\x1a\n\x00", "not JSON"),
        (b'{"some": "json"}', "without CloudTrail records"),
        (gzipped(b""), "empty"),
        (gzipped(b"hello"), "not JSON"),
    ],
)
def test_a_file_that_is_no_log_is_told_apart(content: bytes, reason: str) -> None:
    with pytest.raises(OtherContent, match=reason):
        read(content)


def bomb(inflated: int) -> Iterator[bytes]:
    """A gzip stream of zeros inside a log, made as it is read."""
    deflater = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    yield deflater.compress(b'{"Records":[{"eventID":"x","a":"')
    block = b"0" * (1 << 20)
    for _ in range(inflated >> 20):
        yield deflater.compress(block)
    yield deflater.flush()


def test_a_bomb_of_ten_gigabytes_is_stopped_in_little_memory() -> None:
    tracemalloc.start()
    _, broken = read_pieces(bomb(10 << 30))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert "inflates more than 250 times" in broken[-1].reason
    assert peak < 100 << 20


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    try:
        read(b'{"Records":[' + content)
        read(content)
    except OtherContent:
        return


@given(st.integers(0, 2_000), st.binary(min_size=1, max_size=4))
def test_damage_anywhere_loses_at_most_the_records_it_touches(
    at: int, damage: bytes
) -> None:
    records = [a_record(eventID=f"id-{number}") for number in range(6)]
    content = a_log(records)
    start = at % len(content)
    damaged = content[:start] + damage + content[start + len(damage) :]
    try:
        found, _ = read(damaged)
    except OtherContent:
        return
    whole = json.loads(content)["Records"]
    touched = sum(1 for record in found if record.value not in whole)
    assert len(found) - touched >= 4 or start < 12


@pytest.mark.parametrize("depth", [200, 300, 900, 1_100])
def test_a_record_beyond_the_depth_that_can_be_stored_is_refused_alone(
    depth: int,
) -> None:
    deep = b'{"a":' * depth + b"1" + b"}" * depth
    content = a_log(RECORDS[:1])[:-2] + b',{"eventID":"x","a":' + deep + b"}]}"

    records, broken = read(content)

    assert RECORDS[0] in [record.value for record in records]
    assert len(records) + len(broken) == 2


def test_a_list_of_hundreds_of_objects_that_look_like_records_is_one_record() -> None:
    entries = [{"errorCode": "X", "errorMessage": "m"} for _ in range(500)]
    record = a_record(responseElements={"failedEntries": entries})

    assert values(a_log([RECORDS[0], record, RECORDS[1]])) == [
        RECORDS[0],
        record,
        RECORDS[1],
    ]


@pytest.mark.parametrize(
    "content",
    [
        a_log(RECORDS)[:-1] + b',"NextToken":"x"}',
        a_log(RECORDS)[:-1],
        a_log(RECORDS[:1]) + a_log(RECORDS[1:]),
        a_log(RECORDS[:1]) + b"\n" + a_log(RECORDS[1:]) + b"\n",
        gzipped(a_log(RECORDS[:1])) + gzipped(a_log(RECORDS[1:])),
    ],
    ids=["more in the envelope", "no end", "two files", "two lines", "two gzips"],
)
def test_every_record_is_read_whatever_stands_around_the_list(content: bytes) -> None:
    assert values(content) == RECORDS


def test_an_unclosed_record_costs_only_itself_beside_an_oversized_one() -> None:
    unclosed = json.dumps(RECORDS[0])[:-1].encode()
    whole = json.dumps(RECORDS[1]).encode()
    huge = json.dumps(a_record(requestParameters={"p": "x" * (3 << 20)})).encode()
    last = json.dumps(RECORDS[2]).encode()
    content = b'{"Records":[' + b",".join([unclosed, whole, huge, last]) + b"]}"

    records, broken = read(content)

    assert [record.value for record in records] == RECORDS[1:]
    assert len(broken) == 2


@pytest.mark.parametrize(
    "content",
    [
        b'{"Records":[{"eventID":"1"}' + b" " * 900_000,
        b'{"Records":[{"eventID":"1",' + b"\n" * 900_000 + b"x}]}",
        b'{"Records":[' + b'{"eventID":},' * 80_000 + b"{}]}",
        b'{"Records":[' + b'{"eventID":"1","a":[' * 50_000,
        b'{"Records":[{"eventID":"1","l":[' + b'{"eventID":1},' * 70_000,
    ],
    ids=["spaces", "line breaks", "broken records", "nested", "unclosed list"],
)
def test_hostile_text_takes_time_in_proportion_to_its_length(content: bytes) -> None:
    began = time.process_time()
    read(content)

    assert time.process_time() - began < 10


def test_zeros_after_a_gzip_member_cost_neither_time_nor_memory() -> None:
    padding = (bytes(1 << 20) for _ in range(200))
    tracemalloc.start()
    records, broken = read_pieces(chain([gzipped(a_log(RECORDS))], padding))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert [record.value for record in records] == RECORDS
    assert broken == []
    assert peak < 20 << 20
