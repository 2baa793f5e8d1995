"""Lets the tests beside this file import `training_fakes` and `two_processes`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
