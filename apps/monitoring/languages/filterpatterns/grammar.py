"""The grammar of `{...}` patterns, and what lark's errors mean to people."""

from lark import Lark, Token, UnexpectedCharacters, UnexpectedInput

from apps.monitoring.languages.filterpatterns.errors import PatternError

OBJECT = Lark(
    r"""
    start: "{" any_of "}"
    any_of: all_of ("||" all_of)*
    all_of: condition ("&&" condition)*
    ?condition: "(" any_of ")" | SELECTOR OPERATOR VALUE -> compares
              | SELECTOR TEST -> tests
    SELECTOR.3: /\$(?:\.[^\s.\[\]=!<>()&|{}"',%*]+
                 |\.?\[(?:\d+|\*|"(?:[^"\\]|\\.)*"|'[^']*')\])+/x
    OPERATOR.2: /!=|<=|>=|=|<|>/
    TEST.2: /IS\s+NULL|IS\s+TRUE|IS\s+FALSE|NOT\s+EXISTS/i
    VALUE: /"(?:[^"\\]|\\.)*"|%(?:[^%\\]|\\.)*%|[\w.*:\/@+\-#$~?^]+/
    %ignore /\s+/
    """,
    parser="lalr",
    lexer="contextual",
)

_EXPECTED = (
    ("SELECTOR", "a property such as $.status or $.items[0].id"),
    ("OPERATOR", "= != < <= > >=, IS NULL, IS TRUE, IS FALSE or NOT EXISTS"),
    ("VALUE", 'a number, a word or "a text"'),
    ("RBRACE", "&&, || or } at the end"),
    ("LBRACE", "{ at the beginning"),
    ("$END", "nothing behind the closing }"),
)
_UNSUPPORTED = {
    "IS NOT": "CloudWatch has no IS NOT; write the opposite with != or NOT EXISTS",
    "EXISTS": 'CloudWatch has no EXISTS; compare with = "*" instead',
}


def explained(source: str, error: UnexpectedInput) -> PatternError:
    """The error of the parser, said in the words of the pattern."""
    at: int = getattr(error, "pos_in_stream", 0)
    token = getattr(error, "token", None)
    is_end = isinstance(token, Token) and token.type == "$END"
    position = len(source.rstrip()) if is_end else at
    rest = " ".join(source[position:].upper().split())
    for words, cure in _UNSUPPORTED.items():
        if rest.startswith(words):
            return PatternError(f"{words} is not understood", position, cure)
    allowed = _allowed(error)
    cure = next(
        (f"expected {text}" for name, text in _EXPECTED if name in allowed),
        "check the pattern here",
    )
    what = repr(source[position]) if position < len(source) else "the end"
    return PatternError(f"Did not expect {what}", position, cure)


def _allowed(error: UnexpectedInput) -> set[str]:
    """Names of what could have stood there."""
    if isinstance(error, UnexpectedCharacters):
        return set(error.allowed or ())
    return set(
        getattr(error, "accepts", None) or getattr(error, "expected", None) or ()
    )
