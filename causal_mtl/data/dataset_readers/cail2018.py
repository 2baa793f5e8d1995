"""CAIL2018: law article, charge and prison term of a case."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from causal_mtl.common import ConfigurationError, InputFile, NonNegativeInt
from causal_mtl.common.files import local_path
from causal_mtl.data.dataset_readers.assembling import check_names
from causal_mtl.data.dataset_readers.dataset_reader import DatasetReader
from causal_mtl.data.dataset_readers.recognise import read_json_records
from causal_mtl.data.instance import Annotation, Instance, LabelAnnotation
from causal_mtl.data.records import expect, expect_key, expect_strings, shown

logger = logging.getLogger(__name__)

MONTHS = (120, 84, 60, 36, 24, 12, 9, 6, 0)
"""Lower bounds (exclusive) of the intervals of prison terms, as in the public code of TopJudge."""
LIFE_OR_DEATH, NONE = "life or death", "none"


@DatasetReader.register("cail2018")
class Cail2018Reader(DatasetReader):
    """Cases of CAIL2018 (Xiao et al. 2018): one JSON object per line.

    ``{"fact", "meta": {"relevant_articles": […], "accusation": […], "term_of_imprisonment": {"imprisonment"
    (months), "life_imprisonment", "death_penalty"}}}``. Brackets in charges are dropped: ``故意[伤害]`` is
    ``故意伤害``. Prison terms become the 11 intervals of TopJudge (Zhong et al. 2018): "life or death", "> 120",
    "> 84", …, "> 0" (months) and "none".

    Registered as a `DatasetReader` with name "cail2018".

    Args:
        article: name of the task that gets the law articles.
        charge: name of the task that gets the charges.
        term: name of the task that gets the interval of the prison term.
        several: keep cases with several articles or charges (for multi-label tasks). Default: they are left out,
            as in the CMTL paper, and their number is logged.
        min_count: leave out cases whose article or charge has fewer cases in `count_in` (the CMTL paper: 100).
        count_in: the file to count articles and charges in, the training data; None: the file that is read.
        **kwargs: as in `DatasetReader`.
    """

    def __init__(
        self,
        article: str = "article",
        charge: str = "charge",
        term: str = "term",
        several: bool = False,
        min_count: NonNegativeInt = 0,
        count_in: InputFile | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        check_names(article=article, charge=charge, term=term)
        self.article, self.charge, self.term = article, charge, term
        self.several = several
        self.min_count = min_count
        self.count_in = count_in

    def _read(self, path: Path) -> Iterable[Instance]:
        counts = self._counts(local_path(self.count_in) if self.count_in else path)
        left_out: Counter[str] = Counter()
        for where, fact, labels in _cases(path):
            reason = self._reason(labels, counts)
            if reason:
                left_out[reason] += 1
                continue
            annotations: dict[str, Annotation] = {
                self.article: LabelAnnotation(labels["article"]),
                self.charge: LabelAnnotation(labels["charge"]),
                self.term: LabelAnnotation(labels["term"]),
            }
            number = where.rpartition(":")[2].strip()
            yield Instance(fact, self.tokenizer.tokenize(fact), annotations, {"id": f"{path.stem}:{number}"})
        for reason, cases in sorted(left_out.items()):
            logger.warning("%s: %d cases are left out: %s", path, cases, reason)

    def _counts(self, path: Path) -> Counter[tuple[str, str]]:
        """The number of cases per kind and label, among those that are not left out for other reasons."""
        counts: Counter[tuple[str, str]] = Counter()
        if self.min_count > 1:
            for _, _, labels in _cases(path):
                if self.several or _is_single(labels):
                    counts.update((kind, label) for kind in ("article", "charge") for label in labels[kind])
        return counts

    def _reason(self, labels: dict[str, tuple[str, ...]], counts: Counter[tuple[str, str]]) -> str:
        """Why a case is left out; empty if it is not."""
        if not self.several and not _is_single(labels):
            return "not one article and one charge"
        kinds = ("article", "charge")
        if self.min_count > 1 and any(
            counts[k, label] < self.min_count for k in kinds for label in labels[k]
        ):
            return f"an article or charge with fewer than {self.min_count} cases"
        return ""


def interval(months: int, life_or_death: bool = False) -> str:
    """The interval of a prison term: one of the 11 of TopJudge."""
    if life_or_death:
        return LIFE_OR_DEATH
    return next((f"> {bound}" for bound in MONTHS if months > bound), NONE)


def _is_single(labels: dict[str, tuple[str, ...]]) -> bool:
    return len(labels["article"]) == 1 and len(labels["charge"]) == 1


def _cases(path: Path) -> Iterator[tuple[str, str, dict[str, tuple[str, ...]]]]:
    """Where each case stands, its fact and its labels by kind."""
    for where, record in read_json_records(path, "cail2018"):
        fact = expect_key(record, "fact", str, where)
        meta = expect_key(record, "meta", dict, where)
        articles = [_article(a, where) for a in expect_key(meta, "relevant_articles", list, where)]
        charges = expect_strings(expect_key(meta, "accusation", list, where), f"{where}: 'accusation'")
        yield (
            where,
            fact,
            {
                "article": tuple(dict.fromkeys(articles)),
                "charge": tuple(
                    dict.fromkeys(charge.replace("[", "").replace("]", "") for charge in charges)
                ),
                "term": (_term(expect_key(meta, "term_of_imprisonment", dict, where), where),),
            },
        )


def _article(value: Any, where: str) -> str:
    if isinstance(value, str) and value.isdecimal():
        return value
    return str(expect(value, int, f"{where}: 'relevant_articles'"))


def _term(term: dict[str, Any], where: str) -> str:
    at = f"{where}: 'term_of_imprisonment'"
    months = expect_key(term, "imprisonment", int, at)
    final = [term.get(key, False) for key in ("life_imprisonment", "death_penalty")]
    if months < 0 and not any(final):
        raise ConfigurationError(f"{at}: {months} months")
    for value in final:
        if not isinstance(value, bool):
            raise ConfigurationError(f"{at}: expected true or false, got {shown(value)}")
    return interval(months, any(final))
