"""Secrets in text: hidden where they can be told, and ordinary text left alone."""

import time

import pytest

from custom_components.ha_ingestor.redaction import redacted

TOKEN = "the-token-of-the-aggregator"
SECRET = "hunter2hunter2"


@pytest.mark.parametrize(
    "text",
    [
        f"password={SECRET}",
        f"password: {SECRET}, user: me",
        f'{{"api_key": "{SECRET}", "user": "me"}}',
        f"{{'access_token': '{SECRET}'}}",
        f"client_secret = '{SECRET} with spaces'",
        f"Authorization: Basic {SECRET}",
        f"{{'Authorization': 'Bearer {SECRET}', 'Accept': '*/*'}}",
        f"sent bearer {SECRET}",
        f"mqtt://me:{SECRET}@broker:1883",
        f"GET http://camera/still?code={SECRET}&size=1",
        f"POST /api/webhook/{SECRET}",
        f"wifi psk={SECRET}",
        f"no {TOKEN} is shown",
    ],
)
def test_a_secret_is_hidden(text: str) -> None:
    hidden = redacted(text, TOKEN)
    assert SECRET not in hidden
    assert TOKEN not in hidden
    assert "**REDACTED**" in hidden


def test_what_stands_around_a_secret_stays() -> None:
    text = f"Login of me failed (password={SECRET}): try again in 5 s"
    assert redacted(text, TOKEN) == "Login of me failed (password=**REDACTED**): try again in 5 s"


@pytest.mark.parametrize(
    "text",
    [
        "The token is not valid any more",
        "Setup of domain mqtt took 1.2 seconds",
        "password: None",
        "Unable to connect to http://camera:8080/still",
        "Key error: kitchen",
        "Login attempt or request with invalid authentication from 192.168.1.7",
    ],
)
def test_ordinary_text_is_left_alone(text: str) -> None:
    assert redacted(text, TOKEN) == text


@pytest.mark.parametrize(
    "piece", ["password=", "://a:", "bearer ", "eyJ", "token'", "authorization'", "?code="]
)
def test_a_long_text_takes_time_in_proportion(piece: str) -> None:
    def took_s(text: str) -> float:
        begin = time.perf_counter()
        redacted(text, TOKEN)
        return time.perf_counter() - begin

    shortest_s = min(took_s(piece * 1000) for _ in range(3))
    longest_s = min(took_s(piece * 10_000) for _ in range(3))
    # Ten times the text; a hundred times the time would be its square.
    assert longest_s < max(40 * shortest_s, 0.02)
