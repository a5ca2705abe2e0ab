"""Every limit of the aggregator, each with its reason."""

MIB = 1024 * 1024

BODY_BYTES = 32 * MIB
"""A body as sent: far above what shippers batch (1 to 10 MiB), and four of them fit a small box."""

DECOMPRESSED_BODY_BYTES = 64 * MIB
"""A body after decompression: stops a compressed bomb before memory is gone."""

HELD_BODIES_BYTES = 128 * MIB
"""Bodies of lines that are held at once, as sent and decompressed: one of the largest always fits, and many
that arrive together or stall can't take all memory."""

BODY_TIMEOUT_S = 60.0
"""Time for a whole body to arrive, so that stalled senders do not pile up."""

LINE_BYTES = 1 * MIB
"""One log line; a longer one is kept as text up to here. Tracebacks and dumps stay far below."""

BODY_ITEMS = 2_000_000
"""Items of a body, as far as they can be counted before it is taken apart: each takes up to 100 bytes of
memory however short it is, and shippers send hundreds to thousands."""

BULK_ACTION_BYTES = 8 * 1024
"""The line before a document: Elasticsearch's names of indices have 255 bytes at most, its IDs 512."""

JOINED_LINES = 1000
"""Lines of one traceback that become one record: Python recurses 1,000 times at most."""

JOINED_BYTES = 256 * 1024
"""Bytes of one traceback that become one record, so that a page of search results stays small."""

PANIC_LINES = 16
"""Lines between a panic of Go and its first goroutine; there are one to four."""

JOIN_TIME_S = 0.5
"""How long a line that may go on waits for what comes next: a traceback is written at once."""

LABELS_CHARACTERS = 64 * 1024
"""Labels of one stream as text: Loki takes 15 of them, with values of up to 2,048 characters."""

MESSAGE_BYTES = 256 * 1024
"""One message of syslog or GELF from a stream; a longer one is cut. rsyslog sends 8 KiB at most, syslog-ng
64 KiB, and each connection may hold one that has not ended."""

BATCH_MESSAGES = 2000
"""Messages from a socket that are decoded and stored together: with more of them each costs no less."""

BATCH_BYTES = 1 * MIB
"""Bytes of such messages, for long ones."""

BATCH_S = 0.05
"""How long the first of such messages waits for others: nobody notices it in a live tail."""

CONNECTIONS = 256
"""Connections of each listener for syslog and GELF: a house has tens of senders; each holds 1 MiB at most."""

CONNECTION_SILENT_S = 60.0
"""How long a connection may be open before anything comes by it: senders connect when they have a message."""

CONNECTION_IDLE_S = 24 * 3600.0
"""How long a connection may be idle: a sender does not notice that it was closed, and loses what it sends
next. Keep-alives find out earlier that nobody is there."""

MESSAGE_S = 60.0
"""Time for a message that began to end."""

KEEPALIVE_S = 300
"""Time without any packet after which a connection's other end is asked whether it is there."""

SOCKET_RETRY_S = 0.25
"""Time between two attempts to store what came by a connection when too much waits to be written."""

RECEIVE_BUFFER_BYTES = 8 * MIB
"""Datagrams that the kernel holds until they are read, if it allows so many (net.core.rmem_max)."""

WAITING_DATAGRAM_BYTES = 16 * MIB
"""Datagrams that wait to be decoded, some 100,000; past it they are lost, before memory is gone."""

KNOWN_ATTRIBUTES = 20_000
"""Attributes of one body that are read only once: those that come again do so from the beginning on."""

CHUNKS = 128
"""Datagrams that one message of GELF may come in, as Graylog has it."""

CHUNKS_S = 5.0
"""Time for all of them to come, as Graylog has it."""

CHUNKED_BYTES = 16 * MIB
"""Datagrams that wait for others of their message: anybody can begin messages and never end them."""

CHUNK_EXTRA_BYTES = 300
"""Memory that a waiting datagram takes besides its content, so that empty ones are bounded too."""

REPORTED_LINE_ERRORS = 100
"""Bad lines named in one answer; all are counted."""

FIELD_COLUMNS = 256
"""Sender fields with a column of their own in one part of the store; further ones share one column."""

FIELD_NAME_CHARACTERS = 128
"""Longest name of a field that gets a column of its own."""

VALUE_DEPTH = 500
"""Nesting of a value in an answer; a deeper one is shown as text. Common parsers refuse more than 1,000."""

FUTURE_TIMESTAMP_S = 24 * 3600
"""How far ahead of arrival a timestamp may lie: time zones are off by hours, broken clocks by years."""

PENDING_BYTES = 64 * MIB
"""Lines that wait to be written; past it senders are asked to come again."""

UNLOADED_BYTES = 1024 * MIB
"""Lines written but not yet searchable, about 110 MB of log files: a burst is acknowledged as fast as the
disk takes it and made searchable some seconds after it; past it the next lines wait to be written."""

HELD_BYTES = 8 * MIB
"""Lines written but not yet searchable that stay in memory; others are read again from their log file."""

LOAD_INTERVAL_S = 0.03
"""Least time between two small loads, so that lines which come close together share one."""

LOAD_REST = 3
"""Least time between two small loads, as a multiple of what the last one took: each costs 5 to 30 ms of a
core, however few its lines are, and this bounds them to a quarter of one."""

SEAL_ROWS = 100_000
"""Rows of one segment: DuckDB's row group holds 122,880, and memory stays under 100 MB."""

SEAL_BYTES = 32 * MIB
"""Raw bytes of one segment, for long lines: up to three such sets of rows are in memory at once."""

SEAL_AGE_S = 3600.0
"""Age at which rows become a segment however few they are, so that segments follow the hours."""

COMPACT_SEGMENTS = 8
"""Small segments of a day that are made into one: with more of them searches slow down, with fewer the same
records are written more often."""

COMPACT_INTERVAL_S = 30.0
"""Time between two looks for small segments; they are made by the hour, or by large loads."""

RETENTION_INTERVAL_S = 600.0
"""Time between two looks for records that are past: days are counted, so minutes matter to nobody."""

RETENTION_RULES = 32
"""Rules of retention: six levels of a handful of services; each costs a comparison per record looked at."""

SNAPSHOTS = 16
"""Snapshots at once: each keeps what retention takes away, until it is deleted."""

SERVICE_NAME_CHARACTERS = 256
"""Longest name of a service in a rule: real ones stay under 64."""

LEVEL_SERVICES = 500
"""Services of which levels are wanted: as many as have statistics of their own."""

LEVEL_LOGGERS = 64
"""Loggers of a service of which a level is wanted: people name a few, and the service looks at each."""

LOGGER_NAME_CHARACTERS = 256
"""Longest name of a logger of which a level is wanted: real ones are module paths under 100."""

DISK_CHECK_S = 10.0
"""Time between two looks at the free room of the disk: a fast sender writes 100 MB meanwhile."""

DISK_RESERVE_PERCENT = 3
"""Share of the store's disk that is held free: without room file systems slow down, and others fail too."""

DISK_RESERVE_BYTES = 256 * MIB
"""Least room that is held free, for the database of Home Assistant and for segments while they are written;
on disks under 2.5 GiB it is a tenth of them."""

DISK_RESERVE_MOST_BYTES = 1024 * MIB
"""Most room that is held free: what is beyond it on a large disk is better used for logs."""

SEAL_IDLE_S = 5.0
"""Time without new lines after which the rows in memory become a segment, if they are worth one."""

SEAL_IDLE_ROWS = 4096
"""Rows that are worth a segment of their own when no more come; a search scans fewer in 1 or 2 ms."""

SEARCH_ROWS = 5000
"""Rows of one page of a search."""

SEARCH_TIME_S = 20.0
"""Time budget of one search; what it found by then is answered as partial."""

CONTEXT_LINES = 500
"""Lines before a line, and after it: a screen shows fifty."""

STEP_S = 366 * 24 * 3600
"""Longest stretch of time to count by: a year."""

ASKED_NAME_CHARACTERS = 1024
"""Longest name of a field in a request: paths of nested fields are longer than names."""

BUCKETS = 2000
"""Stretches of time in one answer: more than a wide screen has columns of pixels to draw them in."""

EXACT_QUANTILE_ROWS = 5_000_000
"""Rows to look through up to which quantiles are exact: all of their numbers take 40 MB, twice."""

FACET_FIELDS = 16
"""Fields of one request for facets; each is grouped by in the same pass."""

FACET_VALUES = 1000
"""Values of each field in an answer; how many there are is told besides."""

GROUP_FIELDS = 4
"""Fields that make the groups of one aggregate."""

GROUPS = 10_000
"""Groups in one answer: 1 MB of JSON, and far more than a chart can show."""

EXPORT_TIME_S = 3600.0
"""Time budget of one export: 30 million rows over a slow network."""

EXPORT_FREE_BYTES = 256 * MIB
"""Room on the disk that a Parquet export leaves free: intake needs it while the export is there."""

EXPORTS_AT_ONCE = 2
"""Exports that run together: each keeps segments from going away, and Parquet takes room on the disk."""

READ_NICENESS = 5
"""How much reads stand back behind the threads that acknowledge lines: a heavy one must not hold these up."""

SEARCHES_AT_ONCE = 4
"""Searches that run together; the others wait their turn."""

COMPLETION_TIME_S = 0.5
"""Time to look for fields and values while somebody types; the newest records come first."""

EXPLAINED_PARTS = 100
"""Parts of the store that an explanation lists; all are counted."""

SUGGESTIONS = 20
"""Names or values offered while a search is typed: as many as a list shows without becoming a page."""

TAIL_ROWS = 500
"""Rows of one live message; what exceeds them is told as missed."""

TAIL_INTERVAL_S = 0.03
"""Least time between two live messages of a tail."""

LIVE_MESSAGE_BYTES = 64 * 1024
"""One message from a live client: a query of 4,096 characters fits many times."""

LIVE_SUBSCRIPTIONS = 32
"""Subscriptions of one live connection."""

LIVE_AUTH_S = 10.0
"""Time for a live client to show its token."""

DUPLICATE_WINDOW_ROWS = 200_000
"""How many rows back a `uid` that comes again is recognised, at least."""

SERVICES = 500
"""Services with statistics of their own; the others are counted together under an empty name."""

REQUEST_BYTES = 64 * 1024
"""A JSON request body of the API."""

PUSH_BYTES = 4 * MIB
"""One push, as sent and decompressed: a large exporter's page has 1 MiB and comes every few seconds."""

PUSH_SAMPLES = 20_000
"""Samples of one push: as many as all series together, so more could not be kept anyway."""

METRIC_LINE_BYTES = 8 * 1024
"""One line of text format: the parser's time grows with the square of its length."""

POINT_BYTES = 64 * 1024
"""One point of line protocol: InfluxDB's own limit for a text field."""

METRIC_NAME_CHARACTERS = 200
"""Longest metric or label name; real ones stay under 100."""

LABELS = 32
"""Labels of one series. Prometheus advises under ten; Home Assistant's points have up to twenty tags."""

LABEL_VALUE_CHARACTERS = 512
"""Longest label value: paths and entity names fit, whole messages belong into the logs."""

SERIES = 20_000
"""Series kept at once. Each takes about 1 kB, so a flood of labels costs 20 MB and not the machine."""

SERIES_PER_SERVICE = 10_000
"""Series of one service, so that a flood in one leaves room for the others."""

SERIES_LIFETIME_S = 24 * 3600.0
"""How long a series outlives its last sample: jobs that run once a day stay visible."""

METRIC_FUTURE_S = 600.0
"""How far ahead a point's time may lie; one from next year would hide every later point of its series."""

REPORT_LIFETIME_S = 300.0
"""How long a service's last rate stays valid without a new push: five pushes of a slow sender."""

RATE_WINDOW_S = 60.0
"""Span of a rate, as everywhere in the statistics."""

RATE_SPACING_S = 1.0
"""Closest spacing of the points kept for a rate, so that a window holds at most 61 of them."""

SOURCES = 32
"""Values of a `source` label; senders choose the name, so further ones are counted as `other`."""

TAIL_READ_BYTES = 1 * MIB
"""Bytes of files that are understood at once: thousands of lines."""

TAIL_LOOK_S = 1.0
"""Time between two looks for new files and for those that are gone; each costs a listing of their folders."""

TAIL_GONE_S = 60.0
"""How long a file is read on that lost its name: programs write on until they are told to open anew."""

TAILED_FILES = 512
"""Files that are followed at once, each open: a process may have 1,024 open, and connections need some."""

JOURNAL_ENTRY_BYTES = 16 * MIB
"""One entry of the journal, and one value in it: lines have 48 KiB there, core dumps may lie there too."""

JOURNAL_READ_BYTES = 2 * MIB
"""Entries of the journal that are understood at once, some thousands; what they become takes 10 MB."""

JOURNAL_ORIGINS = 4096
"""Programs whose lines in the journal are described in memory; each process is one."""

SOURCE_RESTART_S = 60.0
"""Longest time until a source that failed is tried again."""

SOURCE_POSITION_S = 1.0
"""Least time between two notes of how far a source was read: each is a sync of the disk. What is read again
after a crash is known by its `uid`."""

SOURCE_IDLE_S = 0.2
"""How long a source waits for something new before it looks whether it shall stop."""
