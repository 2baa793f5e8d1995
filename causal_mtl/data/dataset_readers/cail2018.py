"""CAIL2018: law article, charge and prison term of a case."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from causal_mtl.common import ConfigurationError, InputFile, NonNegativeInt
from causal_mtl.common.atomic import write_json
from causal_mtl.common.files import local_path
from causal_mtl.common.strict_json import read_json_object
from causal_mtl.data.dataset_readers.assembling import check_names
from causal_mtl.data.dataset_readers.dataset_reader import DatasetReader
from causal_mtl.data.dataset_readers.recognise import read_json_records
from causal_mtl.data.instance import Annotation, Instance, LabelAnnotation
from causal_mtl.data.records import expect, expect_key, expect_strings, shown

logger = logging.getLogger(__name__)

MONTHS = (120, 84, 60, 36, 24, 12, 9, 6, 0)
"""Lower bounds (exclusive) of the intervals of prison terms, as in the public code of TopJudge."""
COUNTS = "counts.json"
COUNTED = ("article", "charge")
"""The labels whose rare ones are left out."""
Counts = Mapping[str, Mapping[str, int]]
"""The number of cases by kind and label."""
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
        archive_files: filled in: where the counts are kept.
        load_pretrained: filled in as False when a trained model is loaded: the counts are in its archive.
        **kwargs: as in `DatasetReader`.

    Raises:
        ConfigurationError: `count_in` cannot be read; later, in reading: the archive does not hold its counts.
    """

    def __init__(
        self,
        article: str = "article",
        charge: str = "charge",
        term: str = "term",
        several: bool = False,
        min_count: NonNegativeInt = 0,
        count_in: InputFile | None = None,
        archive_files: Path | None = None,
        load_pretrained: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        check_names(article=article, charge=charge, term=term)
        self.article, self.charge, self.term = article, charge, term
        self.several = several
        self.min_count = min_count
        self.count_in = count_in
        self._kept: Counts | None = None
        if min_count > 1 and count_in is not None:
            file = archive_files / COUNTS if archive_files is not None else None
            self._kept = self._counted(count_in, file) if load_pretrained else _read_counts(file)

    def _counted(self, count_in: str, file: Path | None) -> Counts:
        """Count in the training data, and keep it for the archive: a loaded model opens no other file."""
        counts = self._counts_of(local_path(count_in))
        if file is not None:
            write_json(file, counts)
        return counts

    def _read(self, path: Path) -> Iterable[Instance]:
        return self._read_named(path, path.name)

    def _read_named(self, path: Path, name: str) -> Iterable[Instance]:
        counts = self._counts(path)
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
            yield Instance(
                fact, self.tokenizer.tokenize(fact), annotations, {"id": f"{Path(name).stem}:{number}"}
            )
        for reason, cases in sorted(left_out.items()):
            logger.warning("%s: %d cases are left out: %s", path, cases, reason)

    def _counts(self, path: Path) -> Counts:
        if self._kept is not None or self.min_count <= 1:
            return self._kept or {}
        if self.count_in is not None:
            raise ConfigurationError(
                f"the archive does not hold the counts of {self.count_in!r}: an early version made it. Train "
                "again, or set the reader's min_count to 0 by --overrides"
            )
        return self._counts_of(path)

    def _counts_of(self, path: Path) -> Counts:
        """The number of cases per kind and label, among those that are not left out for other reasons."""
        counts: dict[str, Counter[str]] = {kind: Counter() for kind in COUNTED}
        for _, _, labels in _cases(path):
            if self.several or _is_single(labels):
                for kind in COUNTED:
                    counts[kind].update(labels[kind])
        return counts

    def _reason(self, labels: dict[str, tuple[str, ...]], counts: Counts) -> str:
        """Why a case is left out; empty if it is not."""
        if not self.several and not _is_single(labels):
            return "not one article and one charge"
        if self.min_count > 1 and any(
            counts[kind].get(label, 0) < self.min_count for kind in COUNTED for label in labels[kind]
        ):
            return f"an article or charge with fewer than {self.min_count} cases"
        return ""


def interval(months: int, life_or_death: bool = False) -> str:
    """The interval of a prison term: one of the 11 of TopJudge."""
    if life_or_death:
        return LIFE_OR_DEATH
    return next((f"> {bound}" for bound in MONTHS if months > bound), NONE)


def _read_counts(file: Path | None) -> Counts | None:
    """What an archive holds; None if an early version made it."""
    if file is None or not file.is_file():
        return None
    counts = read_json_object(file)
    for kind in COUNTED:
        for label, count in expect_key(counts, kind, dict, COUNTS).items():
            expect(count, int, f"{COUNTS}: {kind}: {shown(label)}")
    return counts


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
