"""Connections to the database, which are few, in threads that live long."""

from django.db import close_old_connections, connection


def release() -> None:
    """Give this thread's connection back, unless a transaction still needs it.

    Django does so when a request or a task ends; a stream may go on for hours, and a
    thread of ours has no end.
    """
    if not connection.in_atomic_block:
        close_old_connections()
