"""Rows of tracing, a file for each room."""

from apps.tracing.models.maps import MapChunk, MapLock, SeenEdge, SeenNode
from apps.tracing.models.traces import AwaitedTrace, Trace

__all__ = ["AwaitedTrace", "MapChunk", "MapLock", "SeenEdge", "SeenNode", "Trace"]
