"""Told at once, inside this process, when documents became visible.

Who waits for documents of other processes has to look now and then as well.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_lock = threading.Lock()
_listeners: dict[str, list[Callable[[], None]]] = {}


@contextmanager
def listening(kind_name: str, wake: Callable[[], None]) -> Iterator[None]:
    """Call `wake` after every commit of a kind; it may be called from any thread and
    must return at once."""
    with _lock:
        _listeners.setdefault(kind_name, []).append(wake)
    try:
        yield
    finally:
        with _lock:
            _listeners[kind_name].remove(wake)


def note(kind_name: str) -> None:
    """Documents of this kind have become visible."""
    with _lock:
        waiting = tuple(_listeners.get(kind_name, ()))
    for wake in waiting:
        wake()
