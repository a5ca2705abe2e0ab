"""What a search finds in DuckDB, one behaviour at a time."""

from typing import TYPE_CHECKING

import pytest

from aggregator.query.ast import Literally, Range, Term, Wildcard
from aggregator.query.errors import QueryValueError
from aggregator.query.parse import parse
from aggregator.query.sql import compile_filter
from tests.aggregator.query.relation import Relation

if TYPE_CHECKING:
    from tests.aggregator.query.oracle import Record

NOW_NS = 1795428000_000000000  # 2026-11-23T10:00:00Z


def found(search: str, *values: str | None, field: str, own_column: bool = True) -> list[str | None]:
    """The values that a search lets through, each in a record of its own; None stands for an absent field."""
    records: list[Record] = [
        {"timestamp": NOW_NS} if value is None else {"timestamp": NOW_NS, field: value} for value in values
    ]
    with Relation(records, [field] if own_column else []) as relation:
        return [values[number] for number in relation.search(parse(search), NOW_NS)]


@pytest.mark.parametrize(
    ("search", "matching", "other"),
    [
        (
            "error",
            ["error", "an ERROR!", "error: x", "(Error)", "x\nerror\ny"],
            ["errors", "error_code", "terror"],
        ),
        (
            '"partial write"',
            ["a Partial Write.", "partial write"],
            ["partial  write", "partial writes", "write"],
        ),
        ("größe", ["GRÖSSE Größe", "die GRÖßE"], ["übergröße", "große"]),
        ("e", ["e", "e-mail"], ["e\u0301", "ee"]),
        ("42", ["42 ms", "-42"], ["142", "42ms"]),
        ("user_id", ["user_id=3"], ["user", "my_user_id"]),
        ("/api/v1", ["GET /api/v1/x", "x/api/v1"], ["/api/v12", "/api"]),
        ('"->"', ["a->b", "->"], ["-", ">"]),
        ('"100%_"', ["100%_"], ["100xx", "100%_a"]),
        ("kitchen*", ["kitchen", "Kitchen_temp"], ["a_kitchen", "kitche"]),
        ("*temp", ["kitchen_temp", "temp"], ["temperature"]),
        ("*chen_te*", ["sensor.kitchen_temp_1"], ["kitchen temp"]),
        ("kit*temp", ["kitchen_temp", "kittemp"], ["kitchen temp"]),
        ("h?t", ["hot", "HIT"], ["ht", "h t", "hoot", "shot"]),
        ("??", ["ab", "a bc d"], ["a", "abc d"]),
        ("-error", ["fine", ""], ["error"]),
        ("", ["anything", ""], []),
        ("err OR warn", ["err", "warn"], ["error"]),
        ("a b", ["b a"], ["a", "b"]),
        ("/err.r [0-9]+$/", ["an error 12"], ["Error 12", "error 12\n"]),
        ("/(?i)ERR/", ["error"], ["er"]),
        ("*", ["anything", ""], []),
        ('""', [""], ["a"]),
        ("message:Error", ["an error"], ["errors"]),
        ("message:*", ["x"], []),
    ],
)
def test_words_are_found_in_running_text(search: str, matching: list[str], other: list[str]) -> None:
    assert found(search, *matching, *other, field="message") == matching
    if not search.startswith("message"):
        assert found(search, *matching, *other, field="exception") == matching


@pytest.mark.parametrize("own_column", [True, False], ids=["own column", "in the rest"])
@pytest.mark.parametrize(
    ("search", "matching", "other"),
    [
        ("x:on", ['"on"', '"\\u006fn"'], ['"ON"', '"on "', "1", "null", None]),
        ('x:"a/b"', ['"a/b"', '"a\\/b"'], ['"a"']),
        ('x:"say \\"hi\\""', ['"say \\"hi\\""'], ['"say hi"']),
        ("x:500", ["500", "500.0", "5e2", '"500"'], ["501", '"500.0"', '"0500"', "null", None]),
        ("x:1.10", ["1.10", "1.1", '"1.10"'], ['"1.1"']),
        ("x:true", ["true", '"true"'], ["false", "1"]),
        ("x:null", ['"null"'], ["null", None]),
        ('x:""', ['""'], ["null", '" "', None]),
        ("x:9007199254740993", ["9007199254740993"], ["9007199254740992", "9007199254740994"]),
        ("x:>9007199254740993", ["9007199254740994", "1e300"], ["9007199254740993", "-1"]),
        ("x:>500", ["501", "500.5", '"600"', "1e3"], ["500", '"abc"', "true", "null", '""', None]),
        ("x:>=-1.5", ["-1.5", "0"], ["-2"]),
        ("x:<5", ["4", "-1"], ["5", '"a"', "[]", "{}", None]),
        ("x:<=b", ['"a"', '"b"', '""', '"5"'], ['"c"', "5", "true"]),
        ("x:[1 TO 3]", ["1", "2", "3"], ["0", "4"]),
        ("x:{1 TO 3}", ["2"], ["1", "3"]),
        ("x:[1 TO 3}", ["1", "2"], ["3"]),
        ("x:[2 TO *]", ["2", "99"], ["1", "null"]),
        ("x:[a TO b]", ['"a"', '"aa"', '"b"'], ['"bb"', "1"]),
        ("x:a.b*", ['"a.b"', '"a.b_1"'], ['"c.a.b"', '"aXb"']),
        ("x:*_1", ['"a_1"', '"_1"'], ['"a_11"', '"a1"']),
        ("x:*a%b*", ['"xa%by"'], ['"a_b"']),
        ("x:a?c*e", ['"abcde"', '"abce"', '"a\\nce"'], ['"ace"', '"abcdex"']),
        ("x:5*", ["500", '"5"', "5"], ["400", '"45"']),
        ("x:/^a.c$/", ['"abc"'], ['"xabc"', '"ABC"']),
        ("x:(a OR 2)", ['"a"', "2"], ['"b"']),
        ("x:*", ["1", '""', "false", "[]"], ["null", None]),
        ("x!=a", ['"b"', "null", "1", None], ['"a"']),
        ("-x:>5", ["5", '"a"', "null", None], ["6"]),
        ("x:a", ['["b","a"]', '"a"'], ['["b"]', "[]", '[["a"]]', '{"a":1}']),
        ("x:>5", ["[1,6]"], ["[1,5]", '["a"]', "[null]"]),
        ("x:[2 TO 4]", ["[9,3]"], ["[1,5]"]),
        ("x.y:1", ['{"y":1}', '{"y":[2,1]}'], ['{"y":2}', '{"z":1}', "1", '"y"', None]),
        ("x.y.z:1", ['{"y":{"z":1}}', '{"y.z":1}'], ['{"y":1}', '{"z":1}']),
        ("x.0.y:1", ['[{"y":1}]', '{"0":{"y":1}}'], ['[{"y":2},{"y":1}]']),
        ('"x.a/b~c":1', ['{"a/b~c":1}'], ['{"a":1}']),
        ("x.y:*", ['{"y":0}'], ['{"y":null}', "{}", None]),
        ("x:*b*", ['{ "b" : 1 }', '["b"]'], ['"a"']),
        ("X:1", [], ["1"]),
    ],
)  # fmt: skip
def test_fields_that_senders_made_up(
    search: str, matching: list[str | None], other: list[str | None], own_column: bool
) -> None:
    assert found(search, *matching, *other, field="x", own_column=own_column) == matching


@pytest.mark.parametrize(
    ("search", "matching", "other"),
    [
        ("service:data-api", ["data-api"], ["Data-API", "data-api-2", None]),
        ("service:data*", ["data-api"], ["my-data"]),
        ("service.name:data-api", ["data-api"], ["x", None]),
        ("app:(a OR b)", ["a", "b"], ["c"]),
        ("service:*", ["a", ""], [None]),
        ("service!=a", ["b", None], ["a"]),
        ("service:>b", ["c"], ["a", "b", None]),
        ("service:>5", ["10", "6"], ["5", "a", "nan", ""]),
        ("service:/^d/", ["data"], ["my-data"]),
    ],
)
def test_text_fields_are_exact(search: str, matching: list[str | None], other: list[str | None]) -> None:
    assert found(search, *matching, *other, field="service") == matching


@pytest.mark.parametrize(
    ("search", "matching"),
    [
        ("level:error", ["ERROR"]),
        ("level:Warn", ["WARNING"]),
        ("severity:err", ["ERROR"]),
        ("level:>=warning", ["WARNING", "ERROR", "CRITICAL"]),
        ("level:>warning", ["ERROR", "CRITICAL"]),
        ("level:<info", ["TRACE", "DEBUG"]),
        ("level:<=info", ["TRACE", "DEBUG", "INFO"]),
        ("level:[debug TO warn}", ["DEBUG", "INFO"]),
        ("level:[error TO *]", ["ERROR", "CRITICAL"]),
        ("level:>critical", []),
        ("level:*R*", ["TRACE", "WARNING", "ERROR", "CRITICAL"]),
        ("level:/^(warn|err)/", ["WARNING", "ERROR"]),
        ("level:17", ["ERROR"]),
        ("level:*", ["TRACE", "DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]),
        ("-level:*", [None]),
        ("level!=info", ["TRACE", "DEBUG", "WARNING", "ERROR", "CRITICAL", None]),
    ],
)
def test_levels_are_ordered_and_known_by_any_spelling(search: str, matching: list[str | None]) -> None:
    levels = ["TRACE", "DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL", None]
    assert found(search, *levels, field="level") == matching


@pytest.mark.parametrize(
    ("search", "matching"),
    [
        ("timestamp:2026-11-23", [0, 1, 2, 3]),
        ("timestamp:2026-11-23T09:45", [1]),
        ("timestamp:>=now-15m", [1, 2, 3, 4]),
        ("timestamp:>now-15m", [2, 3, 4]),
        ("timestamp:<2026-11-23T09:45:00Z", [0]),
        ("timestamp:>2026-11-23", [4]),
        ("timestamp:[2026-11-23T11:45+02:00 TO now]", [1, 2]),
        ("timestamp:{now TO *]", [3, 4]),
        ("timestamp:1795428000", [2, 3]),
        ("-timestamp:2026-11-23", [4]),
        ("timestamp:*", [0, 1, 2, 3, 4]),
    ],
)
def test_times(search: str, matching: list[int]) -> None:
    minute_ns = 60 * 10**9
    times_ns = [
        NOW_NS - 60 * minute_ns,
        NOW_NS - 15 * minute_ns,
        NOW_NS,
        NOW_NS + 1,
        NOW_NS + 24 * 60 * minute_ns,
    ]
    with Relation([{"timestamp": time_ns, "observed": time_ns} for time_ns in times_ns]) as relation:
        assert relation.search(parse(search), NOW_NS) == matching
        assert relation.search(parse(search.replace("timestamp", "observed")), NOW_NS) == matching


def test_unknown_field_matches_nothing_and_its_negation_everything() -> None:
    assert found("nowhere:1", '"a"', field="x") == []
    assert found("nowhere:*", '"a"', field="x") == []
    assert found("-nowhere:1", '"a"', None, field="x") == ['"a"', None]
    assert found("nowhere!=1 x:a", '"a"', None, field="x") == ['"a"']


def test_names_of_fields_know_case_though_columns_do_not() -> None:
    with Relation([{"Status": "1", "status": "2"}], ["Status", "status"]) as relation:
        assert relation.search(parse("Status:1 status:2"), NOW_NS) == [0]
        assert relation.search(parse("Status:2 OR status:1 OR STATUS:1"), NOW_NS) == []


def test_another_name_finds_the_record_field_and_a_field_of_that_very_name() -> None:
    records: list[Record] = [{"logger": "a"}, {"logger": "b", "name": '"a"'}, {"name": '"b"'}]
    with Relation(records) as relation:
        assert relation.search(parse("name:a"), NOW_NS) == [0, 1]
        assert relation.search(parse("logger:a"), NOW_NS) == [0]


def test_dots_reach_a_field_wherever_it_stands() -> None:
    records: list[Record] = [
        {"a.b.c": "1"},
        {"a": '{"b.c":1}'},
        {"a.b": '{"c":1}'},
        {"a": '{"b":{"c":1}}'},
        {"a": "1"},
    ]
    for with_column in ([], ["a"], ["a.b"], ["a.b.c"], ["a", "a.b", "a.b.c"]):
        with Relation(records, with_column) as relation:
            assert relation.search(parse("a.b.c:1"), NOW_NS) == [0, 1, 2, 3]


@pytest.mark.parametrize(
    "name", ['we"ird', "x; DROP TABLE records; --", "ünï cödé", "'", "place", "element", "%", "\\", "a\nb"]
)
def test_any_name_of_a_field_can_be_searched(name: str) -> None:
    written = name.replace("\\", "\\\\").replace('"', '\\"')
    for own_column in (True, False):
        assert found(f'"{written}":1', "1", "2", field=name, own_column=own_column) == ["1"]


ATTACKS = [
    "' OR 1=1 --", '" OR ""="', "'; DROP TABLE records; --", "?", "$1", "{}", "%s", "\\'", "*/", "\0",
    "') OR ('1'='1", "]", "$.*", "/*", "lambda x: true",
]  # fmt: skip


def search_for(text: str) -> str:
    quoted = '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return (
        f"{quoted} OR x:{quoted} OR x:>{quoted} OR x:[{quoted} TO {quoted}] OR {quoted}:1 OR x.y:{quoted}"
        f" OR service:{quoted} OR message:{quoted}"
    )


@pytest.mark.parametrize("attack", ATTACKS)
def test_text_of_a_search_never_becomes_sql(attack: str) -> None:
    records: list[Record] = [{"timestamp": NOW_NS, "message": "harmless", "x": "0", "service": "!"}]
    with Relation(records, ["x"]) as relation:
        assert relation.search(parse(search_for(attack)), NOW_NS) == []
        condition = compile_filter(parse(search_for(attack)), relation.columns, NOW_NS, rest="_rest")
    assert all(fragment not in condition.sql for fragment in ("DROP", "1=1", "%s", "$1", "lambda x"))


def test_damaged_json_does_not_break_a_search() -> None:
    records: list[Record] = [{"x": raw} for raw in ('"\\ud800"', '{"y":1}', '{"y":', "[1,", "")]
    with Relation(records, ["x"], json_type="VARCHAR") as relation:
        assert relation.search(parse('x.y:1 OR x:/a/ OR x:>5 OR x:"\\\\"'), NOW_NS) == [1]


def test_condition_can_be_joined_to_others() -> None:
    condition = compile_filter(parse("a OR b"), {"message": "message"}, NOW_NS)
    assert condition.sql.startswith("(")
    assert condition.sql.endswith(")")
    assert condition.sql.count("?") == len(condition.parameters)


def test_time_pattern_built_by_hand_is_refused() -> None:
    for test in (
        Wildcard(("2026",)),
        Literally("yesterday"),
        Range("now", "soon", low_included=True, high_included=True),
    ):
        with pytest.raises(QueryValueError):
            compile_filter(Term("timestamp", test), {"timestamp": "timestamp"}, NOW_NS)


def test_longest_search_with_deepest_names_still_compiles_and_runs() -> None:
    name = ".".join("abcdefghijklmnop")
    search = " OR ".join(f"{name}:{number}" for number in range(100))
    assert found(search, "1", field=name) == ["1"]
    assert found(search, "1", field=name, own_column=False) == ["1"]
