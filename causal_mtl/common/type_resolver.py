"""Walk an annotation and a value together, noting everything that does not fit."""

from __future__ import annotations

import collections.abc
import re
import types
from dataclasses import dataclass, field, replace
from os import PathLike
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, is_typeddict

from causal_mtl.common.constraints import Constraint
from causal_mtl.common.errors import Problem
from causal_mtl.common.lazy import Late, Lazy
from causal_mtl.common.params import Params
from causal_mtl.common.plan import Entries, Items, LazyPlan, ParamsPlan, Plan, ReadValue, Value
from causal_mtl.common.read_paths import ReadPath
from causal_mtl.common.text import join, suggestion, type_name, value_name

_SETS = {set: set, frozenset: frozenset, collections.abc.Set: set, collections.abc.MutableSet: set}
_LISTS = {
    getattr(collections.abc, name) for name in ("Sequence", "MutableSequence", "Collection", "Iterable")
} | {list}
_PRIMITIVES: dict[Any, tuple[type, ...]] = {
    str: (str, PathLike),
    int: (int,),
    float: (int, float),
    bool: (bool,),
    type(None): (type(None),),
    Path: (str, PathLike),
    PathLike: (str, PathLike),
}
_MAPPINGS = {dict, collections.abc.Mapping, collections.abc.MutableMapping}


def _plain(value: Any) -> Any:
    return value.params if isinstance(value, Params) else value


@dataclass
class TypeResolver:
    """Walks annotation and value together, noting problems; a part with a problem becomes a `Value`.

    Attributes:
        extras: names of arguments that will be there at build.
        open: anything may be there at build (below a `Lazy` that does not say what comes late).
        late: what a `Lazy` met next will be given, if it says so.
        types: what the type variables of a generic class stand for.
        own_checks: ask classes for their ``config_problems`` too, and whether the files are there that they read.
    """

    extras: frozenset[str] = frozenset()
    open: bool = False
    late: frozenset[str] | None = None
    types: dict[Any, Any] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    own_checks: bool = False

    def resolve(self, annotation: Any, value: Any, path: str) -> Plan:
        """The plan of `value` as `annotation`."""
        value = _plain(value)
        annotation = self._known(annotation)
        origin, args = get_origin(annotation), get_args(annotation)
        kind = origin or annotation
        if kind in (Any, object):
            return Value(path, value)
        if origin is Annotated:
            return self._annotated(args[0], args[1:], value, path)
        if origin in (Union, types.UnionType):
            return self._union(args, value, path)
        if origin is Literal:
            if not any(value == arg and type(value) is type(arg) for arg in args):
                self._refuse(
                    annotation, value, path, suggestion(value, args) if isinstance(value, str) else ""
                )
            return Value(path, value)
        if kind is Lazy:
            return self._lazy(args[0] if args else Any, value, path)
        if kind is Params:
            return self._params(value, path)
        if kind in _PRIMITIVES:
            return self._primitive(kind, value, path)
        if kind in _LISTS or kind in _SETS or kind is tuple:
            return self._items(annotation, kind, args, value, path)
        if kind in _MAPPINGS:
            return self._entries(annotation, args, value, path)
        if isinstance(kind, type) and kind is not collections.abc.Callable and origin is not type:
            variables = dict(zip(getattr(kind, "__parameters__", ()), args, strict=False))
            return replace(self, types=variables or self.types, late=None).instance(kind, value, path)
        if kind is collections.abc.Callable and not callable(value):
            self._refuse(annotation, value, path)
        return Value(path, value)

    def _known(self, annotation: Any) -> Any:
        """An annotation with names of types replaced by what they stand for; `Any` if it says nothing."""
        if isinstance(annotation, TypeVar):
            constraints = annotation.__constraints__
            bound = Union[constraints] if constraints else annotation.__bound__ or Any  # noqa: UP007
            annotation = self.types.get(annotation, bound)
        for alias in ("__supertype__", "__value__"):  # NewType; type statements
            annotation = getattr(annotation, alias, annotation)
        if is_typeddict(annotation):
            return dict
        return type(None) if annotation is None else annotation

    def _refuse(self, annotation: Any, value: Any, path: str, more: str = "") -> None:
        message = f"expected {type_name(annotation)}, got {value_name(value)}{more}"
        self._note(path, message, is_type=get_origin(annotation) is not Literal)

    def _note(self, path: str, message: str, is_type: bool = False) -> None:
        self.problems.append(Problem(path, message, is_type))

    def _annotated(self, annotation: Any, notes: tuple, value: Any, path: str) -> Plan:
        late = [note.names for note in notes if isinstance(note, Late)]
        if late:
            return replace(self, late=late[0]).resolve(annotation, value, path)
        before = len(self.problems)
        plan = self.resolve(annotation, value, path)
        if len(self.problems) == before:
            reads = [note for note in notes if isinstance(note, ReadPath)]
            if reads and isinstance(value, str | PathLike):
                return self._read(reads[0], plan)
            for note in notes:
                if isinstance(note, Constraint) and value is not None and not note.holds(value):
                    self._note(path, f"expected {type_name(annotation)} {note}, got {value!r}")
        return plan

    def _read(self, reads: ReadPath, plan: Plan) -> Plan:
        """What names a file; whether it is there matters where a config is written, not in an archive."""
        if self.own_checks and (problem := reads.problem(str(plan.value))):
            self._note(plan.path, problem)
        return ReadValue(plan.path, plan.value, reads)

    def _union(self, branches: tuple, value: Any, path: str) -> Plan:
        """The first branch that takes the value; else what the one that understood its shape says."""
        branches = tuple(self._known(branch) for branch in branches)
        if value is None and type(None) in branches:
            return Value(path, None)
        tried: list[tuple[Any, list[Problem]]] = []
        for branch in branches:
            if branch is type(None):
                continue
            trial = replace(self, problems=[])
            plan = trial.resolve(branch, value, path)
            if not trial.problems:
                return plan
            tried.append((branch, trial.problems))
        fitting = [problems for _, problems in tried if all(problem.path != path for problem in problems)]
        if len(tried) == 1 or len(fitting) == 1:
            self.problems.extend(fitting[0] if fitting else tried[0][1])
            return Value(path, value)
        wanted = " | ".join(map(type_name, branches))
        details = [
            f"as {type_name(branch)}: {', '.join(_relative(problem, path) for problem in problems)}"
            for branch, problems in tried
            # A branch of quite another shape has nothing to add to the list of what is expected.
            if not problems[0].message.startswith(f"expected {type_name(branch)},")
        ]
        more = f" ({'; '.join(details)})" if details else ""
        self._note(path, f"expected {wanted}, got {value_name(value)}{more}", is_type=True)
        return Value(path, value)

    def _lazy(self, annotation: Any, value: Any, path: str) -> Plan:
        if isinstance(value, Lazy):
            return Value(path, value)
        if self.late is None:
            within = replace(self, open=True)
        else:
            within = replace(self, extras=self.extras | self.late, late=None)
        return LazyPlan(path, value, within.resolve(annotation, value, path))

    def _params(self, value: Any, path: str) -> Plan:
        if not isinstance(value, dict):
            self._refuse(Params, value, path)
            return Value(path, value)
        return ParamsPlan(path, value)

    def _primitive(self, kind: Any, value: Any, path: str) -> Plan:
        accepted = _PRIMITIVES[kind]
        if not isinstance(value, accepted) or (isinstance(value, bool) and kind is not bool):
            self._refuse(kind, value, path)
        elif isinstance(value, PathLike) and kind is str:
            return Value(path, str(value))
        elif isinstance(value, str) and kind is Path:
            return Value(path, Path(value))
        return Value(path, value)

    def _items(self, annotation: Any, kind: Any, args: tuple, value: Any, path: str) -> Plan:
        make = _SETS.get(kind, tuple if kind is tuple else list)
        if not isinstance(value, (list, tuple, set, frozenset) if kind in _SETS else (list, tuple)):
            if isinstance(value, str | dict) or not isinstance(value, kind):
                self._refuse(annotation, value, path)
            return Value(path, value)
        values = list(value)
        each = list(args[:1] or [Any]) * len(values)
        if kind is tuple and args and args[-1] is not Ellipsis:
            each = [] if args == ((),) else list(args)
            if len(each) != len(values):
                self._refuse(annotation, value, path)
                return Value(path, value)
        items = [
            self.resolve(item, below, join(path, index))
            for index, (item, below) in enumerate(zip(each, values, strict=True))
        ]
        return Items(path, value, items, make)

    def _entries(self, annotation: Any, args: tuple, value: Any, path: str) -> Plan:
        if not isinstance(value, dict):
            self._refuse(annotation, value, path)
            return Value(path, value)
        key_type, item_type = args or (Any, Any)
        entries = {}
        for key, item in value.items():
            here = join(path, key if isinstance(key, str) else str(key))
            name = (
                int(key) if key_type is int and isinstance(key, str) and re.fullmatch(r"-?\d+", key) else key
            )
            entries[self.resolve(key_type, name, here).value] = self.resolve(item_type, item, here)
        return Entries(path, value, entries)

    def instance(self, cls: Any, value: Any, path: str) -> Plan:
        """The plan of an object of a class."""
        raise NotImplementedError


def _relative(problem: Problem, path: str) -> str:
    return str(problem._replace(path=problem.path[len(path) :].removeprefix(".")))
