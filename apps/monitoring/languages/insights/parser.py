"""Reads a query into commands, and says what is wrong with one that is not read."""

from __future__ import annotations

import re
from typing import Any, cast

from lark import Token, Transformer, UnexpectedInput, v_args
from lark.exceptions import VisitError
from lark.tree import Meta

from apps.monitoring.languages.insights import expressions
from apps.monitoring.languages.insights import syntax as ast
from apps.monitoring.languages.insights.functions import AGGREGATES, ARITIES
from apps.monitoring.languages.insights.grammar import QUERY
from apps.monitoring.languages.insights.syntax import QueryError

MOST_CHARACTERS = 10_000
MOST_ROWS = 100_000
_DEEPEST = 50
FOREIGN = {
    "pattern": "groups lines by their shape",
    "diff": "compares with an earlier time",
    "anomaly": "finds unusual shapes",
    "lookup": "reads tables kept in AWS",
    "join": "joins two log sources",
    "source": "names log groups inside the query",
    "unmask": "shows what data protection hides",
    "filterindex": "uses indexes kept in AWS",
    "addtotals": "adds a row of sums",
}
_OTHER_LANGUAGES = {
    "select": "SQL",
    "where": "PPL",
    "eval": "PPL",
    "search": "PPL",
    "rename": "PPL",
    "top": "PPL",
    "rare": "PPL",
}
_SUBQUERY = re.compile(r"\bin\s*\Z", re.IGNORECASE)
_COMMANDS = "fields, display, filter, stats, sort, limit, parse, dedup or unnest"


def parse(source: str) -> tuple[ast.Command, ...]:
    """The commands of a query. Raises QueryError."""
    _check_size(source)
    try:
        tree = QUERY.parse(source)
    except UnexpectedInput as error:
        raise _explained(source, error) from error
    try:
        return cast("tuple[ast.Command, ...]", _Builder(source).transform(tree))
    except VisitError as error:
        raise error.orig_exc from error


def _check_size(source: str) -> None:
    if len(source) > MOST_CHARACTERS:
        raise QueryError(
            f"The query has more than {MOST_CHARACTERS:,} characters",
            MOST_CHARACTERS,
            "shorten it",
        )
    depth = 0
    for at, sign in enumerate(source):
        depth += (sign == "(") - (sign == ")")
        if depth > _DEEPEST:
            raise QueryError("Parentheses are too deep", at, "nest 50 at most")


def _explained(source: str, error: UnexpectedInput) -> QueryError:
    at: int | None = getattr(error, "pos_in_stream", None)
    token = getattr(error, "token", None)
    if at is None or (isinstance(token, Token) and token.type == "$END"):
        at = len(source.rstrip())
    word = re.match(r"\w*", source[at:])
    name = word[0] if word else ""
    if name.lower() in FOREIGN:
        return _foreign(f"The command {name} {FOREIGN[name.lower()]}", at)
    if source[at : at + 1] == "(" and _SUBQUERY.search(source[:at]):
        return _foreign("A subquery asks one query for the values of another", at)
    is_start = not source[:at].strip() or source[:at].rstrip().endswith("|")
    what = repr(name or source[at : at + 1]) if at < len(source) else "the end"
    cure = f"a command is {_COMMANDS}" if is_start else _cure(source, at, error)
    if is_start and name.lower() in _OTHER_LANGUAGES:
        other = _OTHER_LANGUAGES[name.lower()]
        cure = f"this is {other}, and Logs Insights QL is read here: {cure}"
    return QueryError(f"Did not expect {what}", at, cure)


def _is_value(error: UnexpectedInput) -> bool:
    """Whether nothing but a value can stand at the place of the error."""
    names = ("accepts", "expected", "allowed")
    expected = next(filter(None, (getattr(error, name, None) for name in names)), ())
    return "NUMBER" in expected and not {"_PIPE", "_COMMA", "$END"} & set(expected)


def _foreign(what: str, at: int) -> QueryError:
    return QueryError(
        f"{what} and is not answered here",
        at,
        "leave it out, or ask CloudWatch itself",
        is_foreign=True,
    )


def _cure(source: str, at: int, error: UnexpectedInput) -> str:
    sign = source[at : at + 1]
    if sign and sign not in "\"'`-" and _is_value(error):
        return 'a field, a number, a "text" or a function stands here'
    if not sign:
        return "the command is not complete"
    if sign in "\"'`":
        return f"the text that begins here is not closed; write another {sign}"
    if sign == "-":
        return "a name with a hyphen stands between `backticks`"
    return "commands are separated by |, names of other signs stand in `backticks`"


def _path(written: str) -> str:
    """`a[0].`odd name`` as a.0.odd name; a name that stands in backticks as it is."""
    if written.startswith("`"):
        return written.strip("`")
    return re.sub(r"\[(\d+)\]", r".\1", written).replace("`", "")


def _compact(text: str) -> str:
    return "".join(text.split())


@v_args(meta=True)
class _Builder(Transformer[Token, Any]):
    def __init__(self, source: str) -> None:
        super().__init__()
        self._source = source

    def start(self, meta: Meta, parts: list[Any]) -> tuple[ast.Command, ...]:
        return tuple(part for part in parts if part is not None)

    def name(self, meta: Meta, parts: list[Token]) -> ast.Name:
        return ast.Name(_path(parts[0]))

    def field(self, meta: Meta, parts: list[ast.Name]) -> ast.Name:
        return parts[0]

    def named(self, meta: Meta, parts: list[Any]) -> ast.Named:
        written = self._source[meta.start_pos : meta.end_pos].strip()
        alias = parts[1].path if len(parts) > 1 else written.strip("`")
        return ast.Named(parts[0], alias)

    def fields(self, meta: Meta, parts: list[ast.Named]) -> ast.Fields:
        return ast.Fields(tuple(parts))

    def display(self, meta: Meta, parts: list[ast.Named]) -> ast.Display:
        return ast.Display(tuple(parts))

    def filter(self, meta: Meta, parts: list[ast.Expression]) -> ast.Filter:
        return ast.Filter(parts[0])

    def by(self, meta: Meta, parts: list[ast.Named]) -> list[ast.Named]:
        return parts

    def stats(self, meta: Meta, parts: list[Any]) -> ast.Stats:
        by = tuple(parts.pop()) if isinstance(parts[-1], list) else ()
        return ast.Stats(tuple(parts), by)

    def key(self, meta: Meta, parts: list[Any]) -> ast.SortKey:
        is_descending = len(parts) > 1 and parts[1].lower() == "desc"
        return ast.SortKey(parts[0], is_descending)

    def sort(self, meta: Meta, parts: list[ast.SortKey]) -> ast.Sort:
        return ast.Sort(tuple(parts))

    def limit(self, meta: Meta, parts: list[Token]) -> ast.Limit:
        rows = parts[0]
        if not rows.isdecimal() or not 0 < int(rows) <= MOST_ROWS:
            raise QueryError(
                f"{rows} rows cannot be given",
                rows.start_pos or 0,
                f"write a whole number from 1 to {MOST_ROWS:,}",
            )
        return ast.Limit(int(rows))

    def parse_glob(self, meta: Meta, parts: list[Any]) -> ast.Parse:
        source, rest = _parsed_field(parts)
        pattern = _unquoted(rest[0])
        names = tuple(one.path for one in rest[1:])
        if pattern.count("*") != len(names):
            raise QueryError(
                f"The pattern has {pattern.count('*')} stars for {len(names)} names",
                rest[0].start_pos or 0,
                "give each star one name",
            )
        return ast.Parse(source, pattern, names, is_regex=False)

    def parse_regex(self, meta: Meta, parts: list[Any]) -> ast.Parse:
        source, (token,) = _parsed_field(parts)
        pattern = expressions.as_re2(_regex(token), (token.start_pos or 0) + 1)
        names = expressions.group_names(pattern)
        if not names:
            raise QueryError(
                "The expression names no groups",
                token.start_pos or 0,
                "name what to keep: /user=(?<user>\\S+)/",
            )
        return ast.Parse(source, pattern, names, is_regex=True)

    def dedup(self, meta: Meta, parts: list[ast.Named]) -> ast.Dedup:
        return ast.Dedup(tuple(parts))

    def unnest(self, meta: Meta, parts: list[ast.Name]) -> ast.Unnest:
        return ast.Unnest(parts[0].path, parts[1].path)

    def any_of(self, meta: Meta, parts: list[ast.Expression]) -> ast.Expression:
        return _balanced("or", parts)

    def all_of(self, meta: Meta, parts: list[ast.Expression]) -> ast.Expression:
        return _balanced("and", parts)

    def negation(self, meta: Meta, parts: list[ast.Expression]) -> ast.Not:
        return ast.Not(parts[0])

    def binary(self, meta: Meta, parts: list[Any]) -> ast.Binary:
        left, operator, right = parts
        return ast.Binary(str(operator), left, right)

    def like(self, meta: Meta, parts: list[Any]) -> ast.Like:
        left, token = parts
        if token.type == "STRING":
            return ast.Like(left, _unquoted(token), is_regex=False)
        pattern = expressions.as_re2(_regex(token), (token.start_pos or 0) + 1)
        return ast.Like(left, pattern, is_regex=True)

    def unlike(self, meta: Meta, parts: list[Any]) -> ast.Not:
        return ast.Not(self.like(meta, parts))

    def options(self, meta: Meta, parts: list[Any]) -> tuple[ast.Expression, ...]:
        return tuple(parts)

    def within(self, meta: Meta, parts: list[Any]) -> ast.In:
        return ast.In(parts[0], parts[1])

    def without(self, meta: Meta, parts: list[Any]) -> ast.Not:
        return ast.Not(ast.In(parts[0], parts[1]))

    def sign(self, meta: Meta, parts: list[Any]) -> ast.Expression:
        if parts[0] == "+":
            return cast("ast.Expression", parts[1])
        if isinstance(parts[1], ast.Literal) and not isinstance(parts[1].value, str):
            return ast.Literal(-parts[1].value)
        return ast.Binary("-", ast.Literal(0), parts[1])

    def number(self, meta: Meta, parts: list[Token]) -> ast.Literal:
        text = parts[0]
        return ast.Literal(int(text) if text.isdecimal() else float(text))

    def string(self, meta: Meta, parts: list[Token]) -> ast.Literal:
        return ast.Literal(_unquoted(parts[0]))

    def period(self, meta: Meta, parts: list[Token]) -> ast.Period:
        amount, unit = re.findall(r"\d+|[a-z]+", parts[0].lower())
        return ast.Period(max(1, int(amount)), unit)

    def call(self, meta: Meta, parts: list[Any]) -> ast.Call:
        token, *arguments = parts
        if arguments and isinstance(arguments[0], Token):
            arguments = []  # count(*)
        text = self._source[meta.start_pos : meta.end_pos]
        _check_call(token, len(arguments))
        return ast.Call(token.lower(), tuple(arguments), _compact(text))


def _check_call(token: Token, arguments: int) -> None:
    allowed = ARITIES.get(token.lower()) or AGGREGATES.get(token.lower())
    at = token.start_pos or 0
    if allowed is None and token.lower() in FOREIGN:
        raise _foreign(f"{token} {FOREIGN[token.lower()]}", at)
    if allowed is None:
        raise QueryError(
            f"There is no function {token} here",
            at,
            "check its name in the list of functions, or ask CloudWatch itself",
            is_foreign=True,
        )
    fewest, most = allowed
    if not fewest <= arguments <= most:
        wanted = str(fewest) if fewest == most else f"{fewest} to {most}"
        raise QueryError(
            f"{token} was given {arguments} arguments", at, f"it takes {wanted}"
        )


def _balanced(operator: str, parts: list[ast.Expression]) -> ast.Expression:
    """Many alternatives lie side by side, so that the tree is not deep."""
    while len(parts) > 1:
        alone = parts[len(parts) & ~1 :]
        pairs = zip(parts[::2], parts[1::2], strict=False)
        parts = [ast.Binary(operator, left, right) for left, right in pairs] + alone
    return parts[0]


def _parsed_field(parts: list[Any]) -> tuple[ast.Expression, list[Any]]:
    if isinstance(parts[0], ast.Name):
        return parts[0], parts[1:]
    return ast.Name("@message"), parts


def _unquoted(token: str) -> str:
    return re.sub(r"\\([\"'\\])", r"\1", token[1:-1])


def _regex(token: str) -> str:
    return token[1:-1].replace("\\/", "/")
