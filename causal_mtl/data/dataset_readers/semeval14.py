"""SemEval-2014 task 4: aspect terms and aspect categories."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import parse

from causal_mtl.common import ConfigurationError
from causal_mtl.common.files import open_text
from causal_mtl.data.dataset_readers.assembling import check_names, span_annotation, unique
from causal_mtl.data.dataset_readers.dataset_reader import DatasetReader
from causal_mtl.data.instance import Annotation, Instance, LabelAnnotation, Span, SpanAnnotation
from causal_mtl.data.offsets import token_range

TERM = "term"


@DatasetReader.register("semeval14")
class SemEval14Reader(DatasetReader):
    """The XML of SemEval-2014 task 4 (restaurants, laptops).

    A ``sentence`` has a ``text``, any number of ``aspectTerm term from to polarity`` (characters of the text, end
    exclusive) and of ``aspectCategory category polarity``. A term that occurs several times is told apart by its
    offsets. Terms that do not begin and end with a token are kept as unplaced and counted. A sentence without
    ``aspectTerms`` has no terms. A file without any ``aspectCategory`` (laptops) is not annotated for categories.

    Registered as a `DatasetReader` with name "semeval14".

    Args:
        terms: name of the task that gets the aspect terms.
        categories: name of the task that gets the aspect categories.
        labels: "aspect": terms are labelled "term" and categories by their name; "polarity": terms are labelled by
            their polarity, and categories by name and polarity, as in ``food/positive``.
        **kwargs: as in `DatasetReader`.
    """

    def __init__(
        self,
        terms: str = "aspect_terms",
        categories: str = "aspect_categories",
        labels: Literal["aspect", "polarity"] = "aspect",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        check_names(terms=terms, categories=categories)
        self.terms = terms
        self.categories = categories
        self.with_polarity = labels == "polarity"

    def _read(self, path: Path) -> Iterable[Instance]:
        root = _root(path)
        has_categories = root.find(".//aspectCategory") is not None
        for number, sentence in enumerate(root.iter("sentence"), start=1):
            identifier = sentence.get("id", str(number))
            yield self._instance(sentence, identifier, has_categories, f"{path}: sentence {identifier!r}")

    def _instance(self, sentence: Element, identifier: str, has_categories: bool, where: str) -> Instance:
        notes: Counter[str] = Counter()
        text = sentence.findtext("text")
        if text is None:
            raise ConfigurationError(f"{where}: <text> is missing")
        instance = Instance(text, self.tokenizer.tokenize(text), {}, {"id": identifier}, notes)
        annotations: dict[str, Annotation] = {self.terms: self._terms(sentence, instance, where)}
        if has_categories:
            found = [self._category(element, where) for element in sentence.iter("aspectCategory")]
            annotations[self.categories] = LabelAnnotation(tuple(unique(found, notes, "duplicate label")))
        instance.annotations = annotations
        return instance

    def _terms(self, sentence: Element, instance: Instance, where: str) -> SpanAnnotation:
        placed, unplaced = [], []
        for element in sentence.iter("aspectTerm"):
            term = _attribute(element, "term", where)
            start, end = (_offset(element, key, where) for key in ("from", "to"))
            if instance.text[start:end] != term:
                raise ConfigurationError(
                    f"{where}: at [{start}, {end}) the text has {instance.text[start:end]!r}, not {term!r}"
                )
            label = _attribute(element, "polarity", where) if self.with_polarity else TERM
            indices = token_range(instance.text, instance.tokens, start, end)
            if indices is None:
                unplaced.append((term, label))
                instance.notes["span not on token boundaries"] += 1
            else:
                placed.append(Span(*indices, label))
        return span_annotation(placed, instance.notes, unplaced)

    def _category(self, element: Element, where: str) -> str:
        name = _attribute(element, "category", where)
        return f"{name}/{_attribute(element, 'polarity', where)}" if self.with_polarity else name


def _root(path: Path) -> Element:
    try:
        with open_text(path) as file:
            root = parse(file, forbid_dtd=True).getroot()
    except ParseError as error:
        raise ConfigurationError(f"{path}:{error.position[0]}: malformed XML: {error}") from None
    except DefusedXmlException as error:
        raise ConfigurationError(
            f"{path}: XML with a document type or entities is refused ({error})"
        ) from None
    except (UnicodeDecodeError, ValueError) as error:
        raise ConfigurationError(f"{path}: malformed XML: {error}") from None
    if root.find("sentence") is None and root.tag != "sentence":
        raise ConfigurationError(f"{path}: expected <sentences> with <sentence> elements, got <{root.tag}>")
    return root


def _attribute(element: Element, name: str, where: str) -> str:
    value = element.get(name)
    if value is None or not value.strip():
        raise ConfigurationError(f"{where}: <{element.tag}> has no {name!r}")
    return value


def _offset(element: Element, name: str, where: str) -> int:
    value = _attribute(element, name, where)
    if not (value.isdecimal() and len(value) < 10):
        raise ConfigurationError(f"{where}: {name}={value!r} is no offset of characters")
    return int(value)
