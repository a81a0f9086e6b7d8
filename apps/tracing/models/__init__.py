"""Rows of tracing, a file for each room."""

from apps.tracing.models.maps import MapChunk, SeenEdge, SeenNode
from apps.tracing.models.traces import Trace

__all__ = ["MapChunk", "SeenEdge", "SeenNode", "Trace"]
