import re
from dataclasses import MISSING, fields

import pytest

import ha_ingestor_logging
from ha_ingestor_logging import metrics
from ha_ingestor_logging.settings import ENVIRONMENT_PREFIX, Settings
from tests.library.conftest import ROOT, RunScript

README = (ROOT / "ha_ingestor_logging/README.md").read_text()


@pytest.mark.parametrize("setting", fields(Settings), ids=lambda setting: setting.name)
def test_every_setting_is_in_the_table_with_its_default(setting: object) -> None:
    name = getattr(setting, "name", "")
    default = getattr(setting, "default", None)
    (row,) = re.findall(rf"^\| `{name}` \|.*$", README, re.MULTILINE)
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells[1] == f"`{ENVIRONMENT_PREFIX}{name.upper()}`"
    if type(default) in {int, float} and default is not MISSING and name != "level":
        assert cells[2] == str(default)


@pytest.mark.parametrize("name", ha_ingestor_logging.__all__)
def test_every_public_name_is_mentioned(name: str) -> None:
    unmentioned = {"BoundLogger", "Correlation", "IngestorLoggingError"}
    assert name in README or name in unmentioned


def test_every_metric_is_mentioned() -> None:
    names = set(re.findall(r"^# TYPE (ha_ingestor_\w+) ", metrics.exposition().decode(), re.MULTILINE))
    assert names
    assert {name for name in names if not name.endswith("_created") and name not in README} == set()


EXAMPLES = [
    source
    for source in re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    if "captured_logs" not in source
]


@pytest.mark.parametrize("source", EXAMPLES, ids=range(len(EXAMPLES)))
def test_the_examples_run(run_script: RunScript, source: str) -> None:
    done = run_script(source)
    assert (done.returncode, done.stderr) == (0, "")


def test_every_reason_of_a_drop_is_explained() -> None:
    package = ROOT / "ha_ingestor_logging"
    source = "".join(path.read_text() for path in sorted(package.glob("*.py")))
    reasons = set(re.findall(r'_(?:drop|count_undelivered)\("(\w+)"', source)) | set(
        re.findall(r'\(?"(\w+)", level\)', source)
    )
    reasons |= set(re.findall(r'_dropped\["(\w+)"', source))
    assert reasons >= {"queue_full", "delivery_full", "exit", "unrenderable", "stdout_closed"}
    table = README.split("| reason | |")[1]
    assert {reason for reason in reasons if f"`{reason}`" not in table} == set()
