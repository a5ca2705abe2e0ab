"""The process's one pipeline, and how a program sets it up."""

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Unpack

import structlog
from prometheus_client import REGISTRY

from ha_ingestor_logging.bound_logger import BoundLogger
from ha_ingestor_logging.captured_logs import CapturedLogs
from ha_ingestor_logging.deliveries import to_aggregator, to_otlp_receiver
from ha_ingestor_logging.entry import Emitter
from ha_ingestor_logging.file_output import FileOutput
from ha_ingestor_logging.level_rules import LevelRules
from ha_ingestor_logging.level_signals import LevelSignals
from ha_ingestor_logging.level_sources import LevelSources
from ha_ingestor_logging.levels import TRACE, WARNING, parse_level
from ha_ingestor_logging.metrics import LoggingCollector, exposition
from ha_ingestor_logging.pipeline import LIBRARY_LOGGER, Pipeline
from ha_ingestor_logging.process_exit import ExitHook
from ha_ingestor_logging.redaction import Redactor
from ha_ingestor_logging.rendering import Renderer
from ha_ingestor_logging.settings import Settings, SettingsArguments, load_settings
from ha_ingestor_logging.standard_library import StandardLibraryBridge
from ha_ingestor_logging.stdout_output import StdoutOutput
from ha_ingestor_logging.text_format import text_line
from ha_ingestor_logging.uncaught import UncaughtExceptions, Warnings

if TYPE_CHECKING:
    from ha_ingestor_logging.delivery import Delivery
    from ha_ingestor_logging.output import Output

_pipeline: Final = Pipeline()
_settings = Settings()
_captures: tuple[CapturedLogs, ...] = ()


def _is_seen() -> bool:
    return "stdout" in _settings.output


_bridge: Final = StandardLibraryBridge(_pipeline.emitter)
_warnings: Final = Warnings(_pipeline.emitter, _is_seen)
_uncaught: Final = UncaughtExceptions(_pipeline.emitter, _is_seen)
_lock = threading.Lock()


def configure(**arguments: Unpack[SettingsArguments]) -> None:
    """Set the process's logging up; call it once, early. A second call replaces the first.

    A setting that is left out comes from the environment, ``HA_INGESTOR_LOG_`` and its name in
    capitals, else from the default. The default output is ``stdout``, and ``file`` with a file, and
    ``http`` with a URL, and ``otlp`` with an OTLP endpoint.

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
    _levels.begin(_configured_rules())
    _pipeline.repeated_lines.interval_s = settings.repeat_interval_s
    outputs = list(_captures) or _outputs(settings)
    structlog.configure(
        processors=_pipeline.processors,
        wrapper_class=BoundLogger,
        context_class=dict,
        logger_factory=_emitter,
        cache_logger_on_first_use=True,
    )
    _remove_hooks()
    if settings.standard_library:
        _bridge.install(_pipeline.rules)
    if settings.warnings:
        _warnings.install()
    if settings.uncaught_exceptions:
        _uncaught.install()
    if settings.level_signals and not _signals.install():
        _report(WARNING, "signals can't change the level: not called in the main thread, or none here")
    _pipeline.start(_renderer(settings), outputs)


def _outputs(settings: Settings) -> "list[Output]":
    outputs: list[Output] = []
    if "stdout" in settings.output:
        outputs.append(_stdout(settings))
    if "file" in settings.output:
        outputs.append(_started(FileOutput(settings, _report)))
    if "http" in settings.output:
        outputs.append(_started(to_aggregator(settings, exposition, _levels.set_remote, _report)))
    if "otlp" in settings.output:
        outputs.append(_started(to_otlp_receiver(settings, _report)))
    return outputs


def _started(output: "FileOutput | Delivery") -> "Output":
    output.start()
    return output


@contextmanager
def capture() -> Iterator[CapturedLogs]:
    """Keep what is logged instead of sending it anywhere; calls of ``configure`` inside change only the rest.

    Without a configuration everything is logged, from TRACE on.
    """
    global _captures, _settings  # noqa: PLW0603 - where the lines of the process's one pipeline go
    before, was_started, captures_before = _settings, _pipeline.is_started, _captures
    rules_before = _levels.own
    captured = CapturedLogs(_pipeline.flush)
    with _lock:
        _pipeline.stop(before.exit_timeout_s)
        # What waits for a configuration was logged before, and is not for this test.
        _pipeline.queue.take()
        _captures = (captured,)
        unconfigured = Settings(level=TRACE, warnings=False, uncaught_exceptions=False)
        _apply(before if was_started else unconfigured)
    try:
        yield captured
    finally:
        with _lock:
            _pipeline.stop(before.exit_timeout_s)
            _captures = captures_before
            if was_started:
                _apply(before)
            else:
                _remove_hooks()
                _settings = before
                _levels.begin(rules_before)


def _remove_hooks() -> None:
    for hook in (_bridge, _warnings, _uncaught, _signals):
        hook.remove()


def _stdout(settings: Settings) -> StdoutOutput:
    is_terminal = os.isatty(1)
    if settings.format == "json" or (settings.format == "auto" and not is_terminal):
        return StdoutOutput()
    coloured = is_terminal and not os.environ.get("NO_COLOR")
    return StdoutOutput(shown=partial(text_line, coloured=coloured))


def _renderer(settings: Settings) -> Renderer:
    redactor = None if settings.redact is None else Redactor(settings.redact)
    return Renderer(settings.service, settings.host, redactor)


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


def set_level(level: str | int | None, logger: str | None = None) -> None:
    """Change the lowest level that is logged, until ``configure`` is called again.

    What somebody has set at the aggregator wins over it until it is withdrawn there.

    Args:
        level: one of the six, or a number on Python's scale; ``None`` goes back to what was configured.
        logger: a logger's name, which stands for those below it too; by default all without a level
            of their own.

    Raises:
        ConfigurationError: no level has this name.
    """
    wanted = _configured_rules().own_level(logger) if level is None else parse_level(level)
    _levels.set_own(_levels.own.changed(wanted, logger))


def _configured_rules() -> LevelRules:
    return LevelRules(_settings.level, _settings.levels)


def _set_rules(rules: LevelRules) -> None:
    _pipeline.set_levels(rules)
    if _bridge.is_installed:
        _bridge.install(rules)


_levels: Final = LevelSources(_set_rules)


def _lower(level: int | None) -> None:
    """Follow a signal: take at least this level, or what was configured."""
    configured = _configured_rules()
    _levels.set_own(configured if level is None else configured.lowered(level))


_signals: Final = LevelSignals(_lower)


def flush(timeout_s: float = 5.0) -> bool:
    """Wait until all that was logged, and the metrics, have left the process.

    Args:
        timeout_s: how long to wait.

    Returns:
        Whether nothing waits any more when the timeout is over. Lines that were dropped wait no more either;
        ``ha_ingestor_log_records_dropped_total`` counts them.
    """
    return _pipeline.flush(timeout_s)


def shutdown(timeout_s: float | None = None) -> bool:
    """Flush, then end the threads. Happens by itself at the exit.

    Args:
        timeout_s: how long to wait; by default ``exit_timeout_s``.

    Returns:
        As ``flush``; false also when lines wait in the spool for the next start.
    """
    with _lock:
        _remove_hooks()
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
        _pipeline.start(_renderer(_settings), [_stdout(_settings)])
    _pipeline.stop(_settings.exit_timeout_s)


def _after_fork() -> None:
    global _lock  # noqa: PLW0603 - another thread of the parent may have held it
    _lock = threading.Lock()
    _pipeline.after_fork()


REGISTRY.register(LoggingCollector(_pipeline))
if sys.platform != "win32":
    os.register_at_fork(after_in_child=_after_fork)
_exit_hook: Final = ExitHook(_at_exit)
