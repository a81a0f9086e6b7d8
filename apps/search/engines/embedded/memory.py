"""Keeps the C library from hoarding what indexing threads free."""

import ctypes

_M_ARENA_MAX = -8  # malloc.h of glibc
_ARENAS = 2


def limit_arenas() -> None:
    """Let all threads share two memory pools instead of eight a core.

    Each indexing thread would otherwise leave a pool of its own behind: a million
    events grew the process to 2 GB that way, and to 0.4 GB this way. Only glibc has
    the knob; elsewhere there is nothing to do.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, _ARENAS)
