"""The settings of the component, and what of them can only be checked against a model."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from causal_mtl.common import ConfigurationError
from causal_mtl.common.text import suggestion
from causal_mtl.models import TaskGraph

Device = Literal["auto", "cpu", "cuda"]
Precision = Literal["auto", "no", "bf16"]


@dataclass(frozen=True)
class Settings:
    """All settings but the archive.

    Attributes:
        batch_size: texts that are predicted together.
        device: where the model computes; "auto" is a CUDA device if there is one.
        mixed_precision: see `Predictor`.
        overrides: changes to the archive's config by dotted path, such as thresholds.
        set_ents: whether to write to ``doc.ents``.
        ents: the task whose spans go there. None: the first that yields spans.
        overwrite_ents: whether entities that are there already give way.
        prefix: put before the keys of ``doc.spans`` and ``doc.cats``.
        by_sentence: predict each sentence of a document on its own.

    Raises:
        ConfigurationError: a value is not possible.
    """

    batch_size: int = 32
    device: Device = "cpu"
    mixed_precision: Precision = "no"
    overrides: dict[str, Any] = field(default_factory=dict)
    set_ents: bool = True
    ents: str | None = None
    overwrite_ents: bool = False
    prefix: str = ""
    by_sentence: bool = False

    def __post_init__(self) -> None:
        if self.batch_size < 1:
            raise ConfigurationError(f"batch_size: expected at least 1, got {self.batch_size}")
        if self.ents is not None and not self.set_ents:
            raise ConfigurationError(
                f"ents: {self.ents!r} has no use where set_ents is false; drop one of them"
            )

    def entity_task(self, tasks: TaskGraph) -> str | None:
        """The task whose spans go to ``doc.ents``, if any.

        Raises:
            ConfigurationError: `ents` names no task that yields spans.
        """
        names = [task.name for task in tasks if task.yields == "spans"]
        if not self.set_ents:
            return None
        if self.ents is not None and self.ents not in names:
            raise ConfigurationError(
                f"ents: no task {self.ents!r} of this model yields spans (these do: {', '.join(names) or 'none'})"
                f"{suggestion(self.ents, names)}"
            )
        return self.ents or next(iter(names), None)

    def check(self, tasks: TaskGraph) -> None:
        """Raise `ConfigurationError` where a model of these tasks cannot be used so."""
        self.entity_task(tasks)
        of_texts = [task.name for task in tasks if task.yields == "labels"]
        if self.by_sentence and of_texts:
            raise ConfigurationError(
                f"by_sentence: {of_texts[0]!r} labels texts; what it says of sentences has no place on a document"
            )
