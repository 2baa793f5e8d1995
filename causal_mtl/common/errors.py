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
    """One thing wrong: the key path (``model.tasks[1].name``, empty for the whole) and what is wrong.

    `is_type` says that the value is of a wrong type.
    """

    path: str
    message: str
    is_type: bool = False

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


class ConfigurationErrors(ConfigurationError):
    """Several problems found together, printed one per line.

    It is a `TypeError` too (`ConfigurationTypeErrors`) if a value of a wrong type is among them, as in AllenNLP.

    Attributes:
        problems: all of them, in the order of the configuration.
    """

    problems: tuple[Problem, ...]

    def __new__(cls, problems: Iterable[Problem]) -> ConfigurationErrors:
        """An error of the class that its problems ask for."""
        problems = tuple(problems)
        kind = ConfigurationTypeErrors if any(problem.is_type for problem in problems) else cls
        error = super().__new__(kind, problems)
        error.problems = problems
        return error

    def __init__(self, problems: Iterable[Problem]) -> None:
        super().__init__("\n".join(map(str, self.problems)))

    def __reduce__(self) -> tuple:
        return type(self), (self.problems,)


class ConfigurationTypeErrors(ConfigurationErrors, TypeError):
    """Problems among which is a value of a wrong type."""


def problems_of(error: ConfigurationError) -> tuple[Problem, ...]:
    """The problems of an error; one without a path if it has only a message."""
    return error.problems if isinstance(error, ConfigurationErrors) else (Problem("", error.message),)


def required(key: str, owner: str = "", expected: str = "") -> str:
    """What is said of a key that is missing, in AllenNLP's words."""
    return (
        f'key "{key}" is required'
        + (f" for {owner}" if owner else "")
        + (f" ({expected})" if expected else "")
    )
