"""From files to batches: instances, vocabulary, tokenizers, indexers, readers."""

from causal_mtl.data.batching import batches
from causal_mtl.data.dataset_readers import (
    BratReader,
    Cail2018Reader,
    CebabReader,
    Conll04Reader,
    ConllReader,
    DatasetReader,
    DoccanoReader,
    DygieReader,
    JsonlReader,
    SemEval14Reader,
    SpertReader,
    TriplesReader,
)
from causal_mtl.data.instance import (
    Annotation,
    Instance,
    LabelAnnotation,
    Relation,
    RelationAnnotation,
    Span,
    SpanAnnotation,
    Token,
)
from causal_mtl.data.overlap import overlap_kinds
from causal_mtl.data.placement import place
from causal_mtl.data.report import Report, TaskReport, describe
from causal_mtl.data.report_text import render
from causal_mtl.data.schema import from_json, to_json
from causal_mtl.data.tag_schemes import TagScheme
from causal_mtl.data.token_indexers import CharactersIndexer, SingleIdIndexer, TokenIndexer
from causal_mtl.data.tokenizers import (
    CharacterTokenizer,
    JiebaTokenizer,
    SpacyTokenizer,
    ThulacTokenizer,
    Tokenizer,
    WhitespaceTokenizer,
)
from causal_mtl.data.vocabulary import UnknownTokenError, Vocabulary

__all__ = [
    "Annotation",
    "BratReader",
    "Cail2018Reader",
    "CebabReader",
    "CharacterTokenizer",
    "CharactersIndexer",
    "Conll04Reader",
    "ConllReader",
    "DatasetReader",
    "DoccanoReader",
    "DygieReader",
    "Instance",
    "JiebaTokenizer",
    "JsonlReader",
    "LabelAnnotation",
    "Relation",
    "RelationAnnotation",
    "Report",
    "SemEval14Reader",
    "SingleIdIndexer",
    "SpacyTokenizer",
    "Span",
    "SpanAnnotation",
    "SpertReader",
    "TagScheme",
    "TaskReport",
    "ThulacTokenizer",
    "Token",
    "TokenIndexer",
    "Tokenizer",
    "TriplesReader",
    "UnknownTokenError",
    "Vocabulary",
    "WhitespaceTokenizer",
    "batches",
    "describe",
    "from_json",
    "overlap_kinds",
    "place",
    "render",
    "to_json",
]
