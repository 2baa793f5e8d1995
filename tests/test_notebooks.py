"""The notebooks of docs/ run from beginning to end, and show what they say."""

import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).parents[1]


@pytest.fixture
def directory(tmp_path):
    """A working directory like the root of the repository, so that nothing is written there."""
    for name in ("fixtures", "training_config"):
        (tmp_path / name).symlink_to(ROOT / name)
    return tmp_path


def printed(notebook):
    return "".join(output.get("text", "") for cell in notebook.cells for output in cell.get("outputs", []))


def test_corrections_and_effects(directory):
    notebook = nbformat.read(ROOT / "docs/notebooks/corrections_and_effects.ipynb", as_version=4)
    shown = printed(notebook)
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(directory)}}).execute()
    for text in (shown, printed(notebook)):
        before, after = map(int, re.search(r"rating: (\d) before, (\d) with", text).groups())
        assert after > before
        effects = {aspect: float(stars) for aspect, stars in re.findall(r"(\w+) +([+-][\d.]+) stars", text)}
        assert list(effects) == ["food", "service", "ambiance", "noise"]
        assert max(effects, key=effects.get) == "food"
        assert min(effects.values()) > 0
