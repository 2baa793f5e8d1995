"""CEBaB: the aspects of a restaurant review and its rating, with human counterfactual edits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from random import Random
from statistics import median_low
from typing import Any, Literal

from causal_mtl.common import ConfigurationError
from causal_mtl.data.dataset_readers.assembling import check_names
from causal_mtl.data.dataset_readers.dataset_reader import DatasetReader
from causal_mtl.data.dataset_readers.recognise import read_json_records
from causal_mtl.data.instance import Annotation, Instance, LabelAnnotation
from causal_mtl.data.records import expect, expect_key, shown

ASPECTS = ("food", "ambiance", "service", "noise")
SENTIMENTS = ("Negative", "Positive", "unknown")
RATINGS = ("1", "2", "3", "4", "5")
NO_MAJORITY, NOT_ANNOTATED = "no majority", ""
KEPT = ("id", "original_id", "edit_id", "is_original", "edit_goal", "edit_type")
"""What of a record becomes metadata as it is."""


@DatasetReader.register("cebab")
class CebabReader(DatasetReader):
    """Restaurant reviews of CEBaB (Abraham et al. 2022): a JSON list.

    A record has a text ("description"), a rating of 1 to 5 stars by the majority of its readers
    ("review_majority", with all votes in "review_label_distribution"), and for each of food, ambiance, service
    and noise what the majority saw ("food_aspect_majority", …): "Positive", "Negative" or "unknown". An aspect
    that is "" was not annotated: the text has no annotation for its task. So it is where readers saw no
    majority ("no majority"), which is counted.

    Edits share the "original_id" of the review that they change; "edit_type" is the aspect that was changed and
    "edit_goal" what to. Both are kept in the metadata with "id", "edit_id", "is_original" and the votes ("votes").
    That of an edit has "edited_task" besides, the task of the aspect, as `causal-mtl effects edits` wants it.

    Registered as a `DatasetReader` with name "cebab".

    Args:
        rating: name of the task that gets the rating.
        aspects: names of the tasks that get the aspects, in the order food, ambiance, service, noise.
        no_majority: a rating without a majority: "missing": the text is not annotated for it, as CEBaB's authors
            train; "median": the (lower) median of the votes. Where there is a majority it is the median, and
            leaving out the others leaves out more of the middling reviews than of the clear ones.
        votes: "majority" gives a text the rating of the majority; "one" that of one of its readers, drawn by the
            text, so that the expected rating of many texts is the mean vote, which a majority exaggerates.
        **kwargs: as in `DatasetReader`.
    """

    def __init__(
        self,
        rating: str = "rating",
        aspects: tuple[str, str, str, str] = ASPECTS,
        no_majority: Literal["missing", "median"] = "missing",
        votes: Literal["majority", "one"] = "majority",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        check_names(rating=rating, **dict(zip(ASPECTS, aspects, strict=True)))
        self.rating = rating
        self.aspects = dict(zip(ASPECTS, aspects, strict=True))
        if votes == "one" and no_majority != "missing":
            raise ConfigurationError('no_majority has no effect where votes is "one": leave it out')
        self.no_majority = no_majority
        self.votes = votes

    def _read(self, path: Path) -> Iterable[Instance]:
        for where, record in read_json_records(path, "cebab"):
            text = expect_key(record, "description", str, where)
            votes = _votes(record, where)
            notes: Counter[str] = Counter()
            annotations = self._aspects(record, where, notes) | self._rating(record, votes, where, notes)
            metadata = {key: record[key] for key in KEPT if key in record} | {"votes": votes}
            metadata |= self._edited_task(record, where)
            yield Instance(text, self.tokenizer.tokenize(text), annotations, metadata, notes)

    def _edited_task(self, record: dict[str, Any], where: str) -> dict[str, str]:
        """The task whose label an edit was to change; originals have an aspect too where they are to be edited."""
        aspect = record.get("edit_type")
        if aspect is None or record.get("is_original") is not False:
            return {}
        if aspect not in self.aspects:
            raise ConfigurationError(
                f"{where}: 'edit_type': expected {', '.join(ASPECTS)} or null, got {shown(aspect)}"
            )
        return {"edited_task": self.aspects[aspect]}

    def _aspects(self, record: dict[str, Any], where: str, notes: Counter[str]) -> dict[str, Annotation]:
        """The aspects that are annotated, by task."""
        found: dict[str, Annotation] = {}
        for aspect, task in self.aspects.items():
            label = _label(record, f"{aspect}_aspect_majority", SENTIMENTS, where)
            if label == NO_MAJORITY:
                notes["aspect without a majority"] += 1
            elif label != NOT_ANNOTATED:
                found[task] = LabelAnnotation((label,))
        return found

    def _rating(
        self, record: dict[str, Any], votes: dict[str, int], where: str, notes: Counter[str]
    ) -> dict[str, Annotation]:
        """The rating, if there is one."""
        label = _label(record, "review_majority", RATINGS, where)
        if self.votes == "one" and label != NOT_ANNOTATED:
            text = expect_key(record, "description", str, where)
            label = Random(text).choice(_each(votes, where))  # a text as seed is one everywhere
        elif label == NO_MAJORITY:
            notes["rating without a majority"] += 1
            if self.no_majority == "missing":
                return {}
            label = median_low(_each(votes, where))
        return {self.rating: LabelAnnotation((label,))} if label != NOT_ANNOTATED else {}


def _label(record: dict[str, Any], key: str, known: tuple[str, ...], where: str) -> str:
    """What the majority saw."""
    label: str = expect_key(record, key, str, where)
    if label not in (*known, NO_MAJORITY, NOT_ANNOTATED):
        raise ConfigurationError(
            f"{where}: {key!r}: expected {', '.join(known)}, {NO_MAJORITY!r} or '', got {shown(label)}"
        )
    return label


def _each(votes: dict[str, int], where: str) -> list[str]:
    """Every single vote, in the order of ratings."""
    found = [stars for stars in RATINGS for _ in range(votes.get(stars, 0))]
    if not found:
        raise ConfigurationError(f"{where}: 'review_label_distribution': there are no votes")
    return found


def _votes(record: dict[str, Any], where: str) -> dict[str, int]:
    """How many readers gave each rating; none where the record does not say."""
    at = f"{where}: 'review_label_distribution'"
    votes = expect(record.get("review_label_distribution") or {}, dict, at)
    for stars, count in votes.items():
        if stars not in RATINGS or expect(count, int, at) < 0:
            raise ConfigurationError(f"{at}: expected a count for each of 1 to 5, got {shown(votes)}")
    return votes
