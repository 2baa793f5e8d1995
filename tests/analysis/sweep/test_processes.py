import subprocess
import sys
import time

import pytest

from causal_mtl.analysis.sweep import processes
from causal_mtl.common import ConfigurationError

DEAF = "import signal, time; signal.signal(signal.SIGINT, signal.SIG_IGN); print('on'); time.sleep(600)"


def start(directory, code, lock):
    return processes.start([sys.executable, "-u", "-c", code], directory / "log", 3, lock)


def wait_for(path, text):
    until = time.monotonic() + 600
    while text not in (path.read_text() if path.exists() else ""):
        assert time.monotonic() < until
        time.sleep(0.02)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("", ""),
        ("raise SystemExit(3)", "exit status 3"),
        ("import os; os.kill(os.getpid(), 9)", "Killed"),
        ("import os; os.kill(os.getpid(), 40)", "signal 40|Real-time signal 6"),
    ],
)
def test_how_it_ended(code, message, tmp_path):
    with processes.alone(tmp_path) as lock:
        process = start(tmp_path, code, lock)
        process.wait()
    assert processes.failure(process) in message.split("|")


def test_the_log(tmp_path):
    code = (
        "import os, sys; print(os.environ['OMP_NUM_THREADS']); sys.stderr.write('e'); print(sys.stdin.read())"
    )
    with processes.alone(tmp_path) as lock:
        for _ in range(2):
            start(tmp_path, code, lock).wait()
    assert (tmp_path / "log").read_text().count("\n3\ne\n") == 2
    assert (tmp_path / "log").read_text().startswith(f"$ {sys.executable} -u -c 'import os, sys;")


def test_the_log_is_in_order(tmp_path, monkeypatch):
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)
    code = "import sys; print('first'); sys.stderr.write('second\\n'); print('third')"
    with processes.alone(tmp_path) as lock:
        processes.start([sys.executable, "-c", code], tmp_path / "log", 1, lock).wait()
    assert (tmp_path / "log").read_text().splitlines()[1:] == ["first", "second", "third"]


def test_end_also_those_that_do_not_listen(tmp_path, monkeypatch):
    monkeypatch.setattr(processes, "_SECONDS_TO_TIDY_UP", 0.2)
    with processes.alone(tmp_path) as lock:
        process = start(tmp_path, DEAF, lock)
        wait_for(tmp_path / "log", "\non")
        processes.end([process])
        process.wait(600)
    assert processes.failure(process) == "Killed"


def test_alone_as_long_as_a_process_lives(tmp_path):
    with processes.alone(tmp_path) as lock:
        with pytest.raises(ConfigurationError, match="still at work"), processes.alone(tmp_path):
            pass
        process = start(tmp_path, DEAF, lock)
    with pytest.raises(ConfigurationError, match="still at work"), processes.alone(tmp_path):
        pass
    process.kill()
    process.wait()
    with processes.alone(tmp_path):
        pass


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_signals(name):
    code = f"""
import os, signal
from causal_mtl.analysis.sweep.processes import signals_as_interrupts
signal.signal(signal.{name}, signal.SIG_IGN)
with signals_as_interrupts():
    os.kill(os.getpid(), signal.{name})
print("ignored")
signal.signal(signal.{name}, signal.SIG_DFL)
try:
    with signals_as_interrupts():
        os.kill(os.getpid(), signal.{name})
        signal.pause()
except KeyboardInterrupt:
    print("interrupted", signal.getsignal(signal.{name}) == signal.SIG_DFL)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=600)
    assert done.stdout.split("\n") == ["ignored", "interrupted True", ""], done.stderr


def test_processes_hear_an_interrupt_that_is_ignored_here():
    """A script that runs `causal-mtl sweep … &` has it ignore SIGINT, and all that it starts."""
    code = """
import os, signal, subprocess, sys
from causal_mtl.analysis.sweep.processes import signals_as_interrupts
signal.signal(signal.SIGINT, signal.SIG_IGN)
with signals_as_interrupts():
    os.kill(os.getpid(), signal.SIGINT)
    child = "import signal; print(signal.getsignal(signal.SIGINT) == signal.default_int_handler)"
    subprocess.run([sys.executable, "-c", child], check=True)
print(signal.getsignal(signal.SIGINT) == signal.SIG_IGN)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=600)
    assert done.stdout.split() == ["True", "True"], done.stderr
