"""Which part of a chunk is which: numbers of nodes and edges, and of all traces."""

ALL_TRACES = 0
"""The part that counts traces, in the minute they began, by their roots."""

MINUTE, HOUR, DAY = 60, 3_600, 86_400
PERIODS = (MINUTE, HOUR, DAY)


def of_node(node_id: int) -> int:
    return node_id * 2


def of_edge(edge_id: int) -> int:
    return edge_id * 2 + 1


def is_edge(part: int) -> bool:
    return part % 2 == 1


def row_id(part: int) -> int:
    """The id of the row of a node or an edge."""
    return part // 2
