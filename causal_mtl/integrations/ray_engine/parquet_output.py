"""Predictions as a Parquet file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

from causal_mtl.common import ConfigurationError
from causal_mtl.integrations.ray_engine.parquet_input import is_parquet, parquet_schema

OWN = ("text", "tokens", "annotations", "fields")
"""Columns that are written whatever the input is."""


class ParquetOutput:
    """Writes predictions as rows of a Parquet file.

    The columns are ``text`` (a string), ``tokens`` (a list of strings), ``annotations`` (their JSON), every other
    column of a Parquet input with its name and type, and ``fields``: the JSON object of all that has no column of
    its own, such as the other keys of JSON lines, or ``line`` and ``error`` of a record that was skipped; null
    where there is nothing.

    Args:
        file: open for writing bytes.
        inputs: the files that are predicted.

    Raises:
        ConfigurationError: the Parquet files of the input differ in their columns, or one has a column named
            ``fields``.
    """

    def __init__(self, file: IO[bytes], inputs: Sequence[Path]) -> None:
        from pyarrow import parquet

        self._schema = output_schema(inputs)
        self._writer = parquet.ParquetWriter(file, self._schema)

    def write(self, lines: Sequence[bytes]) -> None:
        """Write predictions, each a line of JSON, as one row group.

        Raises:
            ConfigurationError: a predictor has changed a column of the input to a value that it cannot hold.
        """
        import pyarrow as pa

        rows = [self._row(json.loads(line)) for line in lines]
        try:
            self._writer.write_table(pa.Table.from_pylist(rows, self._schema))
        except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
            raise ConfigurationError(
                f"a field does not fit its column of the input: {str(error).splitlines()[0]}"
            ) from None

    def close(self) -> None:
        """Write the end of the file, without which it cannot be read."""
        self._writer.close()

    def _row(self, record: dict[str, Any]) -> dict[str, Any]:
        # A record that was skipped: the input may have columns named `line` and `error` of its own.
        if "annotations" not in record:
            return {"fields": _json(record)}
        row = {"text": record.pop("text", None), "tokens": record.pop("tokens", None)}
        row["annotations"] = _json(record.pop("annotations", None))
        for name in self._schema.names:
            if name not in OWN and name in record:
                value = record.pop(name)
                row[name] = _json(value) if name == "given" and not isinstance(value, str) else value
        row["fields"] = _json(record or None)
        return row


def output_schema(inputs: Sequence[Path]) -> Any:
    """The columns (``pyarrow.Schema``) of the predictions of these files.

    Raises:
        ConfigurationError: see `ParquetOutput`.
    """
    import pyarrow as pa

    text, tokens = pa.field("text", pa.string()), pa.field("tokens", pa.list_(pa.string()))
    columns = [text, tokens, pa.field("annotations", pa.string())]
    if is_parquet(inputs[0]):
        columns += _columns(inputs)
    return pa.schema([*columns, pa.field("fields", pa.string())])


def _columns(inputs: Sequence[Path]) -> list[Any]:
    """The columns that come back as they are."""
    first, *others = (parquet_schema(path).remove_metadata() for path in inputs)
    for path, schema in zip(inputs[1:], others, strict=True):
        if not schema.equals(first):
            raise ConfigurationError(f"{path}: its columns are not those of {inputs[0]}")
    if "fields" in first.names:
        raise ConfigurationError(
            f"{inputs[0]}: column 'fields': the output has one of this name, for all that has no column; "
            "rename it, or leave it out if this is the output of another prediction"
        )
    # A record that is skipped has no values here, whatever the column promises.
    return [field.with_nullable(True) for field in first if field.name not in OWN]


def _json(value: Any) -> str | None:
    return None if value is None else json.dumps(value, ensure_ascii=False)
