"""How a fuzz reports what it found."""

import argparse
import traceback
from collections import Counter


def arguments(description, runs):
    """The command line of a fuzz: --runs and --seed."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--runs", type=int, default=runs, help="mutated inputs (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="default: %(default)s")
    return parser.parse_args()


class Findings:
    """Counts inputs by what became of them, and keeps what should not have happened."""

    def __init__(self):
        self.outcomes = Counter()
        self.found = {}

    def add(self, run, error, content):
        """Something that should not have happened; once per place in the code."""
        frames = traceback.extract_tb(error.__traceback__)
        where = (type(error).__name__, *((f.filename, f.lineno) for f in frames[-2:]))
        self.outcomes["findings"] += 1
        if where not in self.found:
            self.found[where] = (
                f"run {run}: {''.join(traceback.format_exception(error))}input: {repr(content)[:2000]}\n"
            )

    def finish(self, name):
        """Print all; the exit status."""
        for finding in self.found.values():
            print(finding)
        counts = ", ".join(f"{outcome}: {count:,}" for outcome, count in sorted(self.outcomes.items()))
        print(f"{name}: {counts}; different findings: {len(self.found)}", flush=True)
        return 1 if self.found else 0
