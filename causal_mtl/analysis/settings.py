"""What the settings of a training were, on whichever machine it ran."""

from __future__ import annotations

from typing import Any

from causal_mtl.analysis.run import FinishedRun
from causal_mtl.common.differences import flat


def content(run: FinishedRun, value: Any) -> Any:
    """The hash of a file in place of its path; any other value of the config of `run` as it is."""
    digest = run.note["data_sha256"].get(value) if isinstance(value, str) else None
    return f"SHA-256 {digest}" if digest else value


def as_taken(run: FinishedRun, key: str, value: Any) -> Any:
    """As `content`, and the precision that was chosen in place of "auto"."""
    if (key, value) == ("trainer.mixed_precision", "auto"):
        return run.note.get("machine", {}).get("mixed_precision", value)
    return content(run, value)


def files_read(run: FinishedRun) -> dict[str, str]:
    """The hash of each file that was read, by the key of the config that names it, else by its path."""
    keys = {value: key for key, value in flat(run.config) if isinstance(value, str)}
    return {keys.get(path, path): digest for path, digest in run.note["data_sha256"].items()}
