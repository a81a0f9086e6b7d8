"""Regular expressions of queries: Java's in AWS, RE2's here."""

import re

import re2

from apps.monitoring.languages.insights.syntax import QueryError

_JAVA_NAMED = re.compile(r"\(\?<([A-Za-z]\w*)>")
_JAVA_ONLY = (
    (re.compile(r"\(\?<?[=!]"), "Looking ahead or behind"),
    (re.compile(r"\(\?>"), "An atomic group"),
    (re.compile(r"(?<!\\)[*+?}]\+"), "A possessive repetition"),
    (re.compile(r"(?<!\\)\\[1-9]"), "A reference to a group"),
)
_LONGEST = 2_000


def as_re2(source: str, position: int) -> str:
    """The same expression for RE2. Raises QueryError for what only Java has."""
    for sign, name in _JAVA_ONLY:
        match = sign.search(source)
        if match:
            raise QueryError(
                f"{name} is Java's and not understood here",
                position + match.start(),
                "write the expression without it, or run the query in AWS",
                is_foreign=True,
            )
    if len(source) > _LONGEST:
        raise QueryError("The expression is too long", position, "use 2,000 characters")
    found = _JAVA_NAMED.sub(r"(?P<\1>", source)
    try:
        re2.compile(found)
    except re2.error as error:
        raise QueryError(
            f"The regular expression is not valid ({error})",
            position,
            "check its brackets and repetitions",
        ) from error
    return found


def literal_of(source: str) -> str | None:
    """The text that an expression is, where it is no more than a text."""
    plain = re.sub(r"\\([^A-Za-z0-9])", "", source)
    if re.search(r"[.^$*+?{}\[\]()|\\]", plain):
        return None
    return re.sub(r"\\([^A-Za-z0-9])", r"\1", source)


def group_names(source: str) -> tuple[str, ...]:
    """Names of the groups of an expression of RE2, in their order."""
    groups: dict[str, int] = re2.compile(source).groupindex
    return tuple(sorted(groups, key=groups.__getitem__))
