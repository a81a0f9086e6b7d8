"""The grammar of Logs Insights QL, read by lark."""

from lark import Lark

QUERY = Lark(
    r"""
    start: command? (_PIPE command?)*
    ?command: fields | display | filter | stats | sort | limit | parse | dedup | unnest
    fields: _FIELDS named (_COMMA named)*
    display: _DISPLAY named (_COMMA named)*
    filter: _FILTER expression
    stats: _STATS named (_COMMA named)* by?
    by: _BY named (_COMMA named)*
    sort: _SORT key (_COMMA key)*
    key: expression ORDER?
    limit: _LIMIT NUMBER
    parse: _PARSE field? STRING _AS name (_COMMA name)* -> parse_glob
         | _PARSE field? REGEX -> parse_regex
    dedup: _DEDUP named (_COMMA named)*
    unnest: _UNNEST field _INTO name

    named: expression (_AS name)?
    field: name
    name: FIELD | QUOTED

    ?expression: both (_OR both)* -> any_of
    ?both: negated (_AND negated)* -> all_of
    ?negated: _NOT negated -> negation | comparison
    ?comparison: sum
        | sum COMPARES sum -> binary
        | sum (_LIKE | _MATCHES) (STRING | REGEX) -> like
        | sum _NOT _LIKE (STRING | REGEX) -> unlike
        | sum _IN options -> within
        | sum _NOT _IN options -> without
    options: "[" (sum (_COMMA sum)*)? "]"
    ?sum: product | sum SIGN product -> binary
    ?product: power | product (STAR | DIVIDES) power -> binary
    ?power: signed | signed POWER power -> binary
    ?signed: SIGN signed -> sign | atom
    ?atom: "(" expression ")"
        | NUMBER -> number
        | STRING -> string
        | PERIOD -> period
        | FIELD "(" (STAR | expression (_COMMA expression)*)? ")" -> call
        | name

    _PIPE: "|"
    _COMMA: ","
    _FIELDS.3: /fields\b/i
    _DISPLAY.3: /display\b/i
    _FILTER.3: /filter\b/i
    _STATS.3: /stats\b/i
    _SORT.3: /sort\s+by\b|sort\b|order\s+by\b/i
    _LIMIT.3: /(limit|head)\b/i
    _PARSE.3: /parse\b/i
    _DEDUP.3: /dedup\b/i
    _UNNEST.3: /unnest\b/i
    _INTO.3: /into\b/i
    _BY.3: /by\b/i
    _AS.3: /as\b/i
    _AND.3: /and\b/i
    _OR.3: /or\b/i
    _NOT.3: /not\b/i
    _IN.3: /in\b/i
    _LIKE.3: /like\b/i
    _MATCHES.3: "=~"
    ORDER.3: /(asc|desc)\b/i
    COMPARES.2: /!=|<=|>=|=|<|>/
    SIGN: /[+-]/
    STAR: "*"
    DIVIDES: /[\/%]/
    POWER: "^"
    PERIOD.3: /\d+\s*(?:milliseconds?|msecs?|ms|seconds?|secs?|s|minutes?|mins?
             |months?|mons?|mo|m|hours?|hrs?|h|days?|d|weeks?|w|quarters?|qtrs?|q
             |years?|yrs?|y)\b/xi
    NUMBER.2: /(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?/
    STRING: /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/s
    REGEX: /\/(?:[^\/\\\n]|\\.)+\//
    QUOTED: /`[^`]+`/
    FIELD: /[@A-Za-z_][\w.@]*(?:\[\d+\][\w.@]*|(?<=\.)`[^`]+`[\w.@]*)*/
    COMMENT: /#[^\n]*/
    %ignore COMMENT
    %ignore /\s+/
    """,
    parser="lalr",
    lexer="contextual",
    propagate_positions=True,
)
