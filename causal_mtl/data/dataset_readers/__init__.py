"""From files to instances."""

from causal_mtl.data.dataset_readers.brat import BratReader
from causal_mtl.data.dataset_readers.cail2018 import Cail2018Reader
from causal_mtl.data.dataset_readers.cebab import CebabReader
from causal_mtl.data.dataset_readers.conll import ConllReader
from causal_mtl.data.dataset_readers.conll04 import Conll04Reader
from causal_mtl.data.dataset_readers.dataset_reader import DatasetReader
from causal_mtl.data.dataset_readers.doccano import DoccanoReader
from causal_mtl.data.dataset_readers.dygie import DygieReader
from causal_mtl.data.dataset_readers.jsonl import JsonlReader
from causal_mtl.data.dataset_readers.semeval14 import SemEval14Reader
from causal_mtl.data.dataset_readers.spert import SpertReader
from causal_mtl.data.dataset_readers.triples import TriplesReader

__all__ = [
    "BratReader",
    "Cail2018Reader",
    "CebabReader",
    "Conll04Reader",
    "ConllReader",
    "DatasetReader",
    "DoccanoReader",
    "DygieReader",
    "JsonlReader",
    "SemEval14Reader",
    "SpertReader",
    "TriplesReader",
]
