"""From files to instances."""

from causal_mtl.data.dataset_readers.dataset_reader import DatasetReader
from causal_mtl.data.dataset_readers.jsonl import JsonlReader
from causal_mtl.data.dataset_readers.triples import TriplesReader

__all__ = ["DatasetReader", "JsonlReader", "TriplesReader"]
