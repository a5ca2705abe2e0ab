from urllib.parse import parse_qs, urlsplit

import pytest

from benchmarks.store.victoria_logs import VictoriaLogs, answer_size, insertion, question, read_use


def _form(body: bytes) -> dict[str, list[str]]:
    return parse_qs(body.decode(), strict_parsing=True)


def test_lines_are_inserted_as_they_are_with_the_names_of_their_fields() -> None:
    path, body, headers = insertion(b'{"message":"a"}\n')
    address = urlsplit(path)
    assert address.path == "/insert/jsonline"
    assert parse_qs(address.query) == {
        "_stream_fields": ["service,host"],
        "_time_field": ["timestamp"],
        "_msg_field": ["message"],
    }
    assert body == b'{"message":"a"}\n'
    assert headers == {"Content-Type": "application/stream+json"}


def test_a_search_asks_for_the_latest_100() -> None:
    path, body, headers = question("Q3 phrase", 'i("partial write")')
    assert path == "/select/logsql/query"
    assert _form(body) == {"query": ['i("partial write")'], "limit": ["100"]}
    assert headers == {"Content-Type": "application/x-www-form-urlencoded"}


def test_a_histogram_asks_for_minutes_by_service_and_level() -> None:
    path, body, _ = question("Q6 histogram", "*")
    assert path == "/select/logsql/hits"
    assert _form(body) == {"query": ["*"], "step": ["1m"], "field": ["service", "level"]}


@pytest.mark.parametrize("name", ["Q8 count", "Q9 p95"])
def test_numbers_come_from_its_statistics(name: str) -> None:
    path, body, _ = question(name, "* | stats count() rows")
    assert path == "/select/logsql/stats_query"
    assert _form(body) == {"query": ["* | stats count() rows"]}


@pytest.mark.parametrize(
    ("name", "answer", "size"),
    [
        ("Q1", b'{"_msg":"a"}\n{"_msg":"b"}\n', 2),
        ("Q7", b"", 0),
        ("Q6", b'{"hits":[{"fields":{},"timestamps":[],"values":[],"total":60},{"total":5}]}', 65),
        ("Q8", b'{"data":{"result":[{"metric":{},"value":[1704153600,"20395342"]}]}}', 20395342),
        ("Q9", b'{"data":{"result":[{"metric":{"service":"a"}},{"metric":{"service":"b"}}]}}', 2),
    ],
)
def test_the_size_of_an_answer_is_its_rows_counted_rows_or_groups(
    name: str, answer: bytes, size: int
) -> None:
    assert answer_size(name, answer) == size


def test_what_it_used_is_read_from_its_metrics() -> None:
    use = read_use(
        "# TYPE process_cpu_seconds_total counter\n"
        "process_cpu_seconds_total 29.5\n"
        "process_resident_memory_peak_bytes 364904448\n"
        "process_io_storage_written_bytes_total 233000000\n"
        'vl_data_size_bytes{type="indexdb"} 1\n'
        'vl_data_size_bytes{type="storage"} 1.16e+08\n'
    )
    assert (use.cpu_s, use.peak_rss_bytes) == (29.5, 364904448)
    assert (use.written_bytes, use.disk_bytes) == (233e6, 116e6)


@pytest.mark.parametrize("url", ["https://logs", "logs:9428", "http://"])
def test_an_address_that_is_no_http_url_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="--victoria-logs"):
        VictoriaLogs(url)
