"""Filter patterns and Logs Insights QL over 1,000,000 stored lines: seconds a query.

`python -m bench.logs_languages [LINES]`. The first scan makes the columns of a day
from its index; what it takes is said apart. Bound: 2 s for each query after that.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from apps.monitoring.kinds import LOGS
from apps.monitoring.languages.running import Language, Question, answered
from apps.monitoring.logs.lines import LogLine, document
from apps.search.engines.base import SearchRequest
from apps.search.engines.embedded.engine import EmbeddedEngine
from apps.search.timerange import TimeRange

BOUND_SECONDS = 2.0
_DAY = datetime(2026, 7, 1, tzinfo=UTC)
_SPAN = TimeRange(_DAY, _DAY + timedelta(days=1))
_REPORT = (
    "REPORT RequestId: {id}\tDuration: {ms:.2f} ms\tBilled Duration: {up} ms\t"
    "Memory Size: 512 MB\tMax Memory Used: {used} MB\t"
)
_FLOW = (
    "2 111122223333 eni-0a1b2c3d 10.0.{a}.{b} 10.0.{c}.{d} 443 {port} 6 {n} {bytes} "
    "1782864000 1782864060 ACCEPT OK"
)
# Shares of kinds of lines, added up; the rest is plain text.
_FLOWS, _REPORTS, _BODIES, _ERRORS = 0.25, 0.4, 0.6, 0.62
_BATCH = 10_000
QUERIES = (
    ("25 newest", "insights",
     "fields @timestamp, @message | sort @timestamp desc | limit 25"),
    ("exceptions by 5 minutes", "insights",
     "filter @message like /Exception/ | stats count(*) as n by bin(5m) | sort n desc"),
    ("lines without Exception", "insights",
     "filter @message not like /Exception/ | stats count(*)"),
    ("Lambda duration", "insights",
     'filter @type = "REPORT" | stats avg(@duration), max(@duration), min(@duration) '
     "by bin(5m)"),
    ("memory over-provisioned", "insights",
     'filter @type = "REPORT" | stats max(@memorySize / 1000 / 1000) as provisioned, '
     "max(@maxMemoryUsed / 1000 / 1000) as used, provisioned - used as over"),
    ("top talkers", "insights",
     "stats sum(bytes) as sent by srcAddr, dstAddr | sort sent desc | limit 15"),
    ("parse and count", "insights",
     'filter @message like "user=" | parse @message "user=* took *ms" as user, took '
     "| stats avg(took), count(*) by user"),
    ("case ignored", "insights",
     "filter @message like /(?i)exception/ | stats count(*)"),
    ("pattern of terms", "pattern", "ERROR -timeout"),
    ("pattern of a phrase", "pattern", '"connection refused"'),
    ("pattern over JSON", "pattern", '{ $.status >= 500 && $.path = "/pay*" }'),
    ("pattern of columns", "pattern",
     "[version, account, eni, src, dst=10.0.1.*, ...]"),
)  # fmt: skip


def lines(count: int) -> Iterator[LogLine]:
    """A mix: application text, JSON, Lambda reports and flow records."""
    dice = random.Random(6)
    step = 86_400_000 / count
    for at in range(count):
        message = _message(dice, at)
        group = ("/ecs/checkout", "/aws/lambda/pay", "/vpc/flow")[at % 3]
        moment = int(_DAY.timestamp() * 1_000 + at * step)
        yield LogLine(
            "111122223333", "eu-west-1", group, f"s{at % 20}", moment, message
        )


def _message(dice: random.Random, at: int) -> str:
    roll = dice.random()
    if roll < _FLOWS:
        a, b, c, d = (dice.randrange(8) for _ in range(4))
        size = dice.randrange(10**6)
        return _FLOW.format(a=a, b=b, c=c, d=d, port=at % 60_000, n=at % 90, bytes=size)
    if roll < _REPORTS:
        ms, used = dice.expovariate(0.01), dice.randrange(60, 512)
        return _REPORT.format(id=uuid.UUID(int=at), ms=ms, up=int(ms) + 1, used=used)
    if roll < _BODIES:
        status = dice.choice((200, 200, 200, 404, 503))
        return f'{{"status":{status},"path":"/pay/{at % 50}","ms":{at % 300}}}'
    if roll < _ERRORS:
        return f"ERROR java.io.IOException: connection refused by 10.0.0.{at % 200}"
    return f"INFO user=u{at % 500} took {at % 900}ms to load the basket of {at}"


def stored(folder: Path, count: int) -> EmbeddedEngine:
    engine = EmbeddedEngine(folder, [LOGS])
    writer, batch = engine.writer(LOGS), []
    for line in lines(count):
        batch.append(document(line))
        if len(batch) == _BATCH:
            writer.add(batch)
            batch = []
    writer.add(batch)
    writer.commit()
    return engine


def timed(engine: EmbeddedEngine, language: str, query: str) -> tuple[float, int]:
    request = SearchRequest(LOGS, _DAY, range=_SPAN, seconds=600)
    question = Question(Language(language), query, (), request)
    begun = time.monotonic()
    outcome = answered(question, engine.reader, time.monotonic, 600)
    return time.monotonic() - begun, len(outcome.answer.rows)


def main(count: int) -> int:
    with tempfile.TemporaryDirectory() as folder:
        begun = time.monotonic()
        engine = stored(Path(folder), count)
        print(f"stored {count:,} lines in {time.monotonic() - begun:.1f} s")
        first, _ = timed(engine, "insights", "stats count(*)")
        print(f"columns made by the first scan: {first:.1f} s, once")
        slow = 0
        for name, language, query in QUERIES:
            seconds = min(timed(engine, language, query)[0] for _ in range(3))
            rows = timed(engine, language, query)[1]
            slow += seconds > BOUND_SECONDS
            print(f"{seconds:6.2f} s  {rows:7,} rows  {name}")
        engine.close()
    print(f"bound {BOUND_SECONDS:g} s: {len(QUERIES) - slow} of {len(QUERIES)} within")
    return int(slow > 0)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000))
