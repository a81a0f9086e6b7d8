"""The grammar of filter expressions, and what lark's errors mean to people.

Source: "Use filter expressions" in the X-Ray developer guide and its examples.
"""

from __future__ import annotations

from lark import Lark, Token, UnexpectedCharacters, UnexpectedInput

from apps.tracing.traces.filters.syntax import FilterError

GRAMMAR = Lark(
    r"""
    start: any_of
    any_of: all_of (_OR all_of)*
    all_of: _one (_AND? _one)*
    _one: negated | "(" any_of ")" | condition | service | edge | by_id | cause | paths
    negated: (_BANG | _NOT) _one

    condition: keyword [comparison]
    keyword: WORD -> plain
           | _ANNOTATION "[" (WORD | TEXT) "]" -> bracketed
    comparison: (SAME | ORDER | CONTAINS | BEGINSWITH | ENDSWITH) value
    ?value: TEXT | NUMBER | TRUTH | WORD

    service: _SERVICE "(" [name] ")" [braces]
    edge: _EDGE "(" name "," name ")" [braces]
    by_id: id [braces]
    ?name: TEXT -> named
         | id
    id: _ID "(" id_part ("," id_part)* ")"
    id_part: WORD ":" TEXT
    cause: CAUSE [braces]
    ?braces: "{" any_of "}"

    paths: _JSON [SAME "#" json]
    ?json: TEXT | NUMBER | TRUTH | NULL
         | "[" [json ("," json)*] "]" -> array
         | "{" [member ("," member)*] "}" -> object
    member: TEXT ":" json

    _AND.4: /and(?![\w.-])/i
    _OR.4: /or(?![\w.-])/i
    _NOT.4: /not(?![\w.-])/i
    CONTAINS.4: /contains(?![\w.-])/i
    BEGINSWITH.4: /beginswith(?![\w.-])/i
    ENDSWITH.4: /endswith(?![\w.-])/i
    TRUTH.4: /(true|false)(?![\w.-])/i
    NULL.4: /null(?![\w.-])/
    CAUSE.4: /rootcause\.(fault|error|responsetime)
               \.(service|entity|exception)(?![\w.-])/ix
    _JSON.4: /(rootcause\.)?json(?![\w.-])/i
    _SERVICE.4: /service(?=\s*\()/i
    _EDGE.4: /edge(?=\s*\()/i
    _ID.4: /id(?=\s*\()/i
    _ANNOTATION.4: /annotation(?=\s*\[)/i
    SAME.3: /!=|=/
    ORDER.3: /<=|>=|<|>/
    _BANG.2: "!"
    TEXT: /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/s
    NUMBER: /-?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![\w.-])/
    WORD: /[^\W\d][\w-]*(?:\.[\w-]+)*/
    %ignore /\s+/
    """,
    parser="lalr",
    lexer="contextual",
)

_EXPECTED = (
    ("RBRACE", "AND, OR, a further condition or the closing }"),
    ("TEXT", 'a text in quotation marks, such as "api.example.com"'),
    ("RPAR", "a closing )"),
    ("NUMBER", "a number, true, false or a text in quotation marks"),
    ("COMMA", "a comma and the name of the service called"),
    ("COLON", 'a colon and a text, as in id(name: "web", type: "AWS::ECS")'),
    ("WORD", "a keyword such as fault, duration, http.url or service()"),
    ("HASH", "# and a list of root causes in JSON"),
    ("LPAR", "an opening ("),
    ("RSQB", "a closing ]"),
    ("$END", "AND, OR, a further condition or the end"),
)


def explained(source: str, error: UnexpectedInput) -> FilterError:
    """The error of the parser, said in the words of the expression."""
    token = getattr(error, "token", None)
    at = getattr(error, "pos_in_stream", None)
    is_end = isinstance(token, Token) and token.type == "$END"
    position = len(source.rstrip()) if is_end or at is None else int(at)
    found = "The expression ends"
    if position < len(source) and not is_end:
        found = f"Did not expect {_shown(source, position)}"
    elif is_end:
        found = "The expression ends too early"
    return FilterError(found, position, _wanted(error))


def _shown(source: str, position: int) -> str:
    rest = source[position : position + 20].split()
    return repr(rest[0]) if rest else repr(source[position])


def _wanted(error: UnexpectedInput) -> str:
    allowed = _allowed(error)
    return next(
        (text for name, text in _EXPECTED if name in allowed),
        "AND, OR or a further condition",
    )


def _allowed(error: UnexpectedInput) -> set[str]:
    """Names of what could have stood there."""
    if isinstance(error, UnexpectedCharacters):
        return set(error.allowed or ())
    return set(
        getattr(error, "accepts", None) or getattr(error, "expected", None) or ()
    )
