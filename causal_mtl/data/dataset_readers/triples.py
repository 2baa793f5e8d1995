"""Sentences with (head, relation, tail) triples, in the three public dialects of the NYT and WebNLG files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from causal_mtl.common import ConfigurationError, Name
from causal_mtl.data.dataset_readers.assembling import (
    check_names,
    checked_span,
    other_keys,
    relation_annotation,
    unique,
)
from causal_mtl.data.dataset_readers.dataset_reader import DatasetReader
from causal_mtl.data.dataset_readers.recognise import read_json_records
from causal_mtl.data.instance import Annotation, Instance, Relation, RelationAnnotation, Span, SpanAnnotation
from causal_mtl.data.offsets import join_words, split_words
from causal_mtl.data.placement import place
from causal_mtl.data.records import expect, expect_key, expect_strings, shown
from causal_mtl.data.schema_annotations import UNTYPED
from causal_mtl.data.strings import expect_label, expect_label_at, expect_tokens
from causal_mtl.data.tokenizers import SpacyTokenizer, Tokenizer

Triple = tuple[str, str, str]


@DatasetReader.register("triples")
class TriplesReader(DatasetReader):
    """Sentences with (head, relation, tail) triples. The file's dialect is seen from its first record.

    1. ``{"text": "…", "triple_list": [[head, relation, tail], …]}``
    2. ``{"sentText": "…", "relationMentions": [{"em1Text", "em2Text", "label"}, …], "entityMentions":
       [{"text", "label"}, …]}``; the label "None" is no relation.
    3. ``{"tokens": […], "spo_list": …, "spo_details": [[start, end, type, relation, start, end, type], …]}``;
       ends are exclusive.

    Each is read from a JSON list or from one object a line. Texts are split at blanks. Dialects 1 and 2 give
    mentions as strings: they are placed among the tokens (`placement.place`) and marked ``by_text``. Triples
    given twice are dropped and counted in `notes`; mentions that do not occur in the text, and their triples,
    are counted there and kept as ``unplaced``, and so are further types of a mention. Other keys of a record are
    its metadata.

    Registered as a `DatasetReader` with name "triples".

    Args:
        mentions: name of the task that gets the mentions. Untyped ones are labelled "entity".
        relations: name of the task that gets the relations.
        tokenizer: for raw text at prediction. Default: `spacy`, English, with PTB quotes and hyphens kept,
            which is how these files are tokenized.
        **kwargs: as in `DatasetReader`.
    """

    def __init__(
        self,
        mentions: Name = "entities",
        relations: Name = "relations",
        tokenizer: Tokenizer | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(tokenizer or SpacyTokenizer(ptb_quotes=True, split_hyphens=False), **kwargs)
        check_names(mentions=mentions, relations=relations)
        self.mentions = mentions
        self.relations = relations

    def _read(self, path: Path) -> Iterable[Instance]:
        parse: Callable[[dict[str, Any], str], Instance] | None = None
        for where, record in read_json_records(path, "triples"):
            parse = parse or self._dialect(record, where)
            yield parse(record, where)

    def _dialect(self, record: dict[str, Any], where: str) -> Callable[[dict[str, Any], str], Instance]:
        if "triple_list" in record:
            return self._casrel
        if "relationMentions" in record:
            return self._copyre
        if "spo_details" in record:
            return self._spo
        raise ConfigurationError(
            f"{where}: no dialect of `triples`: expected the key 'triple_list', 'relationMentions' or "
            f"'spo_details', got {', '.join(map(repr, record)) or 'none'}"
        )

    def _casrel(self, record: dict[str, Any], where: str) -> Instance:
        text = expect_key(record, "text", str, where)
        triples = []
        for i, triple in enumerate(expect_key(record, "triple_list", list, where)):
            at = f"{where}: 'triple_list'[{i}]"
            if len(expect_strings(triple, at)) != 3:
                raise ConfigurationError(f"{at}: expected [head, relation, tail], got {shown(triple)}")
            triples.append((_joined(triple[0]), expect_label(triple[1], f"{at}[1]"), _joined(triple[2])))
        return self._from_strings(text, triples, {}, other_keys(record, "text", "triple_list"))

    def _copyre(self, record: dict[str, Any], where: str) -> Instance:
        text = expect_key(record, "sentText", str, where)
        triples = []
        types: dict[str, str] = {}
        typed: list[tuple[str, str]] = []
        for i, mention in enumerate(
            expect(record.get("entityMentions", []), list, f"{where}: 'entityMentions'")
        ):
            at = f"{where}: 'entityMentions'[{i}]"
            expect(mention, dict, at)
            label = expect_label(mention.get("label", UNTYPED), f"{at}: 'label'")
            typed.append((_joined(expect_key(mention, "text", str, at)), label))
            types.setdefault(*typed[-1])
        for i, relation in enumerate(expect_key(record, "relationMentions", list, where)):
            at = f"{where}: 'relationMentions'[{i}]"
            expect(relation, dict, at)
            head, tail = (_joined(expect_key(relation, key, str, at)) for key in ("em1Text", "em2Text"))
            label = expect_label_at(relation, "label", at)
            for mention in (head, tail):
                types.setdefault(mention, UNTYPED)
            if label != "None":
                triples.append((head, label, tail))
        metadata = other_keys(record, "sentText", "relationMentions", "entityMentions")
        further = [pair for pair in dict.fromkeys(typed) if types[pair[0]] != pair[1]]
        return self._from_strings(text, triples, types, metadata, further)

    def _spo(self, record: dict[str, Any], where: str) -> Instance:
        words = expect_tokens(expect_key(record, "tokens", list, where), f"{where}: 'tokens'")
        relations = []
        for i, detail in enumerate(expect_key(record, "spo_details", list, where)):
            at = f"{where}: 'spo_details'[{i}]"
            if len(expect(detail, list, at)) != 7:
                raise ConfigurationError(
                    f"{at}: expected [start, end, type, relation, start, end, type], got {shown(detail)}"
                )
            head, tail = (checked_span(ends, len(words), at) for ends in (detail[:3], detail[4:]))
            relations.append(Relation(head, expect_label(detail[3], f"{at}[3]"), tail))
        notes: Counter[str] = Counter()
        spans = {span for relation in relations for span in (relation.head, relation.tail)}
        text, tokens = join_words(words)
        annotations: dict[str, Annotation] = {
            self.mentions: SpanAnnotation(tuple(sorted(spans))),
            self.relations: relation_annotation(relations, notes),
        }
        metadata = other_keys(record, "tokens", "spo_list", "spo_details")
        return Instance(text, tokens, annotations, metadata, notes)

    def _from_strings(
        self,
        text: str,
        triples: Iterable[Triple],
        types: dict[str, str],
        metadata: dict[str, Any],
        further: Sequence[tuple[str, str]] = (),
    ) -> Instance:
        """An instance whose mentions are placed; `types` by mention, in the order of the file.

        `further` types of mentions have no place: each string is placed once.
        """
        notes: Counter[str] = Counter()
        triples = unique(triples, notes, "duplicate relation")
        types = types | {m: UNTYPED for head, _, tail in triples for m in (head, tail) if m not in types}
        tokens = split_words(text)
        placed = {
            mention: Span(start, end, types[mention])
            for mention, (start, end) in place([token.text for token in tokens], types).items()
        }
        lost = tuple((mention, label) for mention, label in types.items() if mention not in placed)
        lost_triples = tuple(t for t in triples if t[0] not in placed or t[2] not in placed)
        relations = tuple(
            Relation(placed[head], label, placed[tail])
            for head, label, tail in triples
            if head in placed and tail in placed
        )
        notes.update({"mention not in the text": len(lost), "relation not in the text": len(lost_triples)})
        notes["second type of a mention"] += len(further)
        annotations: dict[str, Annotation] = {
            self.mentions: SpanAnnotation(tuple(sorted(placed.values())), (*lost, *further), by_text=True),
            self.relations: RelationAnnotation(relations, lost_triples, by_text=True),
        }
        return Instance(text, tokens, annotations, metadata, +notes)


def _joined(mention: str) -> str:
    return " ".join(mention.split())
