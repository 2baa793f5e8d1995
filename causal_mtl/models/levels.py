"""Which tasks fit which components: labels of tokens need states of tokens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from causal_mtl.common import ConfigurationError
from causal_mtl.nn.pooling import Level
from causal_mtl.tasks import Task


def level_of(tasks: Sequence[Task]) -> Level:
    """Of the states that `tasks` need: "text" where none of them labels tokens."""
    return "tokens" if any(task.level == "tokens" for task in tasks) else "text"


def level_problems(tasks: Sequence[Task], component: Any) -> list[str]:
    """Why `component`, the class of a model or architecture, cannot serve some of `tasks`, a line for each."""
    # The state of a text can be pooled from those of its tokens.
    if getattr(component, "level", "tokens") == "tokens":
        return []
    return [
        f"tasks[{number}].type: {task.name!r} labels tokens, but {component.__name__} has one state for a whole "
        'text; choose a kind of task that labels texts, or an architecture at tokens such as "hierarchical"'
        for number, task in enumerate(tasks)
        if task.level == "tokens"
    ]


def require_level(tasks: Sequence[Task], component: Any) -> None:
    """Refuse tasks that label tokens where `component` has states of texts only.

    Raises:
        ConfigurationError: naming all of them.
    """
    problems = level_problems(tasks, component)
    if problems:
        raise ConfigurationError("\n".join(problems))
