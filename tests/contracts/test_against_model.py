"""Random questions over random records: the engine agrees with the simplest model."""

import random
from typing import Any

import pytest

from apps.search.engines.base import DocumentEngine, SearchRequest
from apps.search.syntax import (
    AllOf,
    AnyOf,
    Equals,
    Exists,
    Mark,
    Node,
    Not,
    Range,
    Wildcard,
    Words,
)
from tests.contracts.model import finds
from tests.contracts.things import NOON_MS, NOW, THINGS, thing

WORDS = ("red", "green", "Blue", "red green", "42", "true", "-7", "1.5", "été")
FIELDS = ("a", "b", "c.d", "c.e", "c")
DAY_MS = 86_400_000


class Drawer:
    """Draws records and questions from a small world, where much coincides."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)  # noqa: S311 - not a secret

    def leaf(self) -> Any:
        kinds = (
            lambda: self.chance.choice(WORDS),
            lambda: self.chance.randrange(-10, 60),
            lambda: self.chance.choice((1.5, -0.5, 41.999)),
            lambda: self.chance.choice((True, False, None)),
        )
        return self.chance.choice(kinds)()

    def value(self) -> Any:
        if self.chance.random() < 0.25:
            return [self.leaf() for _ in range(self.chance.randrange(3))]
        return self.leaf()

    def record(self) -> dict[str, Any]:
        record = {key: self.value() for key in "ab" if self.chance.random() < 0.8}
        if self.chance.random() < 0.7:
            record["c"] = {key: self.value() for key in "de"}
        elif self.chance.random() < 0.5:
            record["c"] = [{"d": self.value()}, {"e": self.value()}]
        return record

    def question(self, depth: int = 3) -> Node:
        kind = self.chance.random()
        if depth == 0 or kind < 0.55:
            return self.clause()
        if kind < 0.7:
            return Not(self.question(depth - 1))
        parts = tuple(self.question(depth - 1) for _ in range(2))
        return AllOf(parts) if kind < 0.85 else AnyOf(parts)

    def clause(self) -> Node:
        field = self.chance.choice(FIELDS)
        word = self.chance.choice(WORDS)
        clauses = (
            lambda: Equals(self.chance.choice(FIELDS[:4]), word),
            lambda: Exists(field),
            lambda: Words(self.chance.choice(("red", "green", "blue", "42"))),
            lambda: Wildcard(self.chance.choice(FIELDS[:4]), (word[:2], Mark.ANY_TEXT)),
            self.range,
        )
        return self.chance.choice(clauses)()

    def range(self) -> Node:
        low, high = sorted(self.chance.sample(range(-12, 62), 2))
        open_side = self.chance.random()
        return Range(
            self.chance.choice(FIELDS[:4]),
            None if open_side < 0.2 else str(low),
            None if open_side > 0.8 else str(high),
            self.chance.random() < 0.5,
            self.chance.random() < 0.5,
        )


@pytest.mark.parametrize("seed", range(6))
def test_the_engine_finds_what_the_model_finds(
    engine: DocumentEngine, seed: int
) -> None:
    drawer = Drawer(seed)
    records = {f"r{at}": drawer.record() for at in range(150)}
    writer = engine.writer(THINGS)
    for at, (name, record) in enumerate(records.items()):
        writer.add([thing(record, id=name, time_ms=NOON_MS + at % 3 * DAY_MS)])
    writer.commit()

    for _ in range(120):
        question = drawer.question()
        request = SearchRequest(THINGS, NOW, question)
        expected = {name for name, record in records.items() if finds(question, record)}

        found = {hit.id for hit in engine.reader.find(request, 200).hits}

        assert found == expected, question
        assert engine.reader.count(request).value == len(expected)
