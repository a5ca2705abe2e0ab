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
        "[cont-init.d] banner.sh: exited 0.",
        {"logger": "cont-init.d", "message": "banner.sh: exited 0."},
    ),
    (
        "[D][a-b:010]: without a time",
        {"level": "D", "logger": "a-b", "line": "010", "message": "without a time"},
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

REAL: list[Sample] = [
    (
        "INFO (MainThread) [supervisor.core] Supervisor is up and running",
        {
            "level": "INFO",
            "thread": "MainThread",
            "logger": "supervisor.core",
            "message": "Supervisor is up and running",
        },
    ),
    (
        "2026-11-23 10:00:00.397 CNTRLR   Querying configured RF region...",
        {
            "local_time": "2026-11-23 10:00:00.397",
            "logger": "CNTRLR",
            "message": "Querying configured RF region...",
        },
    ),
    (
        "2026-11-23 10:00:00.250 INFO Z-WAVE: Connecting to /dev/ttyACM0",
        {
            "local_time": "2026-11-23 10:00:00.250",
            "level": "INFO",
            "logger": "Z-WAVE",
            "message": "Connecting to /dev/ttyACM0",
        },
    ),
    (
        "2026-11-23 10:00:00.292 INFO AppDaemon: Starting apps",
        {
            "local_time": "2026-11-23 10:00:00.292",
            "level": "INFO",
            "logger": "AppDaemon",
            "message": "Starting apps",
        },
    ),
    (
        "2026-11-23 10:00:00.292 ERROR TypeError: not a logger",
        {
            "local_time": "2026-11-23 10:00:00.292",
            "level": "ERROR",
            "message": "TypeError: not a logger",
        },
    ),
    (
        "00:00:00.088 [W] P-Netif-------: Failed to process request#2",
        {
            "local_time": "00:00:00.088",
            "level": "W",
            "logger": "P-Netif",
            "message": "Failed to process request#2",
        },
    ),
    (
        "[DEBG]-BBA-----: BackboneAgent",
        {"level": "DEBUG", "logger": "BBA", "message": "BackboneAgent"},
    ),
    (
        "2026-11-23 10:00:00.080959291  [2026-11-23 10:00:00] frigate.video        ERROR   : no frames",
        {
            "local_time": "2026-11-23 10:00:00.080959291",
            "program_time": "2026-11-23 10:00:00",
            "logger": "frigate.video",
            "level": "ERROR",
            "message": "no frames",
        },
    ),
    (
        "2026-11-23 10:00:00.133339287  10:00:00.133 INF [api] listen addr=:1984",
        {
            "local_time": "2026-11-23 10:00:00.133339287",
            "program_time": "10:00:00.133",
            "level": "INF",
            "logger": "api",
            "message": "listen addr=:1984",
        },
    ),
    (
        "2026-11-23 10:00:00.344001672  [INFO] Preparing new go2rtc config...",
        {
            "local_time": "2026-11-23 10:00:00.344001672",
            "level": "INFO",
            "message": "Preparing new go2rtc config...",
        },
    ),
    (
        "[2026-11-23 10:00:00] info:         z2m: Connected to MQTT server",
        {
            "local_time": "2026-11-23 10:00:00",
            "level": "info",
            "logger": "z2m",
            "message": "Connected to MQTT server",
        },
    ),
    ("[WARNING] no time", {"level": "WARNING", "message": "no time"}),
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
        "2026-11-23 10:00:00 warning: small letters need a colon",
        {
            "local_time": "2026-11-23 10:00:00",
            "level": "warning",
            "message": "small letters need a colon",
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
        "2026-11-23T10:00:00.123456789+01:00 stderr F it says nothing",
        {"time": "2026-11-23T10:00:00.123456789+01:00", "stream": "stderr", "message": "it says nothing"},
    ),
    (
        "2026-11-23T10:00:00Z an error in a sentence",
        {"time": "2026-11-23T10:00:00Z", "message": "an error in a sentence"},
    ),
    (
        "[2026-11-23T10:00:00+01:00] [notice] reloaded",
        {"time": "2026-11-23T10:00:00+01:00", "level": "notice", "message": "reloaded"},
    ),
]

INNER_JSON: list[Sample] = [
    (
        '2026-11-23T10:00:00Z INFO {"event":"paid","level":"debug","amount":1.5,"a":{"b":"c \\" d"}}',
        {
            "time": "2026-11-23T10:00:00Z",
            "level": "INFO",
            "event": "paid",
            "line.level": "debug",
            "amount": 1.5,
            "a": {"b": 'c " d'},
        },
    ),
    (
        '[10:00:00] INFO: {"a":\t1}',
        {"local_time": "10:00:00", "level": "INFO", "message": '{"a":\t1}', "a": 1},
    ),
    (
        '[10:00:00] INFO: {"a":1} and more',
        {"local_time": "10:00:00", "level": "INFO", "message": '{"a":1} and more'},
    ),
    (
        '2026-11-23T10:00:00.123Z\tERROR\tfailed\t{"message": "x"}',
        {
            "time": "2026-11-23T10:00:00.123Z",
            "level": "ERROR",
            "message": "failed",
            "line.message": "x",
        },
    ),
]

SERVERS: list[Sample] = [
    (
        '10.0.0.9 - anna [23/Nov/2026:10:00:00 +0100] "GET /api/x?y=1 HTTP/1.1" 200 612 "-" "Lynx (X11)"',
        {
            "client": "10.0.0.9",
            "user": "anna",
            "method": "GET",
            "path": "/api/x?y=1",
            "status": 200,
            "bytes": 612,
            "user_agent": "Lynx (X11)",
            "time": "2026-11-23T10:00:00+0100",
            "message": "GET /api/x?y=1 HTTP/1.1",
        },
    ),
    (
        '10.0.0.9 - @ [31/Dec/2026:10:00:00 +0100] "GET / HTTP/2.0" 304 0 "-" "@"',
        {
            "client": "10.0.0.9",
            "user": "@",
            "method": "GET",
            "path": "/",
            "status": 304,
            "bytes": 0,
            "user_agent": "@",
            "time": "2026-12-31T10:00:00+0100",
            "message": "GET / HTTP/2.0",
        },
    ),
    (
        '::1 - - [01/Feb/2026:10:00:00 +0000] "\\x16\\x03" 400 -',
        {
            "client": "::1",
            "status": 400,
            "time": "2026-02-01T10:00:00+0000",
            "message": "\\x16\\x03",
        },
    ),
    (
        '[httpd] 127.0.0.1 - ha [23/Nov/2026:10:00:00 +0000] "POST /write?db= HTTP/1.1 " 204 0 "-" "HA" 1a 9',
        {
            "logger": "httpd",
            "client": "127.0.0.1",
            "user": "ha",
            "method": "POST",
            "path": "/write?db=",
            "status": 204,
            "bytes": 0,
            "user_agent": "HA",
            "more": "1a 9",
            "time": "2026-11-23T10:00:00+0000",
            "message": "POST /write?db= HTTP/1.1 ",
        },
    ),
    (
        '[23/Nov/2026:10:00:00 +0000] - 200 200 - GET https home.example "/api" [Client 10.0.0.9]',
        {
            "time": "2026-11-23T10:00:00+0000",
            "message": '- 200 200 - GET https home.example "/api" [Client 10.0.0.9]',
        },
    ),
    (
        '2026-11-23T10:00:00.123456Z\tinfo\tWelcome to InfluxDB\t{"log_id": "0a1b", "version": "v2.7.1"}',
        {
            "time": "2026-11-23T10:00:00.123456Z",
            "level": "info",
            "message": "Welcome to InfluxDB",
            "log_id": "0a1b",
            "version": "v2.7.1",
        },
    ),
    (
        '2026/11/23 10:00:00 [error] 29#30: *1 open() "/x" failed (2: No such file), client: 10.0.0.1',
        {
            "level": "error",
            "process": "29#30",
            "local_time": "2026-11-23 10:00:00",
            "message": '*1 open() "/x" failed (2: No such file), client: 10.0.0.1',
        },
    ),
    (
        "[Mon Nov 23 10:00:00.123456 2026] [core:error] [pid 12:tid 34] [client 10.0.0.1:5] AH00126: bad",
        {
            "logger": "core",
            "level": "error",
            "process": "12:tid 34",
            "local_time": "2026-11-23 10:00:00.123456",
            "message": "[client 10.0.0.1:5] AH00126: bad",
        },
    ),
    (
        "1795428000: New client connected from 172.30.32.1:56 as ha (p2).",
        {"time": "1795428000", "message": "New client connected from 172.30.32.1:56 as ha (p2)."},
    ),
    (
        "2026-11-23 10:00:00: Warning: Address already in use",
        {"local_time": "2026-11-23 10:00:00", "level": "Warning", "message": "Address already in use"},
    ),
    (
        "2026-11-23 10:00:00 0 [Note] InnoDB: Buffer pool(s) load completed",
        {
            "local_time": "2026-11-23 10:00:00",
            "thread": "0",
            "level": "Note",
            "logger": "InnoDB",
            "message": "Buffer pool(s) load completed",
        },
    ),
    (
        "2026-11-23  9:05:03 15 [Warning] Aborted connection 15 to db: 'homeassistant'",
        {
            "local_time": "2026-11-23  9:05:03",
            "thread": "15",
            "level": "Warning",
            "message": "Aborted connection 15 to db: 'homeassistant'",
        },
    ),
    (
        "2026-11-23 10:00:00.123 UTC [12] LOG:  database system is ready to accept connections",
        {
            "process": "12",
            "level": "LOG",
            "time": "2026-11-23T10:00:00.123Z",
            "message": "database system is ready to accept connections",
        },
    ),
]

LANGUAGES: list[Sample] = [
    (
        "2026-11-23T10:00:00.123+01:00  INFO 7 --- [api] [           main] c.e.Main  : Started",
        {
            "time": "2026-11-23T10:00:00.123+01:00",
            "level": "INFO",
            "process": "7",
            "application": "api",
            "thread": "main",
            "logger": "c.e.Main",
            "message": "Started",
        },
    ),
    (
        "2026-11-23 10:00:00.123 [WARN ] [openhab.event.ItemEvent       ] - Lamp changed",
        {
            "local_time": "2026-11-23 10:00:00.123",
            "level": "WARN",
            "logger": "openhab.event.ItemEvent",
            "message": "Lamp changed",
        },
    ),
    (
        "10:00:00.123 [http-nio-8080-exec-1] ERROR com.example.Api -- failed",
        {
            "thread": "http-nio-8080-exec-1",
            "level": "ERROR",
            "logger": "com.example.Api",
            "local_time": "10:00:00.123",
            "message": "failed",
        },
    ),
    (
        "2026-11-23 10:00:00,123 [Worker-5] INFO  com.example.Job  - In the queue: 24",
        {
            "thread": "Worker-5",
            "level": "INFO",
            "logger": "com.example.Job",
            "local_time": "2026-11-23 10:00:00,123",
            "message": "In the queue: 24",
        },
    ),
    (
        "2026-11-23 10:00:00,123 INFO  [main] server.Server: jetty",
        {
            "local_time": "2026-11-23 10:00:00,123",
            "level": "INFO",
            "thread": "main",
            "logger": "server.Server",
            "message": "jetty",
        },
    ),
    (
        "2026-11-23 10:00:00,123 DEBUG com.example.Main - ready",
        {
            "local_time": "2026-11-23 10:00:00,123",
            "level": "DEBUG",
            "logger": "com.example.Main",
            "message": "ready",
        },
    ),
    (
        "E1123 10:00:00.123456       7 reflector.go:138] failed to watch",
        {
            "level": "E",
            "process": "7",
            "caller": "reflector.go:138",
            "local_time": "11-23 10:00:00.123456",
            "message": "failed to watch",
        },
    ),
    (
        '2026/11/23 10:00:00 INFO served path="/x" status=200',
        {"local_time": "2026-11-23 10:00:00", "level": "INFO", "message": 'served path="/x" status=200'},
    ),
    (
        "2026/11/23 10:00:00.123456 listening on :80",
        {"local_time": "2026-11-23 10:00:00.123456", "message": "listening on :80"},
    ),
    (
        "\x1b[31mERRO\x1b[0m[0003] connection lost  peer=1",
        {"level": "ERROR", "elapsed_s": "0003", "message": "connection lost  peer=1"},
    ),
    (
        '2026-11-23T10:00:00.123Z\tinfo\tsync\tsync/service.go:87\tstarting\t{"port": 80}',
        {
            "time": "2026-11-23T10:00:00.123Z",
            "level": "info",
            "logger": "sync",
            "caller": "sync/service.go:87",
            "message": "starting",
            "port": 80,
        },
    ),
    (
        "\x1b[90m10:00:00.123\x1b[0m \x1b[32mINF\x1b[0m [api] listen addr=:1984",
        {"local_time": "10:00:00.123", "level": "INF", "logger": "api", "message": "listen addr=:1984"},
    ),
    (
        "\x1b[90m2026-11-23T10:00:00Z\x1b[0m \x1b[1m\x1b[31mERR\x1b[0m\x1b[0m Retrying in 2s",
        {"time": "2026-11-23T10:00:00Z", "level": "ERR", "message": "Retrying in 2s"},
    ),
    (
        "[10:00:00.123] \x1b[32mINFO\x1b[39m (api/7): \x1b[36mlistening\x1b[39m",
        {
            "local_time": "10:00:00.123",
            "level": "INFO",
            "logger": "api",
            "process": "7",
            "message": "listening\x1b[39m",
        },
    ),
    (
        "[2026-11-23 10:00:00.123 +0100] ERROR (7 on box): failed",
        {
            "level": "ERROR",
            "process": "7",
            "hostname": "box",
            "time": "2026-11-23T10:00:00.123+0100",
            "message": "failed",
        },
    ),
    ('warn: slow {"ms":3}', {"level": "warn", "message": 'slow {"ms":3}'}),
    (
        "2026-11-23T10:00:00.123Z error: winston with a time",
        {"time": "2026-11-23T10:00:00.123Z", "level": "error", "message": "winston with a time"},
    ),
    (
        "2026-11-23 10:00:00.123  - info: host.box ioBroker",
        {"local_time": "2026-11-23 10:00:00.123", "level": "info", "message": "host.box ioBroker"},
    ),
    (
        "[2026-11-23T10:00:00Z WARN  app::module] careful",
        {
            "time": "2026-11-23T10:00:00Z",
            "level": "WARN",
            "logger": "app::module",
            "message": "careful",
        },
    ),
    (
        "[C 2026-11-23 10:00:00.123 ServerApp] stopped",
        {
            "level": "CRITICAL",
            "local_time": "2026-11-23 10:00:00.123",
            "caller": "ServerApp",
            "message": "stopped",
        },
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
    (
        'level=info  msg="a=b, \\"c\\",\\"d=e"  x=y=z ',
        {"level": "info", "msg": 'a=b, "c","d=e', "x": "y=z"},
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

UNDERSTOOD = [
    *HOME_ASSISTANT,
    *APPS,
    *REAL,
    *PYTHON,
    *PLAIN,
    *INNER_JSON,
    *SERVERS,
    *LANGUAGES,
    *LOGFMT,
    *JSON,
]

UNCLEAR = [
    "",
    " ",
    "plain text",
    "there was an error in the middle",
    "ERROR without a colon",
    "Error: could be an exception's name",
    "2026-11-23 10:00:00 nothing said of a level",
    "2026-11-23 10:00:00 errors are many",
    "2026-11-23 10:00:00 error while connecting",
    "2026-11-23 10:00:00 Config: loaded",
    "2026-11-23 10:00:00 HTTP server running",
    "2026-11-23 10:00:00 [http] listening",
    "[2026-11-23 10:00:00] Error while connecting",
    "[2026-11-23 10:00:00] Fatal error: no disk",
    "10:00:00 Warning signs everywhere",
    "[informal] is no level",
    "2026-11-23 10:00:00 ERROR",
    "[10:00:00] ERRORS: of many",
    "a=1 b=2",
    "level=info and then words",
    "level=info and then=pairs",
    "level=info words msg=x",
    "level=info =x msg=y",
    'level=info a"b=c msg=x',
    'level=info msg="x"y=z',
    'level=info msg="x"y',
    "level=info 1=2",
    'level=info msg="open',
    'level=info msg="not \\x41 JSON"',
    "level=info path=C:\\new",
    '{"a":1} and more',
    '{"a":1}{"b":2}',
    '{"a":',
    "{}}",
    '{"a":NaN}',
    "s6-rc without a colon",
    "http: TLS handshake error",
    "Warning: not a level's place",
    "10.0.0.1 - - no access",
    "INFO[x] no number",
    "2026/11/23 no time",
    "\x1b[31mred text\x1b[0m",
    "tab\there, NUL\x00 and bell\x07",
    '"quoted" and \\ a backslash',
    '{"message":"rewritten already?"',
    "🏠 and é",
]
