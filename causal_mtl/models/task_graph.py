"""The tasks of a model and which may depend on which."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from graphlib import CycleError, TopologicalSorter

from causal_mtl.common import ConfigurationError
from causal_mtl.common.text import suggestion
from causal_mtl.metrics import Measure, inconsistency_measures
from causal_mtl.tasks import Link, Task


class TaskGraph:
    """Tasks in an order in which every task comes after those that it depends on.

    Args:
        tasks: in declared order, which is kept wherever dependencies allow. A task that names no parents has
            all tasks declared before it as parents.

    Raises:
        ConfigurationError: two tasks of one name, a name that no task has, a task used for what it does not
            yield, or a circle; all of these together.
    """

    def __init__(self, tasks: Sequence[Task]) -> None:
        self._by_name = {task.name: task for task in tasks}
        self.parents = {
            task.name: tuple(task.parents)
            if task.parents is not None
            else tuple(earlier.name for earlier in tasks[:number])
            for number, task in enumerate(tasks)
        }
        problems = list(self._problems(tasks))
        if problems:
            raise ConfigurationError("\n".join(problems))
        self._order = self._sorted(tasks)

    def __iter__(self) -> Iterator[Task]:
        return (self._by_name[name] for name in self._order)

    def __len__(self) -> int:
        return len(self._order)

    def __getitem__(self, name: str) -> Task:
        return self._by_name[name]

    def __contains__(self, name: str) -> bool:
        return name in self._by_name

    def check_names(self, names: Iterable[str], option: str) -> None:
        """Refuse names that no task has.

        Raises:
            ConfigurationError: begins with `option`.
        """
        for name in names:
            if name not in self._order:
                hint = suggestion(name, self._order)
                known = ", ".join(self._order)
                raise ConfigurationError(f"{option}: the model has no task {name!r}{hint} (tasks: {known})")

    def links(self) -> list[Link]:
        """The tasks whose labels occur together, in order of the graph."""
        tasks = list(self)
        return [link for number, task in enumerate(tasks) for link in task.links(tasks[:number])]

    def measures(self) -> dict[str, Measure]:
        """All measures by name: those of each task, and those of the consistency of linked tasks."""
        of_tasks = {name: measure for task in self for name, measure in task.measures().items()}
        return of_tasks | {
            f"{link.task}/{name}": measure.of_task(link.task)
            for link in self.links()
            for name, measure in inconsistency_measures(link.other).items()
        }

    def _problems(self, tasks: Sequence[Task]) -> Iterator[str]:
        if not tasks:
            yield "a model needs at least one task"
        names = [task.name for task in tasks]
        for number, task in enumerate(tasks):
            if task.name in names[:number]:
                yield f"tasks[{number}].name: another task is called {task.name!r} already"
            for parent in task.parents or ():
                if parent not in self._by_name:
                    yield f"tasks[{number}].parents: {self._unknown(parent)}"
            for parent, times in Counter(task.parents or ()).items():
                if times > 1:
                    yield f"tasks[{number}].parents: {parent!r} is named {times} times"
            for setting, (used, wanted) in task.uses().items():
                if used not in self._by_name:
                    yield f"tasks[{number}].{setting}: {self._unknown(used)}"
                elif self._by_name[used].yields != wanted:
                    yields = self._by_name[used].yields
                    yield f"tasks[{number}].{setting}: {used!r} yields {yields}, but {wanted} are needed"

    def _unknown(self, name: str) -> str:
        return (
            f"no task is called {name!r}{suggestion(name, self._by_name)} (tasks: {', '.join(self._by_name)})"
        )

    def _sorted(self, tasks: Sequence[Task]) -> list[str]:
        sorter: TopologicalSorter[str] = TopologicalSorter()
        for task in tasks:
            sorter.add(task.name, *self.parents[task.name], *(used for used, _ in task.uses().values()))
        try:
            sorter.prepare()
        except CycleError as error:
            raise ConfigurationError(
                f"tasks depend on each other in a circle: {' → '.join(error.args[1])}"
            ) from None
        order: list[str] = []
        ready: list[str] = []
        declared = list(self._by_name)
        while sorter.is_active():
            ready.extend(sorter.get_ready())
            ready.sort(key=declared.index)
            order.append(ready.pop(0))
            sorter.done(order[-1])
        return order
