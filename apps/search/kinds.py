"""Kinds of document, declared as data: what each field means and how it is found."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

_EXACT_SUFFIX = ".keyword"


class FieldType(StrEnum):
    """How values of a field compare."""

    KEYWORD = "keyword"  # the whole value, letter by letter
    TEXT = "text"  # contained words, letter case ignored
    NUMBER = "number"
    VERSION = "version"  # dotted numbers: 1.10 comes after 1.9
    ADDRESS = "address"  # IPv4, IPv6 and networks such as 10.0.0.0/8
    TIME = "time"
    BOOLEAN = "boolean"


@dataclass(frozen=True, slots=True)
class Field:
    """A declared field. Fields nobody declared are keywords, and just as findable."""

    path: str
    label: str
    type: FieldType = FieldType.KEYWORD
    help: str = ""


@dataclass(frozen=True)
class Kind:
    """What one kind of document is, and how it shows itself.

    `columns`: paths the table shows unless asked otherwise. `facets`: paths the
    sidebar opens with. `lookups`: exact values that a bare word may also name (ids
    which are not worth indexing as words). `not_words`: paths left out of the
    full text. `split_by`: the field that colours the histogram. `id_field`: the
    record's own id, by which people know it.

    `level_field` is shown as a chip in its own colour, named by `colours` from calm to
    grave. `stream_fields` name the stream a document belongs to, within which it has
    neighbours. `failure_field` marks what failed, by any value or by one of
    `failure_values`. `pages` are further looks at the same question, and `path_pages`
    pages that have a value in their path, by field: a word for it and the route.
    `collect_page` is where collecting it from AWS is switched on.

    `text_field`: where one field holds the whole text of a document, its words are
    those of the document and nothing else's are; it is found by words alone, and has
    neither facets nor an exact form. Such a kind is one of lines: pages show the field
    as running text, and times to the millisecond. `time_field`: the field that repeats
    the time of the document. Engines need not keep these two a second time.
    """

    name: str
    title: str
    one: str
    many: str
    fields: tuple[Field, ...]
    columns: tuple[str, ...]
    facets: tuple[str, ...]
    lookups: tuple[str, ...]
    not_words: frozenset[str]
    split_by: str
    id_field: str
    text_field: str = ""
    time_field: str = ""
    examples: tuple[tuple[str, str], ...] = ()
    link_pages: Mapping[str, str] = field(default_factory=dict)
    placeholder: str = "words, field:value, *part*"
    import_command: str = ""
    collect_page: str = "sources"
    level_field: str = ""
    colours: Mapping[str, str] = field(default_factory=dict)
    stream_fields: tuple[str, ...] = ()
    failure_field: str = ""
    failure_values: frozenset[str] = frozenset()
    pages: tuple[tuple[str, str], ...] = ()
    path_pages: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    @cached_property
    def kept_apart(self) -> frozenset[str]:
        """The paths that need no place of their own among the fields."""
        return frozenset(filter(None, (self.text_field, self.time_field)))

    def is_words(self, path: str) -> bool:
        """Whether the texts of a path belong to the words of a document."""
        if self.text_field:
            return path == self.text_field
        return path not in self.not_words

    @cached_property
    def by_path(self) -> Mapping[str, Field]:
        return {declared.path: declared for declared in self.fields}

    def field(self, path: str) -> Field:
        """The declared field, or an undeclared one as the keyword it is."""
        return self.by_path.get(path) or Field(path, path)

    def type_of(self, path: str) -> FieldType:
        return self.field(path).type

    def is_failure(self, values: Sequence[str]) -> bool:
        """Whether these values of `failure_field` say that something failed."""
        if not self.failure_values:
            return bool(values)
        return not self.failure_values.isdisjoint(values)

    def plain_path(self, field: str) -> str:
        """The path without the suffix that asks for the whole value of a text."""
        path = field.removesuffix(_EXACT_SUFFIX)
        return path if self.type_of(path) is FieldType.TEXT else field


class UnknownKind(LookupError):
    """No kind of this name is declared."""

    def __init__(self, name: str, known: tuple[str, ...]) -> None:
        super().__init__(f"There is no kind {name!r}; there is {', '.join(known)}.")
