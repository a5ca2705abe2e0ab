"""Lines as programs write them, with what is to be understood of each."""

from typing import Any, TypeAlias

Sample: TypeAlias = tuple[str, dict[str, Any]]

HOME_ASSISTANT: list[Sample] = [
    (
        '2026-11-23 10:00:00.123 ERROR (MainThread) [homeassistant.components] Can\'t connect: "timeout"',
        {
            "local_time": "2026-11-23 10:00:00.123",
            "level": "ERROR",
            "thread": "MainThread",
            "logger": "homeassistant.components",
            "message": 'Can\'t connect: "timeout"',
        },
    ),
    (
        "\x1b[33m2026-11-23 10:00:00.123 WARNING (SyncWorker_3) [hacs] Slow \\ C:\\x\x1b[0m",
        {
            "local_time": "2026-11-23 10:00:00.123",
            "level": "WARNING",
            "thread": "SyncWorker_3",
            "logger": "hacs",
            "message": "Slow \\ C:\\x",
        },
    ),
    (
        "2026-11-23 10:00:00.123 DEBUG (Thread-5 (_client_task)) [custom_components.dreame] Update: 5",
        {
            "local_time": "2026-11-23 10:00:00.123",
            "level": "DEBUG",
            "thread": "Thread-5 (_client_task)",
            "logger": "custom_components.dreame",
            "message": "Update: 5",
        },
    ),
    (
        "2026-11-23 10:00:00.123 CRITICAL (MainThread) [homeassistant.core] ",
        {
            "local_time": "2026-11-23 10:00:00.123",
            "level": "CRITICAL",
            "thread": "MainThread",
            "logger": "homeassistant.core",
            "message": "",
        },
    ),
    (
        "26-11-23 10:00:00 INFO (MainThread) [supervisor.store.git] Update add-on repository",
        {
            "local_time": "2026-11-23 10:00:00",
            "level": "INFO",
            "thread": "MainThread",
            "logger": "supervisor.store.git",
            "message": "Update add-on repository",
        },
    ),
]

APPS: list[Sample] = [
    (
        "[10:00:00] INFO: Starting nginx...",
        {"local_time": "10:00:00", "level": "INFO", "message": "Starting nginx..."},
    ),
    (
        "\x1b[0m\x1b[33m[10:00:00] WARNING: No SSL\x1b[0m",
        {"local_time": "10:00:00", "level": "WARNING", "message": "No SSL"},
    ),
    (
        "s6-rc: info: service legacy-services: starting",
        {"level": "info", "logger": "s6-rc", "message": "service legacy-services: starting"},
    ),
    (
        "s6-envuidgid: fatal: unknown user: nobody",
        {"level": "fatal", "logger": "s6-envuidgid", "message": "unknown user: nobody"},
    ),
    (
        "cont-init: info: running /etc/cont-init.d/banner.sh",
        {"level": "info", "logger": "cont-init", "message": "running /etc/cont-init.d/banner.sh"},
    ),
    (
        "[10:00:00][D][sensor:094]: 'Kitchen': Sending state 21.5 °C",
        {
            "local_time": "10:00:00",
            "level": "D",
            "logger": "sensor",
            "line": "094",
            "message": "'Kitchen': Sending state 21.5 °C",
        },
    ),
    (
        "\x1b[0;35m[10:00:00.250][C][homeassistant.text_sensor:023]: Text Sensor\x1b[0m",
        {
            "local_time": "10:00:00.250",
            "level": "CONFIG",
            "logger": "homeassistant.text_sensor",
            "line": "023",
            "message": "Text Sensor",
        },
    ),
    (
        "[10:00:00]\x1b[0;36m[VV][scheduler:055]: set_timeout\x1b[0m",
        {
            "local_time": "10:00:00",
            "level": "VERY_VERBOSE",
            "logger": "scheduler",
            "line": "055",
            "message": "set_timeout",
        },
    ),
    (
        "[2026-11-23 10:00:00] \x1b[32minfo\x1b[39m: \tz2m:mqtt: MQTT publish: topic 'zigbee2mqtt/lamp'",
        {
            "local_time": "2026-11-23 10:00:00",
            "level": "info",
            "logger": "z2m:mqtt",
            "message": "MQTT publish: topic 'zigbee2mqtt/lamp'",
        },
    ),
    (
        "[2026-11-23 10:00:00] error: \tzh:zstack:znp: SRSP timeout",
        {
            "local_time": "2026-11-23 10:00:00",
            "level": "error",
            "logger": "zh:zstack:znp",
            "message": "SRSP timeout",
        },
    ),
    (
        "\x1b[32mZigbee2MQTT:info \x1b[39m 2026-11-23 10:00:00: Zigbee2MQTT started!",
        {
            "logger": "Zigbee2MQTT",
            "level": "info",
            "local_time": "2026-11-23 10:00:00",
            "message": "Zigbee2MQTT started!",
        },
    ),
    (
        "23 Nov 10:00:00 - [warn] [mqtt-broker:Home] Connection lost",
        {
            "local_time": "23 Nov 10:00:00",
            "level": "warn",
            "logger": "mqtt-broker:Home",
            "message": "Connection lost",
        },
    ),
]

PYTHON: list[Sample] = [
    ("WARNING:root:low disk", {"level": "WARNING", "logger": "root", "message": "low disk"}),
    (
        "2026-11-23 10:00:00,123 - my.module - ERROR - it failed - twice",
        {
            "local_time": "2026-11-23 10:00:00,123",
            "logger": "my.module",
            "level": "ERROR",
            "message": "it failed - twice",
        },
    ),
    (
        "2026-11-23 10:00:00,123 - DEBUG - no logger",
        {"local_time": "2026-11-23 10:00:00,123", "level": "DEBUG", "message": "no logger"},
    ),
    (
        "2026-11-23 10:00:00.123 | INFO     | app.main:run:12 - started",
        {
            "local_time": "2026-11-23 10:00:00.123",
            "level": "INFO",
            "logger": "app.main",
            "function": "run",
            "lineno": 12,
            "message": "started",
        },
    ),
    (
        (
            "\x1b[32m2026-11-23 10:00:00.123\x1b[0m | \x1b[1mSUCCESS \x1b[0m | \x1b[36m__main__\x1b[0m:"
            "\x1b[36m<module>\x1b[0m:\x1b[36m3\x1b[0m - \x1b[1mdone\x1b[0m"
        ),
        {
            "local_time": "2026-11-23 10:00:00.123",
            "level": "SUCCESS",
            "logger": "__main__",
            "function": "<module>",
            "lineno": 3,
            "message": "done",
        },
    ),
    (
        (
            "\x1b[2m2026-11-23T10:00:00.123456Z\x1b[0m [\x1b[32m\x1b[1minfo     \x1b[0m] "
            "\x1b[1mfetched\x1b[0m  \x1b[36mcity\x1b[0m=\x1b[35mGraz\x1b[0m"
        ),
        {
            "time": "2026-11-23T10:00:00.123456Z",
            "level": "info",
            "message": "fetched\x1b[0m  \x1b[36mcity\x1b[0m=\x1b[35mGraz",
        },
    ),
    (
        'INFO:     127.0.0.1:51000 - "GET / HTTP/1.1" 200 OK',
        {"level": "INFO", "message": '127.0.0.1:51000 - "GET / HTTP/1.1" 200 OK'},
    ),
    (
        "[2026-11-23 10:00:00 +0100] [7] [INFO] Booting worker",
        {"time": "2026-11-23T10:00:00+0100", "process": "7", "level": "INFO", "message": "Booting worker"},
    ),
    (
        "[2026-11-23 10:00:00,123] ERROR in app: Exception on / [GET]",
        {
            "local_time": "2026-11-23 10:00:00,123",
            "level": "ERROR",
            "logger": "app",
            "message": "Exception on / [GET]",
        },
    ),
    (
        "[2026-11-23 10:00:00] frigate.app                    INFO    : Starting Frigate",
        {
            "local_time": "2026-11-23 10:00:00",
            "logger": "frigate.app",
            "level": "INFO",
            "message": "Starting Frigate",
        },
    ),
]

PLAIN: list[Sample] = [
    (
        "2026-11-23 10:00:00,123 INFO aiohttp.access: served",
        {
            "local_time": "2026-11-23 10:00:00,123",
            "level": "INFO",
            "logger": "aiohttp.access",
            "message": "served",
        },
    ),
    (
        "2026-11-23T10:00:00.000123Z  WARN influxdb3_server::http: slow query",
        {
            "time": "2026-11-23T10:00:00.000123Z",
            "level": "WARN",
            "logger": "influxdb3_server::http",
            "message": "slow query",
        },
    ),
    (
        "2026-11-23 10:00:00.123456 ERROR Broken: a word before a colon is no logger",
        {
            "local_time": "2026-11-23 10:00:00.123456",
            "level": "ERROR",
            "message": "Broken: a word before a colon is no logger",
        },
    ),
    (
        "2026-11-23 10:00:00 [Error] [db.pool] exhausted",
        {
            "local_time": "2026-11-23 10:00:00",
            "level": "Error",
            "logger": "db.pool",
            "message": "exhausted",
        },
    ),
    (
        "[2026-11-23T10:00:00+01:00] [notice] reloaded",
        {"time": "2026-11-23T10:00:00+01:00", "level": "notice", "message": "reloaded"},
    ),
]

LOGFMT: list[Sample] = [
    (
        'time=2026-11-23T10:00:00.123Z level=INFO msg="hello \\"you\\" a=1" user=anna took_ms=12.5 n=-3',
        {
            "time": "2026-11-23T10:00:00.123Z",
            "level": "INFO",
            "msg": 'hello "you" a=1',
            "user": "anna",
            "took_ms": 12.5,
            "n": -3,
        },
    ),
    (
        'ts=2026-11-23T10:00:00.123456Z lvl=info msg="Opened" log_id=0abc service=store op_elapsed=1.2ms',
        {
            "ts": "2026-11-23T10:00:00.123456Z",
            "lvl": "info",
            "msg": "Opened",
            "log_id": "0abc",
            "service": "store",
            "op_elapsed": "1.2ms",
        },
    ),
    (
        "level=warn caller=main.go:10 err=",
        {
            "message": "level=warn caller=main.go:10 err=",
            "level": "warn",
            "caller": "main.go:10",
            "err": "",
        },
    ),
    ("msg=007 zip=01234", {"msg": "007", "zip": "01234"}),
]

JSON: list[Sample] = [
    (
        '{"level":30,"time":1795428000123,"pid":7,"msg":"pino"}',
        {"level": 30, "time": 1795428000123, "pid": 7, "msg": "pino"},
    ),
    ('{"message": "winston", "level": "info"}', {"message": "winston", "level": "info"}),
    ('{"status":200}', {"message": '{"status":200}', "status": 200}),
    ("{}", {"message": "{}"}),
    (
        '{"fields":{"message":"inner"}}',
        {"message": '{"fields":{"message":"inner"}}', "fields": {"message": "inner"}},
    ),
]

UNDERSTOOD = [*HOME_ASSISTANT, *APPS, *PYTHON, *PLAIN, *LOGFMT, *JSON]

UNCLEAR = [
    "",
    " ",
    "plain text",
    "there was an error in the middle",
    "ERROR without a colon",
    "Error: could be an exception's name",
    "2026-11-23 10:00:00 nothing said of a level",
    "2026-11-23 10:00:00 errors are many",
    "[info] no time",
    "[10:00:00] ERRORS: of many",
    "a=1 b=2",
    "level=info and then words",
    'level=info msg="open',
    'level=info msg="not \\x41 JSON"',
    "level=info path=C:\\new",
    '{"a":1} and more',
    '{"a":1}{"b":2}',
    '{"a":',
    "{}}",
    '{"a":NaN}',
    "s6-rc without a colon",
    "\x1b[31mred text\x1b[0m",
    "tab\there, NUL\x00 and bell\x07",
    '"quoted" and \\ a backslash',
    '{"message":"rewritten already?"',
    "🏠 and é",
]
