import json

from tests.library.conftest import RunScript

PROGRAM = """
    import logging, os, signal, time
    from ha_ingestor_logging import configure, get_logger
    signal.signal(signal.SIGUSR2, lambda *_: print("theirs", flush=True))
    configure(service="demo", levels={{"quiet": "error"}}, level_signals={signals})

    def all_levels(step):
        for name in ("loud", "quiet"):
            get_logger(name).trace(f"{{step}} {{name}} trace")
            get_logger(name).debug(f"{{step}} {{name}} debug")
            logging.getLogger(name + ".below").debug(f"{{step}} {{name}} standard debug")

    for number in {numbers}:
        os.kill(os.getpid(), number)
        all_levels(number.name)
"""


def messages(stdout: str) -> list[str]:
    return [json.loads(line)["message"] for line in stdout.splitlines() if line.startswith("{")]


def test_the_first_asks_for_debug_then_for_trace_and_the_other_goes_back(run_script: RunScript) -> None:
    numbers = "(signal.SIGUSR1, signal.SIGUSR1, signal.SIGUSR2)"
    done = run_script(PROGRAM.format(signals=True, numbers=numbers))
    assert (done.returncode, done.stderr) == (0, "")
    debug = [f"SIGUSR1 {name} {kind}" for name in ("loud", "quiet") for kind in ("debug", "standard debug")]
    trace = [
        f"SIGUSR1 {name} {kind}"
        for name in ("loud", "quiet")
        for kind in ("trace", "debug", "standard debug")
    ]
    assert messages(done.stdout) == debug + trace


def test_signals_are_left_alone_unless_asked_for(run_script: RunScript) -> None:
    done = run_script(PROGRAM.format(signals=False, numbers="(signal.SIGUSR2,)"))
    assert (done.stdout, done.stderr) == ("theirs\n", "")


def test_a_shutdown_gives_the_signals_back(run_script: RunScript) -> None:
    done = run_script(
        PROGRAM.format(signals=True, numbers="()")
        + "\n    from ha_ingestor_logging import shutdown\n    shutdown()\n"
        + "    os.kill(os.getpid(), signal.SIGUSR2)\n"
    )
    assert (done.stdout, done.stderr) == ("theirs\n", "")


def test_outside_the_main_thread_the_service_goes_on_and_says_so(run_script: RunScript) -> None:
    done = run_script(
        """
        import threading
        from ha_ingestor_logging import configure, get_logger
        thread = threading.Thread(target=lambda: configure(service="demo", level_signals=True))
        thread.start()
        thread.join()
        get_logger().info("line")
        """
    )
    assert done.stderr == ""
    assert "signals can't change the level" in messages(done.stdout)[0]
    assert messages(done.stdout)[1:] == ["line"]
