"""The base of learning rate schedulers, which know when they step."""

from __future__ import annotations

import inspect
from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from causal_mtl.common import ConfigurationError, Registrable


class LRScheduler(Registrable):
    """Base of schedulers. A plugin derives from a torch scheduler and this, and sets `every`.

    The trainer fills in these constructor arguments by name: `optimizer`, `num_training_steps` (optimizer
    steps of the whole training) and `num_epochs`.

    Attributes:
        every: "step" (after each optimizer step), "epoch", or "validation" (an epoch, given the score to
            maximise).
    """

    every: ClassVar[Literal["step", "epoch", "validation"]] = "epoch"

    @abstractmethod
    def step(self, *args: Any) -> None:
        """Set the rate anew; torch's schedulers bring this and the two methods below along."""
        raise NotImplementedError

    @abstractmethod
    def state_dict(self) -> dict[str, Any]:
        """Plain values and tensors."""
        raise NotImplementedError

    @abstractmethod
    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restore what `state_dict` returned."""
        raise NotImplementedError

    @classmethod
    def needs_total(cls, settings: Mapping[str, Any]) -> bool:
        """Whether rates depend on how long the whole training is.

        Then `num_epochs` cannot be changed any more once a training has begun.

        Args:
            settings: of this scheduler in the config.
        """
        filled_in = {"num_training_steps", "num_epochs"} - settings.keys()
        return not filled_in.isdisjoint(inspect.signature(cls).parameters)

    def after_step(self) -> None:
        """An optimizer step was made."""
        if self.every == "step":
            self.step()

    def after_epoch(self, score: float | None) -> None:
        """An epoch is over; `score` is to be maximised, None without dev data.

        Raises:
            ConfigurationError: it needs a score, and there is none.
        """
        if self.every == "epoch":
            self.step()
        elif self.every == "validation":
            if score is None:
                raise ConfigurationError(f"lr_scheduler {type(self).__name__} needs validation data")
            self.step(score)
