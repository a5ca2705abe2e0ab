"""Random searches over few names and values, so that they often meet what records hold."""

from hypothesis import strategies as st

from aggregator.query.ast import (
    And,
    Comparison,
    Exists,
    Gap,
    Literally,
    Node,
    Not,
    Operator,
    Or,
    Range,
    Regex,
    Term,
    Test,
    Wildcard,
)

OPERATORS: tuple[Operator, ...] = (">", ">=", "<", "<=")

TEXT_FIELDS = ("service", "user", "exception_type", "message", "exception")
MADE_UP_FIELDS = (
    "a", "a.b", "a.b.c", "b.c", "A", 'we"ird; --', "Größe", "x/y~z", "place", "element", "name", "event",
    "user.id", "0", "a.0", "", "nowhere", "sent_source", "sent_source.b", "sent_observed",
)  # fmt: skip

ATOMS = (
    "error", "Error", "ERROR", "fehler", "Größe", "größe", "é", "e\u0301", "\u017f", "s", "\u0130",
    "a_b", "a", "b", "10", "500", " ", "-", ".", "/", "\n", '"', "\\", "%", "_", "*", "?", "'", "(",
    "日本", "\0",
)  # fmt: skip

INTEGERS = st.sampled_from([0, 1, -1, 5, 10, 500, 2**53, 2**53 + 1, 2**63, 2**64 + 1, 10**25, 10**25 + 1])
QUARTERS = st.integers(-8, 8).map(lambda quarters: quarters / 4)

texts = st.lists(st.sampled_from(ATOMS), max_size=4).map("".join)
numbers = (
    INTEGERS.map(str)
    | QUARTERS.map(str)
    | st.sampled_from(["500.0", "5.00", "1e1", "5E+2", "-0", "0.0", "true", "null", "[1]", '{"b":1}'])
)
values = texts | numbers


@st.composite
def wildcards(draw: st.DrawFn) -> Wildcard:
    pieces: list[str | Gap] = []
    for piece in draw(st.lists(st.sampled_from([*Gap, *ATOMS]), min_size=1, max_size=5)):
        if isinstance(piece, str) and pieces and isinstance(pieces[-1], str):
            pieces[-1] += piece
        elif piece is not Gap.ANY or pieces[-1:] != [Gap.ANY]:
            pieces.append(piece)
    if pieces == [Gap.ANY] or not any(isinstance(piece, Gap) for piece in pieces):
        pieces.append(Gap.ONE)
    return Wildcard(tuple(pieces))


regexes = st.sampled_from(["^a", "b$", "err.r", "[0-9]+", "(?i)ERROR", r"\\", "a|b", "^$", "/", "ß|ö"]).map(
    Regex
)
comparisons = st.builds(Comparison, st.sampled_from(OPERATORS), values)
ranges = st.builds(
    Range, st.none() | values, st.none() | values, low_included=st.booleans(), high_included=st.booleans()
).filter(lambda test: test.low is not None or test.high is not None)
of_words: st.SearchStrategy[Test] = values.map(Literally) | wildcards() | regexes
of_values: st.SearchStrategy[Test] = of_words | comparisons | ranges | st.just(Exists())

LEVEL_TEXTS = st.sampled_from(["error", "WARN", "Information", "crit", "5", "30", "trace2"])
of_levels: st.SearchStrategy[Test] = (
    LEVEL_TEXTS.map(Literally)
    | st.builds(Comparison, st.sampled_from(OPERATORS), LEVEL_TEXTS)
    | st.builds(
        Range, LEVEL_TEXTS, st.none() | LEVEL_TEXTS, low_included=st.booleans(), high_included=st.booleans()
    )
    | st.sampled_from(
        [Exists(), Wildcard(("w", Gap.ANY)), Wildcard((Gap.ANY, "R", Gap.ONE)), Regex("^e|warn")]
    )
)

TIME_TEXTS = st.sampled_from(
    [
        "2026-11-23",
        "2026-11-23T10",
        "2026-11-23T10:00:00.5Z",
        "2026",
        "now",
        "now-15m",
        "1795428000",
        "1795428000500",
    ]
)
of_times: st.SearchStrategy[Test] = (
    TIME_TEXTS.map(Literally)
    | st.builds(Comparison, st.sampled_from(OPERATORS), TIME_TEXTS)
    | st.builds(
        Range, st.none() | TIME_TEXTS, TIME_TEXTS, low_included=st.booleans(), high_included=st.booleans()
    )
    | st.just(Exists())
)

terms: st.SearchStrategy[Node] = st.one_of(
    st.builds(Term, st.none(), of_words | st.just(Exists())),
    st.builds(Term, st.sampled_from(TEXT_FIELDS + MADE_UP_FIELDS), of_values),
    st.builds(Term, st.just("level"), of_levels),
    st.builds(Term, st.sampled_from(["timestamp", "observed"]), of_times),
)


def nodes() -> st.SearchStrategy[Node]:
    return st.recursive(terms, _joined, max_leaves=6)


def _joined(operands: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    several = st.lists(operands, min_size=2, max_size=3).map(tuple)
    return (
        st.builds(And, several)
        | st.builds(Or, several)
        | operands.map(lambda node: node.operand if isinstance(node, Not) else Not(node))
    )
