"""Every limit on metrics, each with its reason."""

from aggregator.limits import MIB

PUSH_BYTES = 4 * MIB
"""One push, as sent and decompressed: a large exporter's page has 1 MiB and comes every few seconds."""

PUSH_SAMPLES = 20_000
"""Samples of one push: as many as all series together, so more could not be kept anyway."""

LINE_BYTES = 8 * 1024
"""One line of text format: the parser's time grows with the square of its length."""

POINT_BYTES = 64 * 1024
"""One point of line protocol: InfluxDB's own limit for a text field."""

NAME_CHARACTERS = 200
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

FUTURE_S = 600.0
"""How far ahead a point's time may lie; one from next year would hide every later point of its series."""

REPORT_LIFETIME_S = 300.0
"""How long a service's last rate stays valid without a new push: five pushes of a slow sender."""

RATE_WINDOW_S = 60.0
"""Span of a rate, as everywhere in the statistics."""

RATE_SPACING_S = 1.0
"""Closest spacing of the points kept for a rate, so that a window holds at most 61 of them."""

SOURCES = 32
"""Values of a `source` label; senders choose the name, so further ones are counted as `other`."""
