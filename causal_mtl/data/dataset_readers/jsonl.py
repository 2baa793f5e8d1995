"""Records of the library's own schema, one per line."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from causal_mtl.common import ConfigurationError
from causal_mtl.data.dataset_readers.dataset_reader import DatasetReader
from causal_mtl.data.dataset_readers.recognise import misspelt, read_json_records
from causal_mtl.data.instance import Instance
from causal_mtl.data.schema import from_json


@DatasetReader.register("jsonl")
class JsonlReader(DatasetReader):
    """Records of the library's own schema (docs/data.md), one per line: for any task graph.

    What `causal-mtl predict` writes is of this schema and can be read as gold. Spans that do not begin and
    end with a token are counted in an instance's `notes` and kept as ``unplaced``. A JSON list is read too.
    A record without ``annotations`` is a text without labels, unless it has the form of another reader's data.

    Registered as a `DatasetReader` with name "jsonl".

    Args:
        tokenizer: for records without tokens, and for raw text at prediction. Default: `spacy`, English.
        token_indexers: as in `DatasetReader`.
        max_instances: as in `DatasetReader`.
    """

    def _read(self, path: Path) -> Iterable[Instance]:
        for where, record in read_json_records(path, "jsonl"):
            if "error" in record and "annotations" not in record:  # what `predict --on-error skip` leaves
                raise ConfigurationError(
                    f"{where}: this record is an error of a prediction: {record['error']}"
                )
            if "annotations" not in record and (found := misspelt(record, "annotations")):
                raise ConfigurationError(f"{where}: there is no key 'annotations': {found}")
            try:
                yield from_json(record, self.tokenizer)
            except ConfigurationError as error:
                raise ConfigurationError(f"{where}: {error}") from None
