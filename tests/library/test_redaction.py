import contextvars
import dataclasses
import json
import re
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
import structlog
from hypothesis import given, settings
from hypothesis import strategies as st

from ha_ingestor_logging import configure, get_logger
from ha_ingestor_logging.redaction import Redactor
from ha_ingestor_logging.rendering import Renderer
from ha_ingestor_logging.secret_patterns import MARK
from tests.library.capturing import Capture
from tests.library.recording_aggregator import RecordingAggregator
from tests.library.secrets_for_tests import BASIC, IN_CONTEXT, LONG_LIVED_TOKEN, SHAPED

if TYPE_CHECKING:
    from ha_ingestor_logging.entry import Entry


def render(
    event: object = "message",
    *args: object,
    redactor: Redactor | None = None,
    bound: dict[str, Any] | None = None,
    **fields: Any,
) -> str:
    entry: Entry = (1, 20, "logger", contextvars.copy_context(), bound or {}, event, args, fields)
    line = Renderer("service", "host", redactor or Redactor()).render(entry)
    assert line is not None
    return line.decode()


@pytest.mark.parametrize("secret", SHAPED.values(), ids=SHAPED.keys())
@pytest.mark.parametrize("around", ["{}", "got {}.", "x {} y", "'{}'", '{{"a": "{}"}}', "line\\n{}"])
def test_a_secret_is_known_by_its_shape(secret: str, around: str) -> None:
    text = Redactor().text(around.format(secret))
    assert secret not in text
    assert text == around.format(MARK)


@pytest.mark.parametrize(("text", "secret"), IN_CONTEXT)
def test_a_secret_is_known_by_what_stands_around_it(text: str, secret: str) -> None:
    assert secret in text
    redacted = Redactor().text(text)
    assert secret not in redacted
    assert MARK in redacted
    assert Redactor().text(redacted) == redacted


@pytest.mark.parametrize(
    "text",
    [
        "token refreshed",
        "the basic authentication of the broker",
        "Basic authentication failed",
        "author: Jane, keyboard: qwerty, monkey=1",
        "max_tokens=512 used",
        "pass: 12 of 12, pass=12 fail=0",
        "the tests pass 'em all, bypass=on, passport=x, kWpw",
        "auth: failed for anna",
        "http://host:8123/api?mail=anna@example.org",
        "http://homeassistant.local:8123/lovelace",
        "mail to anna@example.org",
        "password=None token=null",
        "Europe/Asia ASIA",
        "disk_usage_of_the_first_partition_2",
        "sensor.kitchen_temperature==21",
        "2026-11-25T09:46:40Z state_changed sensor.kitchen 21.5 → 21.7",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert Redactor().text(text) == text


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("mqtt://ha:word@broker:1883/x", f"mqtt://ha:{MARK}@broker:1883/x"),
        ("a?token=word&b=1", f"a?token={MARK}&b=1"),
        ("{'Authorization': 'Basic x y', 'b': 1}", f"{{'Authorization': {MARK}, 'b': 1}}"),
        ("pass=word, pw: word", f"pass={MARK} pw: {MARK}"),
        ("user=anna password=word host=x", f"user=anna password={MARK} host=x"),
    ],
)
def test_what_stands_around_a_secret_is_kept(text: str, redacted: str) -> None:
    assert Redactor().text(text) == redacted


@pytest.mark.parametrize(
    "name",
    [
        "password",
        "mqtt_password",
        "PASSWD",
        "pass",
        "mqtt_pass",
        "pw",
        "ssh_key",
        "Passwort",
        "wlan_kennwort",
        "X-API-Key",
        "apiKey",
        "accessToken",
        "refresh_token",
        "tokens",
        "Authorization",
        "auth",
        "psk",
        "proxy-authorization",
        "Set-Cookie",
        "cookies",
        "client_secret",
        "aws_secret_access_key",
        "network_key",
        "webhook_id",
        "credentials",
    ],
)
def test_a_field_is_known_by_its_name(name: str) -> None:
    field: dict[str, Any] = {name: "plain-word"}
    assert "plain-word" not in render(**field)
    assert "plain-word" not in render(bound=field)
    field[name] = ["plain-word", {"x": "plain-word"}]
    assert "plain-word" not in render(**field)
    assert "plain-word" not in render(nested={"a": [{name: "plain-word"}]})
    assert "plain-word" not in render(pairs=[(name, "plain-word")])


@pytest.mark.parametrize(
    "name", ["token_count", "passed", "bypass", "pwm", "author", "keyboard", "secret_name", "api_key_id"]
)
def test_a_name_that_only_resembles_one_stays(name: str) -> None:
    field: dict[str, Any] = {name: "plain"}
    assert json.loads(render(**field))[name] == "plain"
    assert json.loads(render(x={name: "plain"}))["x"] == {name: "plain"}


def test_flags_counts_and_nothing_under_a_secrets_name_stay() -> None:
    record = json.loads(render(password=None, token=True, secret="", max_tokens=512, x={"token": None}))
    assert (record["password"], record["token"], record["secret"]) == (None, True, "")
    assert (record["max_tokens"], record["x"]) == (512, {"token": None})
    assert json.loads(render(passcode=1234))["passcode"] == MARK


def test_a_count_of_what_passed_stays() -> None:
    field: dict[str, Any] = {"pass": 12}
    assert json.loads(render(**field))["pass"] == 12


@pytest.mark.parametrize("option", ["--password", "--api-key", "-pass", "--pass"])
@pytest.mark.parametrize("kind", [list, tuple])
def test_a_secret_among_a_commands_arguments_is_hidden(option: str, kind: type) -> None:
    arguments = kind(["mysql", option, "plain-word", "-v"])
    assert json.loads(render(arguments=arguments))["arguments"] == ["mysql", option, MARK, "-v"]
    assert "plain-word" not in render(nested={"a": [arguments]})
    assert json.loads(render("run %s", arguments))["message"] == f"run {arguments}".replace(
        "'plain-word'", MARK
    )
    assert "plain-word" not in render(shown=json.dumps({"a": json.dumps(arguments)}))
    assert "plain-word" not in render(shown=" ".join(arguments)) or option == "-pass"


@dataclasses.dataclass
class Login:
    user: str
    password: str


class Client:
    def __repr__(self) -> str:
        return "<Client token='r3pr-t0ken'>"


def test_secrets_in_values_of_any_type_are_hidden() -> None:
    line = render(
        login=Login("anna", "d4ta-class"),
        client=Client(),
        header=b"Authorization: Bearer by-tes",
        error=ValueError("mqtt://u:err-or@h"),
        also={"Bearer in-a-set"},
        keys={LONG_LIVED_TOKEN: 1},
        large=[2**70, "password=b1g"],
        lone="\ud800 password=l0ne",
    )
    for secret in (
        "d4ta-class",
        "r3pr-t0ken",
        "by-tes",
        "err-or",
        "in-a-set",
        LONG_LIVED_TOKEN,
        "b1g",
        "l0ne",
    ):
        assert secret not in line
    assert json.loads(line)["login"] == {"user": "anna", "password": MARK}


def test_secrets_in_messages_and_their_arguments_are_hidden() -> None:
    line = render("connect %s with %s", "mqtt://u:w0rd@h", f"Basic {BASIC}")
    assert json.loads(line)["message"] == f"connect mqtt://u:{MARK}@h with Basic {MARK}"


def test_secrets_in_tracebacks_and_notes_are_hidden() -> None:
    error = RuntimeError(f"token {LONG_LIVED_TOKEN}")
    error.add_note("password=n0te")
    error.__cause__ = OSError("mqtt://u:inn3r@h refused")
    line = render(exc_info=(type(error), error, None))
    for secret in ("inn3r", LONG_LIVED_TOKEN, "n0te"):
        assert secret not in line
    assert "RuntimeError" in line


def test_secrets_in_structlogs_context_are_hidden() -> None:
    context = contextvars.copy_context()
    context.run(structlog.contextvars.bind_contextvars, token="c0ntext")
    line = Renderer("s", "h").render((1, 20, "l", context, {}, "m", (), {}))
    assert b"c0ntext" not in (line or b"c0ntext")


def test_fields_keep_their_order() -> None:
    record = json.loads(render("password=x", a=1, token="x", b=[1], c="d"))
    assert list(record)[4:-1] == ["logger", "message", "a", "token", "b", "c"]


def test_a_mapping_that_is_given_stays_as_it_was() -> None:
    given_record = {"token": "x", 1: "y"}
    assert Redactor().record(given_record) == {"token": MARK, "1": "y"}
    assert given_record == {"token": "x", 1: "y"}


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("x {'PSK': {'api_key': 's3cret'}} y", f"x {{'PSK': {MARK}}} y"),
        ('tokens: ["s3cret", "s3cret"], port: 1', f"tokens: {MARK}, port: 1"),
        ("secret={'a': {'b': [{'c': 's3cret'}]}, 'd': 's3cret'} y", f"secret={MARK} y"),
        ("secret={ s3cret {{{{{ api_key: s3cret", f"secret={MARK}{{{{{{{{{{ api_key: {MARK}"),
        ("token: [redacted] y", "token: [redacted] y"),
    ],
)
def test_all_that_brackets_hold_behind_a_secrets_name_is_hidden(text: str, hidden: str) -> None:
    assert Redactor().text(text) == hidden


@pytest.mark.parametrize("before", ["İİİ ", "ẞ Σ ς ", "ŉ ǰ ", "K ", "😀 "])
def test_a_secret_is_hidden_where_it_stands_behind_characters_whose_lower_case_is_another(
    before: str,
) -> None:
    text = f"{before}Password=Secret-Word, {before}TOKEN: 'A B' {before}"
    assert Redactor().text(text) == f"{before}Password={MARK} {before}TOKEN: {MARK} {before}"


def test_further_names_and_patterns_are_hidden() -> None:
    redactor = Redactor(
        ["garage code", "_pin", re.compile(r"card (?P<secret>\d{4})"), re.compile("DOOR-[0-9]+")]
    )
    line = render(
        "garageCode: 4711, card 1234, DOOR-99", redactor=redactor, garage_code=1, x={"door_pin": "0815"}
    )
    record = json.loads(line)
    assert record["message"] == f"garageCode: {MARK} card {MARK}, {MARK}"
    assert (record["garage_code"], record["x"]) == (MARK, {"door_pin": MARK})
    assert Redactor([re.compile("x*")]).text("abc") == "abc"


SECRETS = st.sampled_from([f"Bearer {'s3cret' * 3}", "mqtt://u:s3cret@h", "password=s3cret"])
STRUCTURES = st.recursive(
    st.text(max_size=5) | st.integers() | SECRETS | st.just({"api_key": "s3cret"}),
    lambda children: (
        st.lists(children, max_size=4)
        | st.tuples(children, children)
        | st.dictionaries(st.text(max_size=3) | SECRETS, children, max_size=4)
    ),
)


@settings(deadline=None)
@given(st.dictionaries(st.text(min_size=1, max_size=5), STRUCTURES, max_size=4), STRUCTURES)
def test_no_secret_survives_at_any_depth(fields: dict[str, Any], argument: object) -> None:
    fields.pop("exc_info", None)
    entry: Entry = (1, 20, "logger", contextvars.Context(), {}, "value %s", (argument,), fields)
    line = Renderer("service", "host").render(entry)
    assert line is not None
    assert b"s3cret" not in line
    json.loads(line)


WORDS = st.sampled_from(["auth", "token", "cookie", "type", "x", "password", "a b", "bearer", "/"])
ENTRIES = st.lists(
    st.tuples(st.sampled_from(["type", "auth_type", "x", "name"]), WORDS | st.integers(0, 9))
    | st.tuples(
        st.sampled_from(["access_token", "password", "api_key", "cookie", "auth"]),
        st.sampled_from(
            ["s3cret", "it's s3cret", 'a "s3cret"', "a,s3cret", "a&s3cret", "\\s3cret", "s3cret\n"]
        ),
    ),
    max_size=5,
)


@pytest.mark.parametrize(
    "written",
    [
        lambda entries: str(dict(entries)),
        lambda entries: json.dumps(dict(entries)),
        lambda entries: json.dumps(dict(entries), separators=(",", ":")),
        lambda entries: json.dumps({"body": json.dumps(dict(entries))}),
        str,
        lambda entries: ", ".join(f"{name}={value!r}" for name, value in entries),
    ],
    ids=["repr", "json", "compact json", "json in json", "pairs", "keywords"],
)
@settings(deadline=None)
@given(entries=ENTRIES)
def test_no_secret_survives_in_written_structures(
    written: Callable[[list[tuple[str, object]]], str], entries: list[tuple[str, object]]
) -> None:
    text = written(entries)
    assert "s3cret" not in Redactor().text(text)


@settings(deadline=None)
@given(st.text(max_size=200))
def test_redaction_is_stable(text: str) -> None:
    redactor = Redactor()
    once = redactor.text(text)
    assert redactor.text(once) == once


@pytest.mark.parametrize(
    "text",
    [
        "eyJ" * 300_000,
        "://a:b" * 150_000 + "@",
        "token" * 200_000,
        "a" * 10**6 + "==",
        "Bearer " * 150_000,
        "-----BEGIN PRIVATE KEY-----" * 40_000,
        "password\\\\\\" * 100_000,
        "token='" * 150_000,
        "=" * 10**6,
    ],
    ids=range(9),
)
def test_long_hostile_text_takes_time_in_proportion(text: str) -> None:
    started_s = time.process_time()
    Redactor().text(text)
    assert time.process_time() - started_s < 20


def test_what_is_remembered_is_bounded() -> None:
    redactor = Redactor()
    for number in range(20_000):
        redactor.record({f"name {number}": f"value {number}"})
    assert len(redactor._clean) <= 4096
    assert len(redactor._clean_names) <= 4096


def test_it_is_on_by_default(capture: Capture) -> None:
    get_logger().info("password=hunter2", api_key="abc")
    (record,) = capture()
    assert (record["message"], record["api_key"]) == (f"password={MARK}", MARK)


@pytest.mark.usefixtures("capture")
def test_configure_extends_it_and_turns_it_off(capture: Capture, aggregator: RecordingAggregator) -> None:
    for redact in (["door"], False):
        configure(output="http", url=aggregator.url, token="t", redact=redact)
        get_logger().info("line", front_door="open-sesame", password="hunter2")
        records = capture()
    assert [(record["front_door"], record["password"]) for record in records] == [
        (MARK, MARK),
        ("open-sesame", "hunter2"),
    ]
