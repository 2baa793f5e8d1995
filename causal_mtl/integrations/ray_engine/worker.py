"""What Ray's processes do: one reads a file, the others predict its windows."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from causal_mtl.common import ConfigurationError
from causal_mtl.integrations.ray_engine.attempts import MAX_ATTEMPTS
from causal_mtl.integrations.ray_engine.inputs import windows

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Settings:
    """What a worker has to know.

    Attributes:
        archive: a path, the same on every machine, or a URL.
        written: from a record to its line.
        on_error: "stop" or "skip", see `Predictor.predict_jsonl`.
        loading: further arguments of `causal_mtl.predictors.load`.
        directory: the working directory of the command, where plugins are looked for.
        several_files: whether errors have to name their file.
    """

    archive: str
    written: Callable[[Mapping[str, Any]], bytes]
    on_error: Literal["stop", "skip"] = "stop"
    loading: Mapping[str, Any] = field(default_factory=dict)
    directory: str = "."
    several_files: bool = False


def read(files: pa.Table, size: int) -> Iterator[pa.Table]:
    """The windows of files, each a table of one row; what cannot be read is a row that says so, and the last."""
    for file in files["file"].to_pylist():
        try:
            for window in windows(Path(file), size):
                yield _row(file=file, numbers=window.numbers, lines=window.lines, error="")
        except (ConfigurationError, OSError) as error:
            yield _row(file=file, numbers=[], lines=[], error=str(error))


class Worker:
    """An actor: loads the archive once and predicts window after window.

    What a person can put right is handed on as a row with ``error``; anything else Ray reports.
    """

    def __init__(self, settings: Settings, attempts: Any) -> None:
        self.settings = settings
        self.attempts = attempts
        self.failure = ""
        from causal_mtl.predictors import load

        try:
            if Path(settings.directory).is_dir():  # not on every machine of a cluster
                os.chdir(settings.directory)
            self.predictor = load(settings.archive, **settings.loading)
        except (ConfigurationError, OSError) as error:
            self.failure = str(error)

    def __call__(self, table: pa.Table) -> pa.Table:
        """Predict a table of one window: its lines, how many of them are errors, and what ended it."""
        (window,) = table.to_pylist()
        lines: list[bytes] = []
        skipped = 0
        error = window["error"] or self.failure
        try:
            for record in [] if error else self._predicted(window):
                is_error = "error" in record and "annotations" not in record
                if is_error and self.settings.several_files:
                    record = {"file": window["file"], **record}
                lines.append(self.settings.written(record))
                skipped += is_error
        except ConfigurationError as raised:
            where = f"{window['file']}: " if self.settings.several_files else ""
            error = where + str(raised)
        return _row(lines=lines, skipped=skipped, error=error)

    def _predicted(self, window: dict[str, Any]) -> Iterator[dict[str, Any]]:
        from causal_mtl.data.records import line_entry

        self._count(window)
        entries = [line_entry(pair) for pair in zip(window["numbers"], window["lines"], strict=True)]
        return self.predictor.predict_window(entries, self.settings.on_error)

    def _count(self, window: dict[str, Any]) -> None:
        import ray

        first, last = window["numbers"][0], window["numbers"][-1]
        if ray.get(self.attempts.begin.remote(window["file"], first)) > MAX_ATTEMPTS:
            raise ConfigurationError(
                f"lines {first} to {last}: {MAX_ATTEMPTS} workers died while they predicted these, perhaps of too "
                "little memory; try a smaller --batch-size or fewer --workers"
            )


def _row(**values: Any) -> pa.Table:
    """A table of one row; the types are named, as an empty list has none."""
    import pyarrow as pa

    types = {
        "file": pa.string(),
        "numbers": pa.list_(pa.int64()),
        "lines": pa.list_(pa.large_binary()),
        "skipped": pa.int64(),
        "error": pa.string(),
    }
    return pa.table({name: pa.array([value], types[name]) for name, value in values.items()})
