"""Log lines in the store of the site."""

from apps.monitoring.kinds import LOGS
from apps.monitoring.logs.lines import LogLine, document
from apps.search.engines.base import DocumentEngine

ACCOUNT, OTHER = "111122223333", "999900001111"
NOON_MS = 1_782_907_200_000  # 2026-07-01T12:00:00Z
SPAN = "since=2026-07-01&until=2026-07-02"


def line(message: str, minute: int = 0, **fields: str) -> LogLine:
    return LogLine(
        fields.get("account", ACCOUNT),
        "eu-west-1",
        fields.get("group", "/ecs/shop"),
        "s1",
        NOON_MS + minute * 60_000,
        message,
    )


def store_lines(engine: DocumentEngine, *lines: LogLine) -> None:
    writer = engine.writer(LOGS)
    writer.add([document(one) for one in lines])
    writer.commit()
