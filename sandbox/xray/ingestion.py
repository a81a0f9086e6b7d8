"""PutTraceSegments, and history that is put in bulk."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import orjson

from sandbox.kernel.calls import Answer, Call, Handler
from sandbox.kernel.cloud import Cloud
from sandbox.xray.pages import refused
from sandbox.xray.places import Place, Places
from sandbox.xray.segments import Document, InvalidSegment, read
from sandbox.xray.store import Store, Text

CHANNEL = "xray.segments"


class Ingestion:
    """Takes segments; a fault on the channel `xray.segments` keeps some back."""

    def __init__(self, cloud: Cloud, stores: Places[Store]) -> None:
        self._cloud = cloud
        self._stores = stores
        self.operations: Mapping[str, Handler] = {"PutTraceSegments": self._put}

    def put_documents(
        self, place: Place, documents: Iterable[Document], now: float | None
    ) -> None:
        """Take valid documents at once; those of a trace should follow each other.
        Without a time, each came when it ended."""
        texts = ((document, orjson.dumps(document)) for document in documents)
        self._stores[place].put(texts, now)
        # Joined now, so that the first who asks for the graph does not wait for it.
        self._stores[place].snapshot()

    def _put(self, call: Call) -> Answer:
        sent = call.parameters.get("TraceSegmentDocuments")
        if not isinstance(sent, list):
            raise refused("TraceSegmentDocuments must be a list of documents")
        good: list[Text] = []
        bad: list[InvalidSegment] = []
        for text in sent:
            try:
                good += _texts(text)
            except InvalidSegment as found:
                bad.append(found)
        arriving = self._cloud.faults.deliveries(CHANNEL, call.account, good, call.now)
        at_once = [text for seconds, text in arriving if not seconds]
        bad += self._stores[call.place].put(at_once, call.now)
        for seconds, text in arriving:
            if seconds:
                job = partial(self._put_late, call.place, [text])
                self._cloud.timers.after(seconds, job)
        return {"UnprocessedTraceSegments": [_unprocessed(found) for found in bad]}

    def _put_late(self, place: Place, texts: Sequence[Text], now: float) -> None:
        self._stores[place].put(texts, now)


def _texts(text: Any) -> list[Text]:
    """A text that holds one document is kept as it is."""
    documents = read(text)
    if len(documents) == 1 and not text.lstrip().startswith("["):
        return [(documents[0], text.encode())]
    return [(document, orjson.dumps(document)) for document in documents]


def _unprocessed(found: InvalidSegment) -> dict[str, str]:
    answer = {
        "ErrorCode": found.code,
        "Message": f"Invalid segment. ErrorCode: {found.code}",
    }
    return {**answer, "Id": found.segment_id} if found.segment_id else answer
