"""The process's one pipeline, and how a program sets it up."""

import os
import sys
import threading
from typing import TYPE_CHECKING, Any, Final, Unpack

import structlog
from prometheus_client import REGISTRY

from ha_ingestor_logging.bound_logger import BoundLogger
from ha_ingestor_logging.delivery import HttpDelivery
from ha_ingestor_logging.entry import Emitter
from ha_ingestor_logging.file_output import FileOutput
from ha_ingestor_logging.metrics import LoggingCollector, exposition
from ha_ingestor_logging.pipeline import LIBRARY_LOGGER, Pipeline
from ha_ingestor_logging.process_exit import ExitHook
from ha_ingestor_logging.rendering import Renderer
from ha_ingestor_logging.settings import Settings, SettingsArguments, load_settings
from ha_ingestor_logging.standard_library import StandardLibraryBridge
from ha_ingestor_logging.stdout_output import StdoutOutput

if TYPE_CHECKING:
    from ha_ingestor_logging.output import Output

_pipeline: Final = Pipeline()
_bridge: Final = StandardLibraryBridge(_pipeline.emitter)
_settings = Settings()
_lock = threading.Lock()


def configure(**arguments: Unpack[SettingsArguments]) -> None:
    """Set the process's logging up; call it once, early. A second call replaces the first.

    A setting that is left out comes from the environment, ``HA_INGESTOR_LOG_`` and its name in
    capitals, else from the default. The default output is ``stdout``, and ``file`` with a file, and
    ``http`` with a URL.

    Args:
        arguments: any of :class:`~ha_ingestor_logging.settings.Settings`.

    Raises:
        ConfigurationError: a setting is unknown, malformed or out of its limits, or two don't go together.
    """
    settings = load_settings(arguments)
    with _lock:
        _pipeline.stop(_settings.exit_timeout_s)
        _apply(settings)


def _apply(settings: Settings) -> None:
    global _settings  # noqa: PLW0603 - what the exit must know of the process's one configuration
    _settings = settings
    _pipeline.queue.set_bounds(settings.queue_records, settings.queue_size_bytes)
    _pipeline.set_level(settings.level)
    outputs: list[Output] = []
    if "stdout" in settings.output:
        outputs.append(StdoutOutput())
    if "file" in settings.output:
        file_output = FileOutput(settings, _report)
        file_output.start()
        outputs.append(file_output)
    if "http" in settings.output:
        delivery = HttpDelivery(settings, exposition, _report)
        delivery.start()
        outputs.append(delivery)
    structlog.configure(
        processors=_pipeline.processors,
        wrapper_class=BoundLogger,
        context_class=dict,
        logger_factory=_emitter,
        cache_logger_on_first_use=True,
    )
    _bridge.remove()
    if settings.standard_library:
        _bridge.install(settings.level)
    _pipeline.start(Renderer(settings.service, settings.host), outputs)


def get_logger(name: str | None = None, **fields: Any) -> BoundLogger:
    """A structlog logger. It may be made before ``configure`` is called; lines wait for that.

    Args:
        name: its name; by default the calling module's.
        fields: fields that all of its lines carry.
    """
    return BoundLogger(_pipeline.emitter(name or calling_module()), _pipeline.processors, fields)


def calling_module() -> str:
    """The name of the module that called the function that asks."""
    return str(sys._getframe(2).f_globals.get("__name__", ""))  # noqa: SLF001 - as logging finds its caller


def flush(timeout_s: float = 5.0) -> bool:
    """Wait until all that was logged, and the metrics, have left the process.

    Args:
        timeout_s: how long to wait.

    Returns:
        Whether everything arrived within the timeout.
    """
    return _pipeline.flush(timeout_s)


def shutdown(timeout_s: float | None = None) -> bool:
    """Flush, then end the threads. Happens by itself at the exit.

    Args:
        timeout_s: how long to wait; by default ``exit_timeout_s``.

    Returns:
        Whether everything arrived within the timeout.
    """
    with _lock:
        _bridge.remove()
        return _pipeline.stop(_settings.exit_timeout_s if timeout_s is None else timeout_s)


def _emitter(*args: Any) -> Emitter:
    """The emitter for ``structlog.get_logger(name)``."""
    return _pipeline.emitter(str(args[0]) if args else "")


def _report(level: int, message: str, /, **fields: object) -> None:
    _pipeline.report(level, message, **fields)
    if "stdout" not in _settings.output:
        # Whoever looks at the program's own output would not learn why nothing arrives.
        details = " ".join(f"{name}={value}" for name, value in fields.items())
        sys.stderr.write(f"{LIBRARY_LOGGER}: {message} {details}\n")


def _at_exit() -> None:
    if not _pipeline.is_started and _pipeline.queue:
        # Never configured, or already shut down: better seen on standard output than lost.
        _pipeline.start(Renderer(_settings.service, _settings.host), [StdoutOutput()])
    _pipeline.stop(_settings.exit_timeout_s)


def _after_fork() -> None:
    global _lock  # noqa: PLW0603 - another thread of the parent may have held it
    _lock = threading.Lock()
    _pipeline.after_fork()


REGISTRY.register(LoggingCollector(_pipeline))
if sys.platform != "win32":
    os.register_at_fork(after_in_child=_after_fork)
_exit_hook: Final = ExitHook(_at_exit)
