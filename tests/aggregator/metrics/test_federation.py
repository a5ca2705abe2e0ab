"""What `GET /metrics` publishes."""

from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from aggregator.metrics import exposition, federation
from aggregator.metrics.grouping import GroupingKey
from aggregator.metrics.latest import LatestSamples
from aggregator.metrics.self_metrics import SelfMetrics

NOW_S = 1_795_000_000.0


def published(latest: LatestSamples, metrics: SelfMetrics | None = None) -> str:
    """Return the text of a scrape."""
    registry = metrics.registry if metrics else CollectorRegistry()
    return federation.exposition(registry, latest, NOW_S).decode()


def push(latest: LatestSamples, service: str, text: bytes) -> None:
    """Push a text as a service."""
    group = GroupingKey(service, ())
    latest.push(group, exposition.decode(text).samples, NOW_S, replace_group=True)


def test_a_family_of_several_services_is_published_once() -> None:
    latest = LatestSamples()
    push(latest, "a", b"# TYPE events_total counter\nevents_total 1\n")
    push(latest, "b", b'# TYPE events_total counter\nevents_total{kind="x"} 2\n')

    assert published(latest) == (
        "# HELP events_total \n# TYPE events_total counter\n"
        'events_total{job="a"} 1.0\nevents_total{job="b",kind="x"} 2.0\n'
    )


def test_services_that_disagree_on_a_type_leave_it_open() -> None:
    latest = LatestSamples()
    push(latest, "a", b"# TYPE depth counter\ndepth 1\n")
    push(latest, "b", b"# TYPE depth gauge\ndepth 2\n")

    assert "# TYPE depth untyped\n" in published(latest)


def test_a_counter_keeps_its_own_name() -> None:
    latest = LatestSamples()
    push(latest, "a", b"# TYPE events counter\nevents 1\n")

    assert published(latest) == '# HELP events \n# TYPE events untyped\nevents{job="a"} 1.0\n'


def test_a_histogram_is_published_as_one_family() -> None:
    registry = CollectorRegistry()
    Histogram("write_seconds", "Writes.", buckets=(1.0,), registry=registry).observe(0.5)
    latest = LatestSamples()
    push(latest, "a", generate_latest(registry))

    families = {family.name: family for family in text_string_to_metric_families(published(latest))}
    assert families["write_seconds"].type == "histogram"
    assert [sample.name for sample in families["write_seconds"].samples] == [
        "write_seconds_bucket",
        "write_seconds_bucket",
        "write_seconds_count",
        "write_seconds_sum",
    ]


def test_a_points_own_job_gives_way_to_the_service() -> None:
    latest = LatestSamples()
    (sample,) = exposition.decode(b'depth{job="theirs"} 1').samples
    latest.write("bucket", [sample], NOW_S)

    assert 'depth{exported_job="theirs",job="bucket"} 1.0\n' in published(latest)


def test_no_family_is_declared_twice_next_to_the_aggregators_own() -> None:
    latest = LatestSamples()
    metrics = SelfMetrics()
    metrics.lines_taken("library", 1, 1)
    push(latest, "a", generate_latest(metrics.registry) + b"# TYPE process_cpu_seconds_total counter\n")

    declared = [line for line in published(latest, metrics).splitlines() if line.startswith("# TYPE")]
    assert declared
    assert len(declared) == len(set(declared))


def test_values_with_quotes_and_line_breaks_are_escaped() -> None:
    latest = LatestSamples()
    push(latest, "a", rb'depth{path="a\"b\\c\nd"} 1')

    assert rb'depth{job="a",path="a\"b\\c\nd"} 1.0'.decode() in published(latest)
