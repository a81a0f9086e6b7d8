"""Log files of every form become lines, each once, and what is broken is kept."""

import gzip
import io
import json
import os
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
from django.core.management import CommandError, call_command

from apps.discovery.models import Account
from apps.monitoring.kinds import LOGS
from apps.monitoring.logs.files import LOG_FILES
from apps.search import imports, retries, store
from apps.search.engines.base import Hit, SearchRequest, SortOrder
from apps.search.intake import Portion
from apps.search.models import ImportRun, QuarantinedRecord
from tests.factories import gzipped
from tests.monitoring.logs.test_envelopes import data

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def do_import(*paths: Path, **options: str) -> ImportRun:
    wanted = imports.Wanted([str(path) for path in paths], "logs", options)
    run = imports.request(wanted)
    assert imports.claim(run.pk, NOW)
    return imports.execute(run.pk, store.engine())


def stored() -> list[Hit]:
    asked = SearchRequest(LOGS, NOW)
    return list(store.reader().find(asked, 1_000, SortOrder.OLDEST).hits)


def records() -> list[dict[str, Any]]:
    return [orjson.loads(hit.raw) for hit in stored()]


def messages() -> list[str]:
    return [record["@message"] for record in records()]


def write(path: Path, *lines: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


def output(*arguments: str) -> str:
    out = io.StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def test_the_command_counts_and_counts_again(tmp_path: Path) -> None:
    log = write(
        tmp_path / "app.log",
        "2026-11-20T10:00:00Z INFO one",
        "2026-11-20T10:00:01Z two",
    )

    first = output(
        "import", "logs", str(log), "--group", "/shop", "--region", "eu-west-1"
    )
    again = output(
        "import", "logs", str(log), "--group", "/shop", "--region", "eu-west-1"
    )

    assert "2 new, 0 already there, 0 quarantined" in first
    assert "0 new, 2 already there, 0 quarantined" in again
    assert [
        (one["@logGroup"], one["@logStream"], one["@region"], one["@account"])
        for one in records()
    ] == [("/shop", "app.log", "eu-west-1", "unknown")] * 2


def test_a_pattern_that_is_none_is_refused_before_anything_is_read(
    tmp_path: Path,
) -> None:
    with pytest.raises(CommandError, match="--start"):
        output("import", "logs", str(tmp_path), "--start", "(")

    assert not ImportRun.objects.exists()


def test_stack_traces_stay_with_their_line(tmp_path: Path) -> None:
    java = [
        "2026-11-20 10:00:00,000 ERROR failed",
        "java.lang.IllegalStateException: no",
        "\tat shop.Cart.add(Cart.java:7)",
        "Caused by: java.io.IOException: gone",
        "\t... 7 more",
    ]
    python = [
        "2026-11-20 10:00:01,000 ERROR failed",
        "Traceback (most recent call last):",
        '  File "cart.py", line 7, in add',
        "KeyError: 'sku'",
        "2026-11-20 10:00:02,000 INFO on it goes",
    ]
    do_import(write(tmp_path / "app.log", *java, *python))

    assert messages() == [
        java[0],
        "\n".join(java[1:]),
        "\n".join(python[:4]),
        python[4],
    ]


def test_a_pattern_says_how_an_event_begins(tmp_path: Path) -> None:
    log = write(
        tmp_path / "app.log", "2026-11-20 10:00:00 a", "b", "2026-11-20 10:01:00 c"
    )

    do_import(log, start=r"\d{4}-")

    assert messages() == ["2026-11-20 10:00:00 a\nb", "2026-11-20 10:01:00 c"]


def test_json_lines_and_what_is_none_of_them(tmp_path: Path) -> None:
    good = '{"time":"2026-11-20T10:00:00Z","level":"error","msg":"no stock","n":7}'

    run = do_import(write(tmp_path / "app.jsonl", good, '{"time":', good))

    assert (run.new, run.quarantined) == (2, 1)  # the twin is another event
    broken = QuarantinedRecord.objects.get()
    assert (broken.kind, broken.offset) == ("logs", len(good) + 1)
    assert "not JSON" in broken.reason
    assert orjson.loads(stored()[0].derived)["@level"] == "ERROR"


def test_a_mended_file_is_read_again_as_it_was_asked_for(tmp_path: Path) -> None:
    log = write(tmp_path / "app.jsonl", '{"time":"2026-11-20T10:00:00Z"')
    do_import(log, group="/shop")
    QuarantinedRecord.objects.update(state=QuarantinedRecord.State.RETRY)
    write(log, '{"time":"2026-11-20T10:00:00Z"}')

    retries.retry_all(store.engine())

    assert QuarantinedRecord.objects.get().state == QuarantinedRecord.State.SETTLED
    assert records()[0]["@logGroup"] == "/shop"


def test_an_export_of_cloudwatch(tmp_path: Path) -> None:
    task = tmp_path / "checkout" / "0f0e0d0c-1111-2222-3333-444455556666"
    stream = task / "2026-11-20-[$LATEST]ab" / "000000.gz"
    stream.parent.mkdir(parents=True)
    text = (
        "2026-11-20T10:00:00.123Z START RequestId: 1\n\n"
        "2026-11-20T10:00:00.124Z first\nsecond\n"
    )
    stream.write_bytes(gzip.compress(text.encode()))
    write(task / "aws-logs-write-test", "Permission Check Successful")

    do_import(tmp_path)

    assert [
        (one["@timestamp"], one["@message"], one["@logGroup"]) for one in records()
    ] == [
        ("2026-11-20T10:00:00.123Z", "START RequestId: 1", "checkout"),
        ("2026-11-20T10:00:00.124Z", "first\nsecond", "checkout"),
    ]
    assert records()[0]["@logStream"] == "2026-11-20-[$LATEST]ab"


def test_archived_flow_logs_with_their_header(tmp_path: Path) -> None:
    folder = tmp_path / "AWSLogs/123456789012/vpcflowlogs/eu-west-1/2026/11/20"
    write(
        folder / "flow.log",
        "version srcaddr dstaddr start end",
        "5 10.0.0.1 10.0.0.2 1795168800 1795168860",
        "5 10.0.0.1",
    )

    run = do_import(tmp_path)

    assert (run.new, run.quarantined) == (1, 1)
    hit = stored()[0]
    assert (hit.account, hit.region) == ("123456789012", "eu-west-1")
    assert hit.time_ms == 1_795_168_800_000
    assert orjson.loads(hit.derived)["srcaddr"] == "10.0.0.1"


def test_lines_without_any_time_are_filed_under_that_of_the_file(
    tmp_path: Path,
) -> None:
    log = write(tmp_path / "app.log", "started", "2026-11-20T10:00:00Z then", "more")
    os.utime(log, (1_795_000_000, 1_795_000_000))

    run = do_import(log)

    assert [one["@timestamp"] for one in records()] == [
        "2026-11-18T11:06:40.000Z",
        "2026-11-20T10:00:00.000Z",
        "2026-11-20T10:00:00.000Z",
    ]
    assert "last changed" in run.remarks[0][1]


@pytest.mark.parametrize("content", [b"", b"\x7fELF\0\0\0", gzipped(b"\0" * 9)])
def test_what_is_no_log_is_skipped(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "app.log").write_bytes(content)

    run = do_import(tmp_path)

    assert (run.new, run.quarantined, run.files_skipped) == (0, 0, 1)


def test_a_file_that_is_cut_off_gives_what_can_be_read(tmp_path: Path) -> None:
    lines = "".join(
        f"2026-11-20T10:00:00Z line {os.urandom(20).hex()}\n" for _ in range(500)
    )
    (tmp_path / "app.log.gz").write_bytes(gzip.compress(lines.encode())[:-2_000])

    run = do_import(tmp_path)

    assert run.new > 300
    assert "cut off" in QuarantinedRecord.objects.get().reason


def test_a_line_without_end_does_not_fill_the_memory(tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    with log.open("wb") as file:
        file.write(b"2026-11-20T10:00:00Z first\n")
        for _ in range(40):
            file.write(b"x" * (1 << 20))
        file.write(b"\n2026-11-20T10:00:01Z last\n")
    tracemalloc.start()

    run = do_import(log)

    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (run.new, run.quarantined) == (2, 1)
    assert peak < 16 << 20


def portions(lines: Iterator[bytes]) -> Iterator[Portion]:
    return LOG_FILES.read("/logs/app.log", lines, {})


def test_memory_is_flat_over_a_long_file() -> None:
    chunk = b"".join(
        b"2026-11-20T10:00:%02dZ INFO request %d answered\n" % (number % 60, number)
        for number in range(5_000)
    )
    read = portions(chunk for _ in range(10))
    tracemalloc.start()

    total = sum(len(portion.documents) for portion in read)

    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert total == 50_000
    assert peak < 32 << 20


def test_found_again_by_fields_and_words(tmp_path: Path) -> None:
    line = {"time": "2026-11-20T10:00:00Z", "latency": 12.5, "user": {"id": "u-7"}}
    do_import(
        write(tmp_path / "app.log", json.dumps(line), "2026-11-20T10:00:01Z plain")
    )

    def found(query: str) -> int:
        out = output("search", "logs", query, "--since", "2026-11-01", "--count")
        return int(out.split()[0])

    assert [
        found(query)
        for query in (
            "user.id:u-7",
            "latency:>=12",
            "@message:latency",
            "@timestamp:>=2026-11-20T10:00:01Z",
            "@timestamp:<2026-11-20T10:00:01Z",
            '@timestamp:"2026-11-20T10:00:01.000Z"',
            "@message:pla*",
            "_exists_:@message",
        )
    ] == [1, 1, 1, 1, 1, 1, 1, 2]


REGION = {"region": "eu-west-1"}
FIREHOSE = "shop-logs-1-2026-11-20-10-00-00-0f0e0d0c-1111-2222-3333-444455556666"


def envelope(*events: tuple[str, str], **fields: Any) -> bytes:
    """As a subscription sends it: (id, message)."""
    told = [
        {"id": name, "timestamp": 1_795_000_000_000, "message": message}
        for name, message in events
    ]
    return gzipped(json.dumps(data(logEvents=told, **fields)).encode())


def test_what_firehose_archived_is_read_as_what_a_subscription_sent(
    tmp_path: Path,
) -> None:
    (tmp_path / FIREHOSE).write_bytes(
        envelope(("1", "one"), ("2", "two"))
        + envelope(("", "test"), messageType="CONTROL_MESSAGE", logGroup="")
        + envelope(("3", "three"), owner="444455556666", logStream="other")
    )

    run = do_import(tmp_path, **REGION)

    assert (run.new, run.quarantined, run.remarks) == (3, 0, [])
    told = {(one["@account"], one["@logStream"], one["@eventId"]) for one in records()}
    assert told == {
        ("111122223333", "one", "1"),
        ("111122223333", "one", "2"),
        ("444455556666", "other", "3"),
    }
    assert {one["@logGroup"] for one in records()} == {"/shop"}
    assert Account.objects.filter(number="444455556666").exists()


def test_twins_of_envelopes_are_told_apart_by_their_ids(tmp_path: Path) -> None:
    """Firehose delivers again what may not have arrived, in any file."""
    twice = envelope(("1", "same"), ("2", "same"))
    files = [tmp_path / "a.gz", tmp_path / "b.gz"]
    files[0].write_bytes(twice + envelope(("3", "same")))
    files[1].write_bytes(envelope(("4", "same")) + twice)

    run = do_import(*files, **REGION)

    assert (run.new, run.already_there) == (4, 2)
    assert messages() == ["same"] * 4
    assert do_import(*files, **REGION).new == 0


@pytest.mark.parametrize("pack", [bytes, gzipped])
def test_envelopes_compressed_once_more_or_not_at_all(
    tmp_path: Path, pack: Any
) -> None:
    (tmp_path / "once.gz").write_bytes(pack(envelope(("1", "hello"))))
    (tmp_path / "plain.json").write_bytes(gzip.decompress(envelope(("1", "hello"))))

    run = do_import(tmp_path, **REGION)

    assert (run.new, run.already_there) == (1, 1)


def test_of_a_damaged_file_of_envelopes_the_whole_ones_are_kept(
    tmp_path: Path,
) -> None:
    noise = [(str(number), os.urandom(99).hex()) for number in range(50)]
    whole = envelope(("a", "first")) + envelope(("b", ""), ("c", "c"))
    (tmp_path / "cut.gz").write_bytes(whole + envelope(*noise)[:-400])

    run = do_import(tmp_path, **REGION)

    assert messages() == ["c", "first"] or messages() == ["first", "c"]
    reasons = [one.reason for one in QuarantinedRecord.objects.all()]
    assert run.quarantined == len(reasons) == 3
    assert any("no text" in reason for reason in reasons)
    assert any("cut off" in reason for reason in reasons)


def test_envelopes_without_a_region_are_read_with_a_remark(tmp_path: Path) -> None:
    (tmp_path / "a.gz").write_bytes(envelope(("1", "hello")))

    run = do_import(tmp_path)

    assert run.new == 1
    assert "--region" in run.remarks[0][1]


def test_lines_of_json_with_a_type_of_message_are_no_envelopes(tmp_path: Path) -> None:
    said = {"messageType": "ORDER", "timestamp": 1_795_000_000_000}
    write(tmp_path / "app.log", json.dumps(said), json.dumps(said))

    run = do_import(tmp_path)

    assert (run.new, run.quarantined) == (2, 0)
