import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest

from tests import hypothesis_profile
from tests.library.capturing import aggregator, capture, no_lines_at_the_exit

RunScript: TypeAlias = Callable[..., subprocess.CompletedProcess[str]]

ROOT = Path(__file__).parents[2]

__all__ = ["aggregator", "capture", "hypothesis_profile", "no_lines_at_the_exit"]  # from elsewhere


@pytest.fixture
def run_script(tmp_path: Path) -> RunScript:
    """Runs a program of its own: what happens at an exit or a fork can't be seen from inside."""

    def run(source: str, **environment: str) -> subprocess.CompletedProcess[str]:
        script = tmp_path / "program.py"
        script.write_text(textwrap.dedent(source))
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("HA_INGESTOR_")}
        return subprocess.run(
            [sys.executable, str(script)],
            env={**inherited, "PYTHONPATH": str(ROOT), **environment},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run
