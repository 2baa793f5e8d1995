"""The short form of the fuzzes of `make fuzz` that read data; each prints what it found."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.mark.parametrize(("name", "runs"), [("data", 600), ("predictor", 150)])
def test_fuzz(name, runs):
    done = subprocess.run(
        [sys.executable, HERE / f"{name}.py", "--runs", str(runs), "--seed", "7"],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(HERE.parents[1])},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "different findings: 0" in done.stdout


def test_a_finding_is_printed_and_fails():
    code = (
        "from findings import Findings\n"
        "f = Findings()\n"
        "try: {}['x']\n"
        "except KeyError as error: f.add(3, error, b'bytes')\n"
        "raise SystemExit(f.finish('data'))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=HERE)
    assert done.returncode == 1
    assert "run 3: Traceback" in done.stdout
    assert "different findings: 1" in done.stdout
