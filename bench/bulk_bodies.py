"""Bulk requests as our writer makes them, into files: `FOLDER FILE...`."""

import sys
from pathlib import Path
from time import perf_counter

import django

django.setup()

import orjson  # noqa: E402 - once Django is set up

from apps.audit.kinds import TRAIL  # noqa: E402
from apps.audit.logfile import read_log  # noqa: E402
from apps.audit.logrecords import Record  # noqa: E402
from apps.audit.records import document, parse  # noqa: E402
from apps.search.engines.opensearch.cluster import Address, Cluster  # noqa: E402
from apps.search.engines.opensearch.mapping import Names, template  # noqa: E402
from apps.search.engines.opensearch.terms import TermWalker  # noqa: E402
from tests.servers.all import OPENSEARCH  # noqa: E402

EVENTS, A_BODY = 100_000, 2_000

folder = Path(sys.argv[1])
folder.mkdir()
names, walker = Names("prebuilt", TRAIL), TermWalker(TRAIL)
cluster = Cluster(Address((OPENSEARCH.url,)))
cluster.request("PUT", "/_index_template/prebuilt", template(names, 1))
lines: list[bytes] = []
made = 0
taken = 0.0
for path in sys.argv[2:]:
    for found in read_log([Path(path).read_bytes()]):
        for record in found:
            if not isinstance(record, Record):
                continue
            event = parse(record.value)
            stored = document(event, record.raw, record.searchable)
            began = perf_counter()
            body = walker.indexed(stored, 0).body
            taken += perf_counter() - began
            index = names.of_day(event.time.date().isoformat())
            action = {"create": {"_index": index, "_id": stored.id}}
            lines.append(orjson.dumps(action) + b"\n" + body + b"\n")
            if len(lines) == A_BODY and made < EVENTS:
                (folder / f"{made:08}").write_bytes(b"".join(lines))
                made += len(lines)
                lines = []
    if made >= EVENTS:
        break
print(f"{made:,} bodies, each made in {taken / made * 1e6:.0f} us")
