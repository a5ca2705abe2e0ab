"""The yardstick of intake: a plain loop of the standard library's `json.loads` on one core."""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

_SAMPLE_BODIES = 40
_LOOP = """
import json, sys, time
lines = open(sys.argv[1], "rb").read().splitlines()
started = time.perf_counter()
for line in lines:
    json.loads(line)
print(len(lines) / (time.perf_counter() - started))
"""
PRESENT = f"{sys.version_info.major}.{sys.version_info.minor}"
REFERENCE = "3.11"


def pythons() -> dict[str, str]:
    """Return the interpreters to measure, by version: this one, and the reference's where it is found."""
    found = {PRESENT: sys.executable}
    reference = shutil.which(f"python{REFERENCE}")
    if reference and subprocess.run([reference, "-c", ""], check=False, capture_output=True).returncode == 0:
        found[REFERENCE] = reference
    return found


def rows_per_s(bodies: list[bytes], python: str) -> float:
    """Measure the loop over a sample of the lines.

    Args:
        bodies: the corpus.
        python: an interpreter.
    """
    with tempfile.NamedTemporaryFile() as sample:
        Path(sample.name).write_bytes(b"".join(bodies[:_SAMPLE_BODIES]))
        answer = subprocess.run(
            [python, "-c", _LOOP, sample.name], check=True, capture_output=True, text=True
        )
    return float(answer.stdout)
