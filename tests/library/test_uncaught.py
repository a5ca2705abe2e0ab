import json
from typing import Any

import pytest

from tests.library.conftest import RunScript
from tests.library.recording_aggregator import RecordingAggregator


def records(stdout: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stdout.splitlines()]


MAIN = "raise ValueError('bad')"
THREAD = """
import threading
thread = threading.Thread(target=lambda: 1 / 0, name="worker-7")
thread.start()
thread.join()
"""
FINALISER = """
class Holder:
    def __del__(self):
        raise KeyError("gone")
Holder()
"""
ASYNCIO = """
import asyncio, gc
async def main():
    async def fail():
        raise OSError("lost task")
    task = asyncio.create_task(fail())
    await asyncio.sleep(0.05)
    del task
    gc.collect()
asyncio.run(main())
"""
CONFIGURE = "from ha_ingestor_logging import configure\nconfigure(service='demo')\n"


@pytest.mark.parametrize(
    ("source", "logger", "level", "kind"),
    [
        (MAIN, "uncaught", "CRITICAL", "ValueError"),
        (THREAD, "uncaught", "ERROR", "ZeroDivisionError"),
        (FINALISER, "uncaught", "ERROR", "KeyError"),
        (ASYNCIO, "asyncio", "ERROR", "OSError"),
    ],
    ids=["main", "thread", "finaliser", "asyncio"],
)
def test_an_uncaught_exception_is_one_line_and_nothing_else(
    run_script: RunScript, source: str, logger: str, level: str, kind: str
) -> None:
    done = run_script(CONFIGURE + source)
    (record,) = records(done.stdout)
    assert (record["logger"], record["level"], record["exception_type"]) == (logger, level, kind)
    assert record["exception"].startswith("Traceback")
    assert done.stderr == ""
    assert done.returncode == (1 if source == MAIN else 0)
    if source == THREAD:
        assert record["thread"] == "worker-7"


def test_without_standard_output_python_writes_it_as_ever(
    run_script: RunScript, aggregator: RecordingAggregator
) -> None:
    done = run_script(
        CONFIGURE + MAIN,
        HA_INGESTOR_LOG_URL=aggregator.url,
        HA_INGESTOR_LOG_TOKEN="secret",
        HA_INGESTOR_LOG_OUTPUT="http",
    )
    assert done.stderr.endswith("ValueError: bad\n")
    assert [record["exception_type"] for record in aggregator.records] == ["ValueError"]


def test_a_hook_of_somebody_else_is_called_too(run_script: RunScript) -> None:
    done = run_script(
        "import sys\nsys.excepthook = lambda *_: print('theirs', file=sys.stderr)\n" + CONFIGURE + MAIN
    )
    assert done.stderr == "theirs\n"
    assert len(records(done.stdout)) == 1


def test_an_interrupt_and_an_exit_are_no_errors(run_script: RunScript) -> None:
    done = run_script(CONFIGURE + "raise KeyboardInterrupt")
    assert (done.stdout, done.stderr.splitlines()[-1]) == ("", "KeyboardInterrupt")
    assert run_script(CONFIGURE + THREAD.replace("1 / 0", "exit(1)")).stdout == ""


def test_it_can_be_turned_off(run_script: RunScript) -> None:
    done = run_script(CONFIGURE + MAIN, HA_INGESTOR_LOG_UNCAUGHT_EXCEPTIONS="off")
    assert done.stdout == ""
    assert done.stderr.endswith("ValueError: bad\n")


def test_a_shutdown_gives_the_hooks_back(run_script: RunScript) -> None:
    done = run_script(
        """
        import sys, threading, warnings
        before = (sys.excepthook, threading.excepthook, sys.unraisablehook, warnings.showwarning)
        from ha_ingestor_logging import configure, shutdown
        configure()
        configure()
        assert sys.excepthook != before[0]
        shutdown()
        assert (sys.excepthook, threading.excepthook, sys.unraisablehook, warnings.showwarning) == before
        """
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_warning_is_one_line_with_its_place(run_script: RunScript) -> None:
    done = run_script(CONFIGURE + "import warnings\nwarnings.warn('careful', UserWarning)")
    (record,) = records(done.stdout)
    assert done.stderr == ""
    assert (record["message"], record["level"], record["logger"]) == ("careful", "WARNING", "py.warnings")
    assert (record["category"], record["lineno"]) == ("UserWarning", 4)
    assert record["filename"].endswith("program.py")


def test_a_warning_is_logged_once_with_the_standard_librarys_capture(run_script: RunScript) -> None:
    done = run_script(
        "import logging, warnings\nlogging.captureWarnings(True)\n" + CONFIGURE + "warnings.warn('careful')"
    )
    assert len(records(done.stdout)) == 1
