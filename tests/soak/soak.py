"""Kill small trainings at every file-system event; each must end as one that was not killed (`make soak`).

Per kind of model: a training is watched and its events are counted. Then it is begun anew and killed (SIGKILL)
right before event 1, 2, 3 …, and once more, with all files cut to half that were not flushed by then, if there
are such; `--recover` follows, or a new start if there is nothing to recover. Some are killed again in recovery.
"""

import argparse
import json
import logging
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"  # before torch: processes with threads cannot be forked
sys.path.insert(0, str(Path(__file__).parent))

from events import Events
from soak_runs import configs, differences, outcome

import causal_mtl.training.experiment  # noqa: F401 - once, for all that are forked
from causal_mtl.commands import main as command_line

KILLED = -signal.SIGKILL
_EVERY_AGAIN = 4
"""Of so many events one is tried with a second kill."""
_MEMORY = Path("/dev/shm")
"""Where flushing costs nothing. A kill spares what the system was handed, wherever it is."""


def train(config, directory, *options, kill=0, torn=False, events_to=None):
    """Train in a process of its own; its exit status (`KILLED`) and what it printed."""
    log = directory.with_suffix(".log")
    child = os.fork()
    if child == 0:
        status = 70
        try:
            with log.open("w") as output:
                os.dup2(output.fileno(), 1)
                os.dup2(output.fileno(), 2)
            events = Events(directory, kill, torn)
            events.start()
            os.chdir(directory.parent)  # asking git takes longer than the training
            logging.root.handlers.clear()  # they write to what the parent had as stderr
            status = command_line(["train", str(config), "-s", str(directory), *options])
            if events_to:
                events_to.write_text(json.dumps(events.seen))
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), log.read_text(errors="replace")


def warm_up(scratch):
    """Train in this process once, so that what is forked from it has all imports done."""
    config = scratch / "config.json"
    config.write_text(json.dumps(configs()["mtl"]))
    with open(os.devnull, "w") as nowhere, redirect_stdout(nowhere), redirect_stderr(nowhere):
        assert command_line(["train", str(config), "-s", str(scratch / "warm_up")]) == 0


def recover(config, directory, **options):
    """As a user would: recover, or begin where there is no training."""
    status, output = train(config, directory, "--recover", **options)
    if status == 2 and "there is no training" in output:
        status, output = train(config, directory, **options)
    return status, output


class Soak:
    """The kills of one kind of model."""

    def __init__(self, name, config, scratch):
        self.name, self.scratch = name, scratch / name
        self.scratch.mkdir()
        self.config = self.scratch / "config.json"
        self.config.write_text(json.dumps(config))
        directory = self.scratch / "whole"
        status, output = train(self.config, directory, events_to=self.scratch / "events.json")
        assert status == 0, output
        self.events = json.loads((self.scratch / "events.json").read_text())
        self.expected = outcome(directory)
        other = self.scratch / "again"
        assert train(self.config, other)[0] == 0
        assert not list(differences(self.expected, other)), "two whole trainings differ"

    def cases(self, sample, seed):
        """(event, torn, event of the recovery or 0): all events, or as many as `sample`."""
        rng = random.Random(seed)
        numbers = range(1, len(self.events) + 1)
        cases = [(number, False, 0) for number in numbers]
        cases += [(number, True, 0) for number in numbers if self.events[number - 1][1]]
        # The later a training was killed the fewer events its recovery has: low numbers are reached more often.
        again = [
            (number, rng.random() < 0.5, rng.choice([rng.randint(1, 40), rng.choice(numbers)]))
            for number in numbers[::_EVERY_AGAIN]
        ]
        if sample:
            return rng.sample(cases, sample) + rng.sample(again, max(1, sample // 2))
        return cases + again

    def try_case(self, case):
        """What is wrong after a kill and the recovery; the number of kills."""
        number, torn, second = case
        directory = self.scratch / f"run-{number}-{int(torn)}-{second}"
        status, output = train(self.config, directory, kill=number, torn=torn)
        if status != KILLED:
            return [f"exit status {status} where it should be killed: {output[-500:]}"], 0
        kills = 1
        if second:
            kills += recover(self.config, directory, kill=second, torn=torn)[0] == KILLED
        status, output = recover(self.config, directory)
        found = []
        if status != 0 or "Traceback" in output:
            found = [f"exit status {status}: {output[-500:]}"]
        else:
            found = list(differences(self.expected, directory))
        shutil.rmtree(directory, ignore_errors=True)
        directory.with_suffix(".log").unlink(missing_ok=True)
        return found, kills


def work(soaks, cases, results):
    """Try cases and write what came of them; in a process of its own."""
    with results.open("w", buffering=1) as file:
        for name, case in cases:
            try:
                found, kills = soaks[name].try_case(case)
            except Exception as error:
                found, kills = [f"{type(error).__name__}: {error}"], 0
            file.write(json.dumps([name, case, found, kills]) + "\n")


def shared_out(soaks, cases, jobs, scratch):
    """Try all cases in so many processes; yields name, case, findings and kills of each."""
    files = [scratch / f"results-{job}" for job in range(jobs)]
    workers = []
    for job, file in enumerate(files):
        if (worker := os.fork()) == 0:
            try:
                work(soaks, cases[job::jobs], file)
            finally:
                os._exit(0)
        workers.append(worker)
    for worker in workers:
        os.waitpid(worker, 0)
    for file in files:
        yield from map(json.loads, file.read_text().splitlines())


def main():
    """Print what was found and a line of figures; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sample", type=int, default=0, help="so many events per kind of model, not all")
    parser.add_argument("--jobs", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", choices=list(configs()), help="one kind of model")
    options = parser.parse_args()
    began = time.monotonic()
    memory = _MEMORY if os.access(_MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="causal_mtl_soak_", dir=memory) as folder:
        scratch = Path(folder)
        warm_up(scratch)
        soaks = {
            name: Soak(name, config, scratch)
            for name, config in configs().items()
            if options.only in (None, name)
        }
        cases = [(name, case) for name in soaks for case in soaks[name].cases(options.sample, options.seed)]
        totals, failures = Counter(), 0
        for name, (number, torn, second), found, kills in shared_out(soaks, cases, options.jobs, scratch):
            totals["kills"] += kills
            totals["tried"] += 1
            if found:
                failures += 1
                event, _ = soaks[name].events[number - 1]
                print(f"{name}: killed at event {number} ({event}), torn: {torn}, again at {second}:")
                print("  " + "\n  ".join(found), flush=True)
        failures += len(cases) - totals["tried"]
        counts = ", ".join(f"{name} {len(soak.events)}" for name, soak in soaks.items())
        print(
            f"soak: events: {counts}; trainings killed: {totals['tried']:,}, kills: {totals['kills']:,}, "
            f"failures: {failures}; {time.monotonic() - began:.0f} s"
        )
    return 1 if failures or not totals["kills"] else 0


if __name__ == "__main__":
    sys.exit(main())
