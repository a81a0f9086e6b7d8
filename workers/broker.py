"""What the broker says of itself: whether it answers, and how much waits in it."""

from contextlib import closing
from typing import Any

from celery import Celery
from kombu.exceptions import OperationalError

QUEUE = "celery"
# What may change something in AWS: only its workers need credentials that can write.
ACT = "act"
# Ticks only say "look now": where so many were not heard, nobody listens.
MOST_WAITING = 100


def waiting(connection: Any, queue: str = QUEUE) -> int:
    """Messages that no worker has taken yet. Raises a connection error of kombu's."""
    try:
        declared = connection.default_channel.queue_declare(queue=queue, passive=True)
    except connection.channel_errors:  # there is no queue before its first message
        return 0
    return int(declared.message_count)


def problem(app: Celery) -> str | None:
    """Why tasks cannot be sent, in a sentence; None where they can."""
    with closing(app.connection_for_write(connect_timeout=2)) as connection:
        try:
            connection.ensure_connection(max_retries=1, interval_start=0)
        except OperationalError as error:
            return f"The broker does not answer: {error}"
    return None


def backlog(app: Celery) -> str | None:
    """Whether more ticks wait than a worker leaves, in a sentence; None where not.
    The broker must answer."""
    with closing(app.connection_for_write(connect_timeout=2)) as connection:
        found = waiting(connection)
    if found < MOST_WAITING:
        return None
    return f"{found:,} tasks wait in the broker: no worker has time for them."
