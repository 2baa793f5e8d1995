"""Rows of a Parquet file as JSON lines."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from causal_mtl.common import ConfigurationError
from causal_mtl.common.strict_json import parse

HOLD_JSON = ("given", "annotations")


def is_parquet(path: Path) -> bool:
    """Whether a file's name says that it is Parquet."""
    return path.name.endswith(".parquet")


def parquet_schema(path: Path) -> Any:
    """The schema (``pyarrow.Schema``) of a Parquet file.

    Raises:
        ConfigurationError: it is damaged, or has a column that JSON cannot hold; the message names both.
    """
    import pyarrow as pa
    from pyarrow import parquet

    try:
        schema = parquet.read_schema(path)
    except pa.ArrowInvalid as error:
        raise ConfigurationError(f"{path}: not a sound Parquet file ({_line(error)})") from None
    for field in schema:
        if not _is_json(field.type):
            raise ConfigurationError(
                f"{path}: column '{field.name}': JSON has no {field.type}; cast it to a string, or leave it out"
            )
    return schema


def rows_as_lines(path: Path, size: int) -> Iterator[tuple[int, bytes]]:
    """Each row, numbered from 1, as JSON; one with a string that is not UTF-8 is that string.

    A null in ``text`` is as if the key were absent; strings in ``given`` and ``annotations`` hold JSON.

    Args:
        path: of the file.
        size: how many rows are read at a time.

    Raises:
        ConfigurationError: the file is damaged.
    """
    import pyarrow as pa
    from pyarrow import parquet

    parquet_schema(path)
    number = 0
    try:
        with parquet.ParquetFile(path) as file:
            for batch in file.iter_batches(size):
                for line in _as_lines(batch):
                    number += 1
                    yield number, line
    except (pa.ArrowInvalid, OSError) as error:
        raise ConfigurationError(f"{path}: after row {number}: {_line(error)}") from None


def _as_lines(batch: Any) -> Iterator[bytes]:
    try:
        yield from map(_record, batch.to_pylist())
    except UnicodeDecodeError:
        yield from (_as_line(batch.slice(row, 1)) for row in range(batch.num_rows))


def _as_line(row: Any) -> bytes:
    """A batch of one row as JSON, or its string that is not UTF-8: for that the line will be refused."""
    try:
        return _record(*row.to_pylist())
    except UnicodeDecodeError as error:
        return error.object


def _record(row: dict[str, Any]) -> bytes:
    if row.get("text", "") is None:
        del row["text"]
    fields = {key: json.dumps(value) for key, value in row.items()}
    for key in HOLD_JSON:
        if isinstance(row.get(key), str):
            # What is no JSON stays a string: the predictor says that it expects an object. All else goes into the
            # line as it is, where it is checked as that of JSON lines.
            with suppress(ConfigurationError):
                parse(row[key])
                fields[key] = row[key]
    return ("{" + ", ".join(f"{json.dumps(key)}: {value}" for key, value in fields.items()) + "}").encode()


def _is_json(kind: Any) -> bool:
    """Whether every value of an Arrow type is a value of JSON (a float may still be NaN)."""
    from pyarrow import types

    if types.is_struct(kind):
        return all(_is_json(kind.field(i).type) for i in range(kind.num_fields))
    if types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind):
        return _is_json(kind.value_type)
    if types.is_dictionary(kind):
        return _is_json(kind.value_type)
    simple = (types.is_string, types.is_large_string, types.is_integer, types.is_floating, types.is_boolean)
    return any(is_kind(kind) for is_kind in (*simple, types.is_null))


def _line(error: Exception) -> str:
    return str(error).splitlines()[0]
