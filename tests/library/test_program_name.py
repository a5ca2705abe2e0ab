import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.library.conftest import ROOT

NAME = "from ha_ingestor_logging.settings import Settings; print(Settings().service)"
# A child of its own must find what it does outside of the package's __main__.
PARENT = """
import multiprocessing
from package import part

if __name__ == "__main__":
    child = multiprocessing.get_context("spawn").Process(target=part.show)
    child.start()
    child.join()
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "package/below").mkdir(parents=True)
    for package in ("package", "package/below"):
        (tmp_path / package / "__init__.py").touch()
    for program in ("script", "package/__main__", "package/part", "package/below/__main__"):
        (tmp_path / f"{program}.py").write_text(NAME)
    return tmp_path


def named(folder: Path, *arguments: str, stdin: str = "") -> str:
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout.strip()


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        (["script.py"], "script"),
        (["-m", "script"], "script"),
        (["-W", "ignore", "-m", "package", "-m", "x"], "package"),
        (["-m", "package.below"], "package.below"),
        (["-m", "package.part"], "package.part"),
        (["package"], "package"),
        (["package/__main__.py"], "package"),
        (["-c", NAME], "python"),
    ],
)
def test_a_program_has_the_name_of_what_is_run(folder: Path, arguments: list[str], name: str) -> None:
    assert named(folder, *arguments) == name


def test_a_program_from_standard_input_is_python(folder: Path) -> None:
    assert named(folder, "-", stdin=NAME) == "python"
    assert named(folder, stdin=NAME) == "python"


def test_a_package_that_asks_while_it_is_imported_has_its_name(folder: Path) -> None:
    (folder / "package/__init__.py").write_text(NAME)
    (folder / "package/__main__.py").write_text("")
    assert named(folder, "-m", "package") == "package"


def test_a_package_run_by_its_file_has_its_folders_name(folder: Path) -> None:
    assert named(folder / "package", "__main__.py") == "package"


def test_a_process_that_a_package_starts_has_its_name(folder: Path) -> None:
    (folder / "package/__main__.py").write_text(PARENT)
    (folder / "package/part.py").write_text(f"def show():\n    {NAME}\n")
    assert named(folder, "-m", "package") == "package"
