"""VictoriaMetrics, the database that the example ingestor writes to."""

import asyncio
from pathlib import Path

from stack.places import FIND_VICTORIA_METRICS
from stack.ports import HOST
from stack.process import Part


async def find_victoria_metrics() -> str | None:
    """Return the program's path, or None when this machine can't have it."""
    process = await asyncio.create_subprocess_exec(
        str(FIND_VICTORIA_METRICS), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    output, _ = await process.communicate()
    return output.decode().strip() or None


def make_victoria_metrics(program: str, data: Path, log_file: Path, port: int) -> Part:
    """Describe VictoriaMetrics.

    Args:
        program: path of the program.
        data: folder for its database.
        log_file: where its output goes.
        port: TCP port to listen on.
    """
    return Part(
        name="victoria-metrics",
        command=[
            program,
            f"-storageDataPath={data}",
            f"-httpListenAddr={HOST}:{port}",
            "-retentionPeriod=12",
            "-loggerFormat=json",
        ],
        log_file=log_file,
        url=f"http://{HOST}:{port}",
        health_path="/health",
    )
