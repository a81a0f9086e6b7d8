"""Lines clustered by template: tokens that vary become `<*>`.

Numbers, ids and addresses are masked before (`masking`), which already makes most
lines of one statement equal. Of what is left, a word is a variable where lines that
agree in all else have four or more different ones in its place; and lines that agree
in three words of five become one pattern where there are four or more of them. The
outcome does not depend on the order of the lines.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from apps.monitoring.logs.masking import MARK, Tokens

_DIFFERENT = 4
_ALIKE = 0.6
_ROUNDS = 3
# Templates compared with each other; what is rarer stays as it is.
_MOST_COMPARED = 2_000


@dataclass(slots=True)
class Tally:
    """What is known of lines that became equal. `weight` is lines, where a sample
    stands for more than itself; times are milliseconds since 1970."""

    weight: float = 0.0
    first_ms: int = 0
    last_ms: int = 0
    example: str = ""
    example_id: str = ""
    levels: Counter[str] = field(default_factory=Counter)
    buckets: Counter[int] = field(default_factory=Counter)

    def add(self, other: "Tally") -> None:
        if not self.weight or (other.weight and other.first_ms < self.first_ms):
            self.first_ms = other.first_ms
        if not self.weight or other.last_ms >= self.last_ms:
            self.last_ms = other.last_ms
            self.example, self.example_id = other.example, other.example_id
        self.weight += other.weight
        self.levels.update(other.levels)
        self.buckets.update(other.buckets)


@dataclass(frozen=True, slots=True)
class Line:
    """A line as patterns see it. `bucket` is its place in the sparkline."""

    tokens: Tokens
    time_ms: int
    bucket: int
    level: str
    message: str
    id: str


class Tallies:
    """Counts of equal masked lines over one period."""

    def __init__(self) -> None:
        self.by_tokens: dict[Tokens, Tally] = {}
        self.weight = 0.0

    def add(self, line: Line, weight: float = 1.0) -> None:
        tally = self.by_tokens.get(line.tokens)
        if tally is None:
            tally = self.by_tokens[line.tokens] = Tally(first_ms=line.time_ms)
        if line.time_ms >= tally.last_ms:
            tally.last_ms = line.time_ms
            tally.example, tally.example_id = line.message, line.id
        tally.first_ms = min(tally.first_ms, line.time_ms)
        tally.weight += weight
        tally.levels[line.level] += 1
        tally.buckets[line.bucket] += weight  # type: ignore[assignment]
        self.weight += weight


@dataclass(frozen=True, slots=True)
class Pattern:
    """A template with what was counted now and in the period before."""

    tokens: Tokens
    now: Tally
    before: Tally

    @property
    def text(self) -> str:
        return " ".join(self.tokens)

    @property
    def is_new(self) -> bool:
        return not self.before.weight and self.now.weight > 0

    @property
    def is_gone(self) -> bool:
        return not self.now.weight

    @property
    def growth(self) -> float | None:
        """How many times as many lines as before; None where there were none."""
        return self.now.weight / self.before.weight if self.before.weight else None


def patterns(now: Tallies, before: Tallies) -> list[Pattern]:
    """The templates of both periods together, the most frequent now first."""
    weights = Counter(
        {tokens: tally.weight for tokens, tally in before.by_tokens.items()}
    )
    for tokens, tally in now.by_tokens.items():
        weights[tokens] += tally.weight  # type: ignore[assignment]
    template_of = templates(weights)
    merged: dict[Tokens, Pattern] = {}
    for tokens, template in template_of.items():
        pattern = merged.get(template)
        if pattern is None:
            pattern = merged[template] = Pattern(template, Tally(), Tally())
        if tokens in now.by_tokens:
            pattern.now.add(now.by_tokens[tokens])
        if tokens in before.by_tokens:
            pattern.before.add(before.by_tokens[tokens])
    return sorted(
        merged.values(), key=lambda one: (-one.now.weight, -one.before.weight, one.text)
    )


def templates(weights: Mapping[Tokens, float]) -> dict[Tokens, Tokens]:
    """The template of each masked line."""
    by_length: dict[int, list[Tokens]] = defaultdict(list)
    for tokens in weights:
        by_length[len(tokens)].append(tokens)
    found: dict[Tokens, Tokens] = {}
    for alike in by_length.values():
        found |= _generalised(alike, weights)
    return found


def _generalised(
    alike: Sequence[Tokens], weights: Mapping[Tokens, float]
) -> dict[Tokens, Tokens]:
    """Templates of lines with the same number of tokens."""
    current = {tokens: tokens for tokens in alike}
    for _ in range(_ROUNDS):
        step = _one_variable(set(current.values()))
        if not step:
            break
        current = {at: step.get(now, now) for at, now in current.items()}
    summed: Counter[Tokens] = Counter()
    for tokens, template in current.items():
        summed[template] += weights[tokens]  # type: ignore[assignment]
    step = _similar(summed)
    return {tokens: step.get(now, now) for tokens, now in current.items()}


def _one_variable(alike: set[Tokens]) -> dict[Tokens, Tokens]:
    """Templates that agree but for one token, with many values in its place."""
    if len(alike) < _DIFFERENT:
        return {}
    places: dict[tuple[int, Tokens], list[Tokens]] = defaultdict(list)
    for tokens in alike:
        for at in range(len(tokens)):
            places[at, tokens[:at] + tokens[at + 1 :]].append(tokens)
    step: dict[Tokens, Tokens] = {}
    crowded = [one for one in places.items() if len(one[1]) >= _DIFFERENT]
    for (at, rest), members in sorted(crowded, key=lambda one: (-len(one[1]), one[0])):
        if not _says_something(rest):
            continue
        template = (*rest[:at], MARK, *rest[at:])
        for tokens in members:
            step.setdefault(tokens, template)
    return step


def _says_something(rest: Iterable[str]) -> bool:
    """Whether words are left that tell one statement from another."""
    return any(token.strip("<*>.,:;=-[](){}\"'") for token in rest)


def _similar(weights: Mapping[Tokens, float]) -> dict[Tokens, Tokens]:
    """Templates that share most tokens and their first one, where there are many."""
    ranked = sorted(weights, key=lambda tokens: (-weights[tokens], tokens))
    clusters: dict[str, list[list[Tokens]]] = defaultdict(list)
    for tokens in ranked[:_MOST_COMPARED]:
        near = clusters[tokens[0]]
        cluster = next((one for one in near if _is_alike(one[0], tokens)), None)
        if cluster is None:
            near.append([tokens])
        else:
            cluster.append(tokens)
    step: dict[Tokens, Tokens] = {}
    for near in clusters.values():
        for cluster in near:
            if len(cluster) >= _DIFFERENT:
                merged = _merged(cluster)
                step |= dict.fromkeys(cluster, merged)
    return step


def _is_alike(one: Tokens, other: Tokens) -> bool:
    same = sum(map(str.__eq__, one, other))
    return same >= _ALIKE * len(one)


def _merged(cluster: Sequence[Tokens]) -> Tokens:
    return tuple(
        values[0] if len(set(values)) == 1 else MARK
        for values in zip(*cluster, strict=True)
    )
