"""A small world whose effects are known: text → A, (text, A) → B, and C, which A does not touch."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from causal_mtl.common import ConfigurationError
from causal_mtl.data.instance import Instance, LabelAnnotation
from causal_mtl.data.offsets import join_words

TASKS = ("A", "B", "C")
POPULATIONS = ("labelled", "all")
FILLERS = [f"word{number}" for number in range(40)]
SIGNS = 4
"""Words that stand for one topic."""
LENGTHS = (5, 9)
"""Of a text in words, both included."""


@dataclass(frozen=True)
class World:
    """Structural equations over labels 0 … `labels` − 1.

    - topic S: uniform; the text has one word that says which, among others that say nothing.
    - A = S with probability `certainty`, else one of the other labels, all alike.
    - B copies A with probability `strength`, S with probability `confounding`, and else is any label, all alike.
      Where S = 0, `interaction` is added to `strength`; the other topics lose as much in all, so the mean stays.
    - C copies S with probability `confounding`, and else is any label, all alike: A has no effect on it.

    Args:
        labels: how many each task has.
        strength: of the effect of A on B: what do(A = a) adds to p(B = a), mean over all topics.
        confounding: of B and C with A, through the topic.
        certainty: of A given the text: the highest p(A | text). Near 1 hardly a text has another A than its topic.
        interaction: how the effect differs between topics, and so between all texts and those labelled a.
        missing: share of texts without a gold label of A.

    Raises:
        ConfigurationError: these are no probabilities.
    """

    labels: int = 3
    strength: float = 0.5
    confounding: float = 0.3
    certainty: float = 0.7
    interaction: float = 0.0
    missing: float = 0.0

    def __post_init__(self) -> None:
        if self.labels < 2:
            raise ConfigurationError(f"labels: at least 2, got {self.labels}")
        for name in ("strength", "confounding", "certainty", "missing"):
            if not 0 <= getattr(self, name) <= 1:
                raise ConfigurationError(f"{name}: expected a number of 0 to 1, got {getattr(self, name)}")
        for topic in range(self.labels):
            if not 0 <= self.strength_at(topic) <= 1 - self.confounding + 1e-12:
                raise ConfigurationError(
                    f"strength, interaction and confounding: topic {topic} would copy A with probability "
                    f"{self.strength_at(topic):g} and the topic with {self.confounding:g}: "
                    "expected two probabilities of together 1 at most"
                )

    def strength_at(self, topic: int) -> float:
        """With which probability B copies A where the text has this topic."""
        return self.strength + self.interaction * (1 if topic == 0 else -1 / (self.labels - 1))

    def probability(self, task: str, label: int, topic: int, a: int) -> float:
        """p(`task` = `label` | S = `topic`, do(A = `a`))."""
        copied = {"A": 0.0, "B": self.strength_at(topic), "C": 0.0}[task]
        if task == "A":
            return float(label == a)
        rest = (1 - copied - self.confounding) / self.labels
        return copied * (label == a) + self.confounding * (label == topic) + rest

    def probability_of_a(self, a: int, topic: int) -> float:
        """p(A = `a` | S = `topic`); as topics and labels are uniform, p(S | A) too."""
        return self.certainty if a == topic else (1 - self.certainty) / (self.labels - 1)

    def sample(self, rng: random.Random, do: Mapping[str, int] | None = None) -> dict[str, int]:
        """The topic "S" and the labels of one text, with those in `do` set."""
        do = do or {}
        topic = rng.randrange(self.labels)
        others = [label for label in range(self.labels) if label != topic]
        a = do.get("A", topic if rng.random() < self.certainty else rng.choice(others))
        drawn, anything = rng.random(), rng.randrange(self.labels)
        copied = self.strength_at(topic)
        b = a if drawn < copied else topic if drawn < copied + self.confounding else anything
        c = topic if rng.random() < self.confounding else rng.randrange(self.labels)
        return {"S": topic, "A": a, "B": do.get("B", b), "C": do.get("C", c)}

    def effect(self, a: int, task: str, label: int, population: str = "all") -> float:
        """E[p(task = label | do(A = a))] − the mean of the same over the other labels of A.

        Args:
            a: label of A.
            task: "B" or "C".
            label: of `task`.
            population: "all" texts, or those "labelled" a.
        """
        others = [other for other in range(self.labels) if other != a]
        total = 0.0
        for topic in range(self.labels):
            share = self.probability_of_a(a, topic) if population == "labelled" else 1 / self.labels
            without = sum(self.probability(task, label, topic, other) for other in others) / len(others)
            total += share * (self.probability(task, label, topic, a) - without)
        return total

    def association(self, a: int, task: str, label: int) -> float:
        """p(task = label | A = a) − the mean of the same over the other labels: what a naive comparison finds."""
        others = [other for other in range(self.labels) if other != a]
        return self._seen(a, task, label) - sum(self._seen(o, task, label) for o in others) / len(others)

    def _seen(self, a: int, task: str, label: int) -> float:
        topics = range(self.labels)
        return sum(self.probability_of_a(a, s) * self.probability(task, label, s, a) for s in topics)

    def entropy(self) -> float:
        """Of p(A | text), in bits; the same for all texts."""
        shares = [self.probability_of_a(a, 0) for a in range(self.labels)]
        return -sum(share * math.log2(share) for share in shares if share)

    def truth(self) -> dict[str, Any]:
        """The parameters and all effects of A, as JSON."""
        rows = [
            {
                "source": "A", "target": task, "label": name("A", a), "outcome": name(task, label),
                "population": population, "effect": self.effect(a, task, label, population),
                "association": self.association(a, task, label),
            }
            for task in ("B", "C")
            for a in range(self.labels)
            for label in range(self.labels)
            for population in POPULATIONS
        ]  # fmt: skip
        return {"world": asdict(self), "entropy_of_A_bits": self.entropy(), "effects": rows}

    def instances(self, count: int, seed: int) -> Iterator[Instance]:
        """So many texts; the same seed gives the same ones."""
        rng = random.Random(seed)
        for number in range(count):
            drawn = self.sample(rng)
            text, tokens = join_words(_words(rng, drawn["S"]))
            hidden = rng.random() < self.missing
            annotations = {
                task: LabelAnnotation((name(task, drawn[task]),))
                for task in TASKS
                if not (hidden and task == "A")
            }
            yield Instance(
                text, tokens, dict(annotations), {"id": f"{seed}:{number + 1}", "topic": drawn["S"]}
            )


def name(task: str, label: int) -> str:
    """How a label is called."""
    return f"{task.lower()}{label}"


def _words(rng: random.Random, topic: int) -> list[str]:
    words = [rng.choice(FILLERS) for _ in range(rng.randint(*LENGTHS) - 1)]
    words.insert(rng.randrange(len(words) + 1), f"topic{topic}{'abcd'[rng.randrange(SIGNS)]}")
    return words
