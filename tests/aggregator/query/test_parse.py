"""The search language's grammar."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.query.ast import (
    And,
    Comparison,
    Exists,
    Gap,
    Literally,
    MatchAll,
    Node,
    Not,
    Or,
    Range,
    Regex,
    Term,
    Wildcard,
)
from aggregator.query.errors import QueryError, QuerySyntaxError
from aggregator.query.parse import MAX_CHARACTERS, MAX_NESTING, parse
from aggregator.record.fields import LEVELS
from tests.aggregator.query.query_text import bare, query_text, quoted
from tests.aggregator.query.strategies import nodes

A, B, C, D = (Term(None, Literally(letter)) for letter in "abcd")


def about(field: str, text: str) -> Term:
    return Term(field, Literally(text))


def words(*texts: str) -> Node:
    return And(tuple(Term(None, Literally(text)) for text in texts))


def between(low: str | None, high: str | None, brackets: str = "[]") -> Range:
    return Range(low, high, low_included=brackets[0] == "[", high_included=brackets[1] == "]")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", MatchAll()),
        (" \t\n", MatchAll()),
        ("a", A),
        ('"a b"', Term(None, Literally("a b"))),
        (r'"say \"hi\" C:\temp \\"', Term(None, Literally('say "hi" C:\\temp \\'))),
        ("a b", And((A, B))),
        ("a AND b", And((A, B))),
        ("a b OR c d", Or((And((A, B)), And((C, D))))),
        ("a (b OR c)", And((A, Or((B, C))))),
        ("((a))", A),
        ("-a", Not(A)),
        ("!a", Not(A)),
        ("NOT a b", And((Not(A), B))),
        ("NOT -a", A),
        ("-(a OR b)", Not(Or((A, B)))),
        ("and or not to", words("and", "or", "not", "to")),
        ("ANDROID NOTE", words("ANDROID", "NOTE")),
        ('"OR"', Term(None, Literally("OR"))),
        ("a-b", Term(None, Literally("a-b"))),
        ("12:30:45", Term(None, Literally("12:30:45"))),
        ("https://host:8086/x", Term(None, Literally("https://host:8086/x"))),
        ("/api/v1/x", Term(None, Literally("/api/v1/x"))),
        ("a=b", Term(None, Literally("a=b"))),
        (r"a\ b\*\:", Term(None, Literally("a b*:"))),
        ("level:error", about("level", "error")),
        ("service:data-api", about("service", "data-api")),
        ("context.lineno:12", about("context.lineno", "12")),
        ("@version:1", about("@version", "1")),
        ("Größe:1", about("Größe", "1")),
        ('"my field":1', about("my field", "1")),
        ('"a:b":1', about("a:b", "1")),
        ('x:"a b"', about("x", "a b")),
        ('x:""', about("x", "")),
        ("path:/api/v1/x", about("path", "/api/v1/x")),
        ("url:http://h:1/", about("url", "http://h:1/")),
        ("mac:aa:bb", about("mac", "aa:bb")),
        ("x:-5", about("x", "-5")),
        ("x:NOT", about("x", "NOT")),
        ("-x:y", Not(about("x", "y"))),
        ("x!=y", Not(about("x", "y"))),
        ('"my field"!=y', Not(about("my field", "y"))),
        ("-x!=y", about("x", "y")),
        ("x:(a OR b)", Or((about("x", "a"), about("x", "b")))),
        ("x:(a -b >5)", And((about("x", "a"), Not(about("x", "b")), Term("x", Comparison(">", "5"))))),
        ("x!=(a OR b)", Not(Or((about("x", "a"), about("x", "b"))))),
        ("x:>500", Term("x", Comparison(">", "500"))),
        ("x:>=-1.5", Term("x", Comparison(">=", "-1.5"))),
        ("x:<a", Term("x", Comparison("<", "a"))),
        ('x:<="a b"', Term("x", Comparison("<=", "a b"))),
        ("x:> 5", Term("x", Comparison(">", "5"))),
        ("x:[1 TO 2]", Term("x", between("1", "2"))),
        ("x:{1 TO 2}", Term("x", between("1", "2", "{}"))),
        ("x:[1 TO 2}", Term("x", between("1", "2", "[}"))),
        ("x:{* TO -2]", Term("x", between(None, "-2", "{]"))),
        ('x:["a b" TO *]', Term("x", between("a b", None))),
        ("x:[* TO *]", Term("x", Exists())),
        ('x:["*" TO b]', Term("x", between("*", "b"))),
        ("x:[TO TO TO]", Term("x", between("TO", "TO"))),
        ("x:*", Term("x", Exists())),
        ("x:**", Term("x", Exists())),
        ("*", Term(None, Exists())),
        ('x:"*"', about("x", "*")),
        ("a*", Term(None, Wildcard(("a", Gap.ANY)))),
        ("x:*a?b**", Term("x", Wildcard((Gap.ANY, "a", Gap.ONE, "b", Gap.ANY)))),
        ("/a|b c/", Term(None, Regex("a|b c"))),
        (r"x:/^\/api\/\d+$/", Term("x", Regex(r"^/api/\d+$"))),
        ("(/a/)", Term(None, Regex("a"))),
        ("timestamp:[2026-11-23T10:00 TO now]", Term("timestamp", between("2026-11-23T10:00", "now"))),
        ("level:>=warning", Term("level", Comparison(">=", "warning"))),
    ],
)
def test_search_means(text: str, expected: Node) -> None:
    assert parse(text) == expected


@pytest.mark.parametrize(
    ("text", "column", "message", "expected"),
    [
        ("level:", 7, "expected a value right after 'level:'", ("a value",)),
        ("Error: no such file", 7, "text with a colon needs quotes", ("a value",)),
        ('a "b c": d', 9, "right after '\"b c\":'", ("a value",)),
        ("level!=", 8, "expected a value after '!='", ("a value",)),
        ("x:>", 4, "expected a value", ("a value",)),
        ("level:eror", 7, "'eror' is not a level", LEVELS),
        ("a level:(info OR eror)", 18, "'eror' is not a level", LEVELS),
        ("(a", 3, "expected ')'", ("')'",)),
        ("x:(a OR b", 10, "expected ')'", ("')'",)),
        ("a)", 2, "closes nothing", ()),
        ("()", 2, "expected a word, a phrase or a field", ("a word", "a phrase", "a field")),
        ("a OR", 5, "after 'OR'", ("a word", "a phrase", "a field")),
        ("OR a", 1, "expected a word, a phrase or a field", ("a word", "a phrase", "a field")),
        ("a OR AND b", 6, "expected a word, a phrase or a field", ("a word", "a phrase", "a field")),
        ("a - b", 3, "put it in quotes", ("a word", "a phrase", "a field", "AND", "OR")),
        ("level:error | count", 13, "'|' is reserved", ()),
        ('say "hello', 11, "to close the one in column 5", ("'\"'",)),
        ("a\\", 3, "expected a character after", ("a character",)),
        ("x:[1 2]", 6, "expected TO", ("TO",)),
        ("x:[1 TO ", 8, "expected a value", ("a value",)),
        ("x:[1 TO 2", 10, "expected ']' or '}'", ("']'", "'}'")),
        ("list[0]", 5, "put it in quotes", ("a word", "a phrase", "a field", "AND", "OR")),
        ("a b>5", 4, "put it in quotes", ("a word", "a phrase", "a field", "AND", "OR")),
        ("timestamp:>yesterday", 12, "'yesterday' is not a time", None),
        ("timestamp:[now TO 2026-13]", 11, "'2026-13' is not a time", None),
        ("timestamp:2026*", 11, "a time has no pattern", None),
        ("x:/a(b/", 3, "not a regular expression: missing )", ("a regular expression",)),
        ("a \ud800", 3, "half of a pair", ()),
        ("a" * (MAX_CHARACTERS + 1), MAX_CHARACTERS + 1, "at most 4096 characters", ()),
        ("(" * (MAX_NESTING + 1), MAX_NESTING + 1, "more than 50 brackets", ()),
    ],
)
def test_error_names_column_and_what_was_expected(
    text: str, column: int, message: str, expected: tuple[str, ...] | None
) -> None:
    with pytest.raises(QuerySyntaxError) as raised:
        parse(text)
    error = raised.value
    assert error.column == column
    assert message in error.message
    assert expected is None or error.expected == expected
    assert str(error) == f"column {column}: {error.message}"
    assert isinstance(error, QueryError)


def test_terms_know_their_column() -> None:
    node = parse('a x:"b" OR y:>5')
    assert isinstance(node, Or)
    both, last = node.operands
    assert isinstance(both, And)
    assert [term.column for term in (*both.operands, last) if isinstance(term, Term)] == [1, 5, 15]


def test_deepest_nesting_is_accepted() -> None:
    assert parse("(" * MAX_NESTING + "a" + ")" * MAX_NESTING) == A


def test_as_many_negations_as_fit_are_accepted() -> None:
    assert parse("-" * (MAX_CHARACTERS - 1) + "a") == Not(A)


def test_as_many_alternatives_as_fit_are_accepted() -> None:
    node = parse(" OR ".join("a" for _ in range(800)))
    assert isinstance(node, Or)
    assert len(node.operands) == 800


SOUP = st.lists(
    st.sampled_from(
        [
            '"',
            "(",
            ")",
            "[",
            "]",
            "{",
            "}",
            ":",
            "!=",
            ">",
            "<=",
            "-",
            "!",
            "*",
            "?",
            "\\",
            "/",
            "|",
            "AND",
            "OR",
            "NOT",
            "TO",
            "a",
            "level",
            "timestamp",
            "now-1h",
            "5",
            "x:",
            "x:(",
            "x:[",
        ]
    )
    | st.sampled_from([" ", "\n", "\ud800", "\0"]),
    max_size=25,
).map("".join)


@given(st.text() | SOUP)
def test_any_text_is_parsed_or_refused_with_a_column(text: str) -> None:
    column = 1
    try:
        parse(text)
    except QuerySyntaxError as error:
        column = error.column
    assert 1 <= column <= len(text) + 1


@given(nodes())
def test_written_tree_parses_back(node: Node) -> None:
    assert parse(query_text(node, quoted)) == node
    assert parse(query_text(node, bare)) == node


def test_threads_share_the_parser() -> None:
    texts = [f'level:error a{number} (x:[{number} TO *] OR "b {number}")' for number in range(200)]
    expected = [parse(text) for text in texts]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(parse, texts)) == expected
