"""What is wrong with a configuration, said with the full path of the key."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class ConfigurationError(Exception):
    """A configuration, or what a configuration asked for, cannot be used.

    Attributes:
        message: the text, also given by ``str(error)``.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    def __str__(self) -> str:
        return self.message


class Problem(NamedTuple):
    """One thing wrong: the key path (``model.tasks[1].name``, empty for the whole) and what is wrong."""

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


class ConfigurationErrors(ConfigurationError):
    """Several problems found together, printed one a line.

    Attributes:
        problems: all of them, in the order of the configuration.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))

    def __reduce__(self) -> tuple:
        return type(self), (self.problems,)
