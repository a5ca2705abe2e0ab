"""Messages of syslog as lines."""

import json
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.intake.syslog.decoder import Clock, decode

CLOCK = Clock(datetime(2026, 11, 29, 12, tzinfo=UTC), ZoneInfo("Europe/Vienna"))
SENDER = b"10.0.0.9"

parts = st.sampled_from(
    [
        *(b"<34>", b"<13>", b"<191>", b"<192>", b"1 ", b"2026-11-29T10:00:00Z "),
        *(b"2026-11-29T10:00:00.1+01:00 ", b"- ", b"Nov 29 10:00:00 ", b"Feb 30 10:00:00 "),
        *(b"host ", b"app ", b"app[12]: ", b"app: ", b"[12] ", b'[a b="c"]', b'[a b="\\"\\]"] ', b"[a"),
        *(b"\xef\xbb\xbf", b"\n", b"#012", b"\0", b"\xff", b"\xfe", b'"\\', b"ERROR message"),
        *(b'{"level":"warn","host":"x"}', b"Traceback (most recent call last):", b"  at x (y)"),
    ]
)
messages = st.lists(st.one_of(parts, st.binary(max_size=8)), max_size=10).map(b"".join)


def rows_of(*sent: bytes) -> list[dict[str, Any]]:
    decoded = decode(sent, [SENDER] * len(sent), CLOCK)
    rows = list(map(json.loads, decoded.lines.splitlines()))
    assert decoded.rows == len(rows)
    assert not decoded.errors
    return rows


def row_of(message: bytes) -> dict[str, Any]:
    (row,) = rows_of(message)
    return row


def test_a_message_by_rfc_5424_has_all_its_fields() -> None:
    # The examples of RFC 5424, section 6.5.
    assert row_of(
        b"<34>1 2003-10-11T22:14:15.003Z mymachine.example.com su - ID47 - "
        b"\xef\xbb\xbf'su root' failed for lonvick on /dev/pts/8"
    ) == {
        "timestamp": "2003-10-11T22:14:15.003Z",
        "host": "mymachine.example.com",
        "service": "su",
        "msgid": "ID47",
        "facility": "auth",
        "syslog_severity": "crit",
        "level": "CRITICAL",
        "message": "'su root' failed for lonvick on /dev/pts/8",
    }
    row = row_of(b"<165>1 2003-08-24T05:14:15.000003-07:00 192.0.2.1 myproc 8710 - - %% It's time.")
    assert (row["timestamp"], row["procid"]) == ("2003-08-24T05:14:15.000003-07:00", "8710")
    assert (row["facility"], row["syslog_severity"], row["level"]) == ("local4", "notice", "INFO")


def test_structured_data_becomes_fields() -> None:
    row = row_of(
        b'<165>1 2003-10-11T22:14:15.003Z h evntslog - ID47 [exampleSDID@32473 iut="3" '
        b'eventSource="App\\"li\\]ca\\\\tion"][examplePriority@32473 class="high"]'
    )
    assert row["sd.exampleSDID@32473.iut"] == "3"
    assert row["sd.exampleSDID@32473.eventSource"] == 'App"li]ca\\tion'
    assert row["sd.examplePriority@32473.class"] == "high"
    assert row["message"] == ""


def test_the_trace_of_structured_data_is_the_records() -> None:
    trace = b'[opentelemetry trace_id="0af7651916cd43dd8448eb211c80319c" span_id="b7ad6b7169203331"]'
    row = row_of(b"<165>1 - - - - - %b message" % trace)
    assert (row["trace_id"], row["span_id"]) == ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331")


@pytest.mark.parametrize(("sent", "shown"), [(b" x", "x"), (b"  x", "  x"), (b"\tx", "\tx"), (b"", "")])
def test_one_space_before_a_message_is_none_of_it(sent: bytes, shown: str) -> None:
    assert row_of(b"<12>1 - h a - - - " + sent)["message"] == shown


def test_structured_data_that_does_not_end_stays_text() -> None:
    row = row_of(b'<165>1 - h a - - [x y="z message')
    assert (row["service"], row["message"]) == ("a", '[x y="z message')


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (
            b"<34>Oct 11 22:14:15 mymachine su: 'su root' failed",
            {"timestamp": "2026-10-11T20:14:15Z", "host": "mymachine", "message": "'su root' failed"},
        ),
        (b"<34>Nov  1 22:14:15 h su[12]: x", {"timestamp": "2026-11-01T21:14:15Z", "procid": "12"}),
        (b"<34>Jan  2 03:04:05 h su: x", {"timestamp": "2027-01-02T02:04:05Z"}),
        (b"<34>Jan  2 2025 03:04:05 h su: x", {"timestamp": "2025-01-02T02:04:05Z"}),
        (b"<34>*Nov 29 10:00:00.123: su: x", {"timestamp": "2026-11-29T09:00:00.123Z", "service": "su"}),
        (
            b"<30>2026-11-29T10:00:00.5+02:00 h.example postfix/smtpd[7]: x",
            {"timestamp": "2026-11-29T10:00:00.5+02:00", "host": "h.example", "service": "postfix/smtpd"},
        ),
        (b"<30>2026-11-29 10:00:00 h su: x", {"timestamp": "2026-11-29T09:00:00Z", "host": "h"}),
        (b"<30>Nov 29 10:00:00 fe80::1 su: x", {"host": "fe80::1", "service": "su"}),
        (b"<30>Nov 29 10:00:00 app/1[7]: x", {"host": "10.0.0.9", "service": "app/1", "procid": "7"}),
        (b"<14>app: x", {"host": "10.0.0.9", "service": "app", "facility": "user"}),
        (b"<14>app[3]: x", {"service": "app", "procid": "3"}),
        (b"<34>Foo 29 10:00:00 h su: x", {"message": "Foo 29 10:00:00 h su: x"}),
        (b"<34>Feb 31 10:00:00 h su: x", {"timestamp": "Feb 31 10:00:00"}),
    ],
)
def test_a_message_by_rfc_3164_is_understood_as_it_is_written_in_practice(
    message: bytes, expected: dict[str, str]
) -> None:
    assert ({"message": "x"} | expected).items() <= row_of(message).items()


def test_a_level_is_no_tag() -> None:
    row = row_of(b"<11>Error: no room")
    assert "service" not in row
    assert row["message"].endswith("no room")


@pytest.mark.parametrize("message", [b"no syslog", b"<192>x", b"<>x", b"34>x", b"2026 <13>", b"<1234>"])
def test_what_is_no_syslog_is_text(message: bytes) -> None:
    assert row_of(message) == {"host": "10.0.0.9", "message": message.decode()}


def test_what_is_no_syslog_is_understood_as_text() -> None:
    row = row_of(b"2026-11-29T10:00:00Z ERROR package.module: no room")
    assert (row["level"], row["logger"], row["message"]) == ("ERROR", "package.module", "no room")


@pytest.mark.parametrize(
    ("priority", "level"), [(13, "ERROR"), (30, "ERROR"), (12, "WARNING"), (28, "WARNING")]
)
def test_a_level_in_the_text_wins_over_a_priority_that_says_little(priority: int, level: str) -> None:
    row = row_of(b"<%d>Nov 29 10:00:00 h app: [10:00:00] ERROR: no room" % priority)
    assert (row["level"], row["message"]) == (level, "no room")


def test_a_priority_that_says_little_is_better_than_nothing() -> None:
    assert row_of(b"<27>Nov 29 10:00:00 h app: no room")["level"] == "ERROR"
    assert row_of(b"<30>Nov 29 10:00:00 h app: no room")["level"] == "INFO"


def test_fields_of_the_text_stand_back_behind_those_of_the_head() -> None:
    row = row_of(b'<12>Nov 29 10:00:00 h app: {"host":"x","user":"anna","msg":"hi"}')
    assert (row["host"], row["line.host"], row["user"], row["msg"]) == ("h", "x", "anna", "hi")


def test_what_is_not_utf_8_is_replaced() -> None:
    assert row_of(b"<12>Nov 29 10:00:00 h app: caf\xe9")["message"] == "caf\ufffd"


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\0", b"\n\0"])
def test_the_end_of_a_message_is_none_of_it(end: bytes) -> None:
    assert row_of(b"<12>app: hi" + end)["message"] == "hi"


def test_newlines_stay_in_a_message() -> None:
    assert row_of(b"<12>app: one\ntwo")["message"] == "one\ntwo"


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        (b"one#012two#012", "one\ntwo"),
        (b"one#012#011two", "one\n\ttwo"),
        (b"#012345", "#012345"),
        (b"colour#012abc;", "colour#012abc;"),
        (b"ticket #012 closed", "ticket #012 closed"),
        (b"tab#011alone", "tab#011alone"),
    ],
)
def test_newlines_of_rsyslog_are_newlines(sent: bytes, shown: str) -> None:
    assert row_of(b"<12>app: " + sent)["message"] == shown


def test_lines_of_a_traceback_are_one_record_whatever_comes_between() -> None:
    rows = rows_of(
        b"<11>Nov 29 10:00:00 h app[1]: Traceback (most recent call last):",
        b"<11>Nov 29 10:00:00 h other[2]: another",
        b'<11>Nov 29 10:00:01 h app[1]:   File "x.py", line 1, in f',
        b"<11>Nov 29 10:00:01 h app[1]: ValueError: no room",
    )
    assert [row["service"] for row in rows] == ["app", "other"]
    assert rows[0]["exception_type"] == "ValueError"
    assert rows[0]["timestamp"] == "2026-11-29T09:00:00Z"
    assert "File" in rows[0]["exception"]


def test_a_traceback_in_one_message_is_the_records_exception() -> None:
    row = row_of(
        b'<11>app: failed#012Traceback (most recent call last):#012  File "x", line 1#012KeyError: 1'
    )
    assert (row["message"], row["exception_type"]) == ("failed", "KeyError")


def test_nothing_makes_no_lines() -> None:
    assert decode([], [], CLOCK).rows == 0


@given(st.lists(messages, max_size=6))
def test_whatever_comes_is_kept(sent: list[bytes]) -> None:
    decoded = decode(sent, [SENDER] * len(sent), CLOCK)
    rows = list(map(json.loads, decoded.lines.splitlines()))
    assert len(rows) == decoded.rows <= len(sent)
    assert all("host" in row for row in rows)
    if not any(b"Traceback" in message or b" at " in message for message in sent):
        assert len(rows) == len(sent)


@given(st.lists(messages, min_size=1, max_size=6))
def test_a_message_means_the_same_whatever_it_comes_with(sent: list[bytes]) -> None:
    if any(b"Traceback" in message or b" at " in message for message in sent):
        return
    assert rows_of(*sent) == [row_of(message) for message in sent]
