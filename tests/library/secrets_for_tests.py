"""Secrets as they look in the wild; none of them opens anything."""

import base64
import hashlib
import json
from typing import Final


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode()


def _letters(seed: str, length: int) -> str:
    return hashlib.sha512(seed.encode()).hexdigest()[:length]


LONG_LIVED_TOKEN: Final = ".".join(
    _base64url(part).rstrip("=")
    for part in (
        json.dumps({"alg": "HS256", "typ": "JWT"}).encode(),
        json.dumps({"iss": "0d41b7ba4b5f4d8b", "iat": 1700000000, "exp": 2015360000}).encode(),
        hashlib.sha256(b"signature").digest(),
    )
)
INFLUX_TOKEN: Final = _base64url(hashlib.sha512(b"influx").digest())
BASIC: Final = base64.b64encode(b"homeassistant:hunter2-Winter").decode()

# By their shape alone, wherever they stand.
SHAPED: Final = {
    "Home Assistant long-lived token": LONG_LIVED_TOKEN,
    "InfluxDB token": INFLUX_TOKEN,
    "AWS access key": "AKIA" + "IOSFODNN7EXAMPLE",
    "AWS temporary key": "ASIA" + "Y34FZKBOKMUTVV7A",
    "GitHub token": "ghp_" + _letters("github", 36),
    "GitHub fine-grained token": "github_pat_" + _letters("fine", 60),
    "GitLab token": "glpat-" + _letters("gitlab", 20),
    "Slack token": "xoxb-" + "123456789012-" + _letters("slack", 24),
    "OpenAI key": "sk-proj-" + _letters("openai", 40),
    "Stripe key": "sk_live_" + _letters("stripe", 24),
    "Google key": "AIza" + _letters("google", 35),
    "Telegram bot": "110201543:AA" + _letters("telegram", 33),
}

# By what stands around them: the text, and what must not be left of it.
IN_CONTEXT: Final = [
    ("connecting to mqtt://ha:p4ss-w0rd@broker:1883/x", "p4ss-w0rd"),
    ("connecting to mqtt://ha:p/4:s?s@broker:1883", "p/4:s?s"),
    ("connecting to mqtts://:only-word@broker", "only-word"),
    ("cloning https://ghtoken12345@github.com/x.git", "ghtoken12345"),
    ("postgresql+asyncpg://ha:it's#1@db/ha refused", "it's#1"),
    ("GET http://influx:8086/query?db=ha&u=ha&p=hunter2x", "hunter2x"),
    ("GET /api/camera_proxy/camera.door?token=9f8e7d6c", "9f8e7d6c"),
    ("GET /api/history?authSig=abc.def", "abc.def"),
    ("GET https://maps/api?key=zxcvbnm1&q=x", "zxcvbnm1"),
    ("POST /api/webhook/7d1f0c9d3a2b4e5f", "7d1f0c9d3a2b4e5f"),
    ("POST https://hooks.nabu.casa/gAAAAABkx9y8==", "gAAAAABkx9y8"),
    ("POST https://hooks.slack.com/services/T0/B0/x1y2z3", "x1y2z3"),
    ("POST https://discord.com/api/webhooks/123/q1w2e3r4", "q1w2e3r4"),
    ("Authorization: Bearer short-token", "short-token"),
    ("Authorization: Token " + INFLUX_TOKEN, INFLUX_TOKEN),
    ("authorization=Bearer short-token", "short-token"),
    ('Authorization: Digest username="ha", response="6629fae4"\r\nHost: x', "6629fae4"),
    ("Authorization: Basic " + BASIC, BASIC),
    ("sent Basic " + BASIC, BASIC),
    ("sent Bearer lowercaseword", "lowercaseword"),
    (str({"Authorization": "Bearer s3cr3t word", "Accept": "*/*"}), "s3cr3t word"),
    (str([(b"authorization", b"Basic Zm9vOmJhcg=="), (b"x", b"y")]), "Zm9vOmJhcg"),
    (str([(b"cookie", b"session=f00ba7"), (b"x", b"y")]), "f00ba7"),
    (repr("GET / HTTP/1.1\r\nCookie: a=c00k1e; b=2\r\nHost: x"), "c00k1e"),
    ("Set-Cookie: sid=c00k1e; Path=/", "c00k1e"),
    ("password=hunter2", "hunter2"),
    ("password = 'hunter 2'", "hunter 2"),
    ('"password": "hun\\"ter2"', "ter2"),
    ("password: it's-2", "it's-2"),
    ("MQTT_PASSWORD=hunter2 started", "hunter2"),
    ("Config(host='x', password='hunter2')", "hunter2"),
    ("Server=x;Password=hunter2;Database=ha", "hunter2"),
    (json.dumps({"body": json.dumps({"password": "hunter2"})}), "hunter2"),
    ("request(auth=('ha', 'hunter2'))", "hunter2"),
    ("accessToken=abc123def", "abc123def"),
    ("x-api-key: abc123def", "abc123def"),
    ("aws_secret_access_key=wJalrXUtnFEMI/K7MDENG", "wJalrXUtnFEMI"),
    ("zwave network_key: 0x0102030405", "0x0102030405"),
    ("token=first token=second", "second"),
    (str({"type": "auth", "access_token": "abc123"}), "abc123"),
    ('{"type":"auth","access_token":"abc123"}', "abc123"),
    ("got cookie 'password': 'hunter2'", "hunter2"),
    ("login failed with password 'hunter2'", "hunter2"),
    ("mosquitto_pub --password hunter2 -t x", "hunter2"),
    ("curl --api-key abc123 http://x", "abc123"),
    ("curl -u ha:hunter2 http://x", "hunter2"),
    ("<password>hunter2</password>", "hunter2"),
    ("client_secret%3Dabc123", "abc123"),
    ("token := abc123", "abc123"),
    ("-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIB\n-----END RSA PRIVATE KEY-----", "MIIEpAIB"),
    ("-----BEGIN PRIVATE KEY-----\nMIIEpAIB cut off", "MIIEpAIB"),
]
