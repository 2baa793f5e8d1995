# The old spellings of types are tested too.
# ruff: noqa: UP006, UP007, UP035, UP045
# mypy: disable-error-code="valid-type, attr-defined"
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import (
    Annotated,
    Any,
    Dict,
    Generic,
    List,
    Literal,
    NewType,
    Optional,
    Tuple,
    TypedDict,
    TypeVar,
    Union,
)

import pytest
from hypothesis import given
from hypothesis import strategies as st

from causal_mtl.common import (
    ConfigurationError,
    ConfigurationErrors,
    Construct,
    FromParams,
    Late,
    Lazy,
    NonNegativeFloat,
    Params,
    PositiveInt,
    Probability,
    Range,
    Registrable,
    resolve,
)

T = TypeVar("T")
Name = NewType("Name", str)


class Keys(TypedDict):
    a: int


def build(annotation, value):
    return resolve(annotation, value, path="x").build()


def problems(annotation, value, **kwargs):
    with pytest.raises(ConfigurationError) as error:
        resolve(annotation, value, **{"path": "x", **kwargs})
    return str(error.value).splitlines()


@pytest.mark.parametrize(
    ("annotation", "value", "expected"),
    [
        (int, 1, 1),
        (float, 1, 1),
        (float, 1.5, 1.5),
        (bool, True, True),
        (str, "s", "s"),
        (str, Path("a/b"), "a/b"),
        (Path, "a/b", Path("a/b")),
        (PathLike, "a/b", "a/b"),
        (Path | None, None, None),
        (Optional[int], None, None),
        (None, None, None),
        (Any, {"a": [1, None]}, {"a": [1, None]}),
        (list, [1, "x"], [1, "x"]),
        (list[int], (1, 2), [1, 2]),
        (List[float], [1, 2.5], [1, 2.5]),
        (Sequence[str], ["a"], ["a"]),
        (Iterable[str], [], []),
        (tuple[int, str], [1, "a"], (1, "a")),
        (tuple[int, ...], [1, 2, 3], (1, 2, 3)),
        (Tuple[()], [], ()),
        (tuple, [1, "a"], (1, "a")),
        (set[int], [1, 1, 2], {1, 2}),
        (frozenset[str], ["a"], frozenset("a")),
        (dict, {"a": 1}, {"a": 1}),
        (Dict[str, int], {"a": 1}, {"a": 1}),
        (dict[int, float], {"1": 2, "-3": 0.5}, {1: 2, -3: 0.5}),
        (Mapping[str, list[dict[str, int]]], {"a": [{"b": 1}]}, {"a": [{"b": 1}]}),
        (Literal["a", 1], "a", "a"),
        (Literal["a", 1], 1, 1),
        (int | str, "1", "1"),
        (Union[int, list[int]], [1], [1]),
        (Annotated[int | None, Range(ge=1)], None, None),
        (Name, "n", "n"),
        (T, [1], [1]),
        (Keys, {"a": 1}, {"a": 1}),
        ("Unknown", 1, 1),
    ],
)
def test_values_that_fit(annotation, value, expected):
    made = build(annotation, value)
    assert made == expected
    assert type(made) is type(expected)


@pytest.mark.parametrize(
    ("annotation", "value", "problem"),
    [
        (int, "1", "x: expected int, got string '1'"),
        (int, 1.5, "x: expected int, got number 1.5"),
        (int, 1.0, "x: expected int, got number 1.0"),
        (int, True, "x: expected int, got boolean true"),
        (float, True, "x: expected float, got boolean true"),
        (float, "1", "x: expected float, got string '1'"),
        (bool, 1, "x: expected bool, got integer 1"),
        (str, 1, "x: expected str, got integer 1"),
        (str, None, "x: expected str, got null"),
        (Path, 1, "x: expected Path, got integer 1"),
        (list[int], "abc", "x: expected list[int], got string 'abc'"),
        (Sequence[str], "abc", "x: expected Sequence[str], got string 'abc'"),
        (list[int], {"a": 1}, "x: expected list[int], got an object with keys a"),
        (list[list[int]], [[1], ["a"]], "x[1][0]: expected int, got string 'a'"),
        (tuple[int, str], [1], "x: expected tuple[int, str], got a list of 1"),
        (tuple[int, ...], [1, "a"], "x[1]: expected int, got string 'a'"),
        (dict[str, int], [1], "x: expected dict[str, int], got a list of 1"),
        (dict[str, int], {"a": {"b": 1}}, "x.a: expected int, got an object with keys b"),
        (dict[int, int], {"one": 1}, "x.one: expected int, got string 'one'"),
        (dict[str, int], {"a.b": None}, 'x["a.b"]: expected int, got null'),
        (
            Literal["relu", "tanh"],
            "rlu",
            "x: expected 'relu' | 'tanh', got string 'rlu'; did you mean 'relu'?",
        ),
        (Literal[1], True, "x: expected 1, got boolean true"),
        (int | None, "a", "x: expected int, got string 'a'"),
        (int | list[int] | None, "a", "x: expected int | list[int] | None, got string 'a'"),
        (int | list[int], [1, "a"], "x[1]: expected int, got string 'a'"),
        (PositiveInt, 0, "x: expected int >= 1, got 0"),
        (NonNegativeFloat, -0.5, "x: expected float >= 0, got -0.5"),
        (Probability, 1.5, "x: expected float >= 0 and <= 1, got 1.5"),
        (Probability, float("nan"), "x: expected float >= 0 and <= 1, got nan"),
        (list[PositiveInt], [1, 0], "x[1]: expected int >= 1, got 0"),
        (Callable[[int], str], "f", "x: expected Callable[[int], str], got string 'f'"),
        (Params, [1], "x: expected Params, got a list of 1"),
    ],
)
def test_values_that_do_not_fit(annotation, value, problem):
    assert problems(annotation, value) == [problem]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)
annotations = st.recursive(
    st.sampled_from([int, float, str, bool, Any, None, Path, Literal["a"], PositiveInt]),
    lambda inner: st.one_of(
        inner.map(lambda a: list[a]),
        inner.map(lambda a: Optional[a]),
        inner.map(lambda a: tuple[a, ...]),
        inner.map(lambda a: dict[str, a]),
        st.tuples(inner, inner).map(lambda ab: Union[ab]),
        inner.map(lambda a: Lazy[a]),
    ),
    max_leaves=4,
)


@given(annotations, json_values)
def test_any_value_resolves_or_is_refused_with_a_path(annotation, value):
    before = json.dumps(value)
    found: tuple = ()
    try:
        resolve(annotation, value, path="x").build()
    except ConfigurationErrors as error:
        found = error.problems
    assert all(problem.path.startswith("x") for problem in found)
    assert json.dumps(value) == before


@given(json_values)
def test_any_passes_plain_data_through_as_a_copy(value):
    made = build(Any, value)
    assert made == value
    if isinstance(value, dict | list):
        assert made is not value


class Tokens(Registrable):
    pass


@Tokens.register("spaces")
class Spaces(Tokens):
    pass


@Tokens.register("rules")
class Rules(Tokens):
    def __init__(self, language: str = "en", depth: PositiveInt = 1):
        self.language, self.depth = language, depth


class Task(Registrable):
    default_implementation = "tagging"


@Task.register("tagging")
class Tagging(Task):
    def __init__(self, name: str, weight: NonNegativeFloat = 1.0):
        self.name, self.weight = name, weight


@Task.register("relation_extraction")
class RelationExtraction(Task):
    def __init__(self, name: str, mentions: str, anchor: Literal["first", "last"] = "first"):
        self.name, self.mentions, self.anchor = name, mentions, anchor


class Model(FromParams):
    def __init__(self, vocab: list, tasks: list[Task], tokens: Tokens | None = None):
        self.vocab, self.tasks, self.tokens = vocab, tasks, tokens


class Experiment(FromParams):
    def __init__(
        self,
        model: Annotated[Lazy[Model], Late("vocab")],
        seed: int = 13,
        paths: dict[str, Path] | None = None,
    ):
        self.model, self.seed, self.paths = model, seed, paths


BROKEN = {
    "model": {
        "tasks": [
            {"name": 1, "weight": -1},
            {"type": "relation_extraction", "name": "r", "mentoins": "e", "anchor": "frist"},
            {"type": "tagginf"},
            "tagging",
        ],
        "tokens": {"type": "rules", "depth": 0},
    },
    "sed": 3,
    "paths": {"a": 1},
}


def test_all_problems_are_reported_together():
    assert [line.split(" (registered")[0] for line in problems(Experiment, BROKEN, path="")] == [
        "model.tasks[0].name: expected str, got integer 1",
        "model.tasks[0].weight: expected float >= 0, got -1",
        "model.tasks[1].mentoins: unknown key for RelationExtraction; did you mean 'mentions'? "
        "(accepted: name, mentions, anchor)",
        "model.tasks[1].anchor: expected 'first' | 'last', got string 'frist'; did you mean 'first'?",
        'model.tasks[1].mentions: key "mentions" is required for RelationExtraction (expected str)',
        "model.tasks[2].type: 'tagginf' is not a registered name for Task; did you mean 'tagging'?",
        'model.tasks[3].name: key "name" is required for Tagging (expected str)',
        "model.tokens.depth: expected int >= 1, got 0",
        "sed: unknown key for Experiment; did you mean 'seed'? (accepted: model, seed, paths)",
        "paths.a: expected Path, got integer 1",
    ]


def test_type_is_required_without_a_default():
    assert problems(Tokens, {"depth": 1}) == [
        'x.type: key "type" is required for Tokens (registered: spaces, rules)'
    ]
    assert problems(Tokens, {"type": 3}) == ["x.type: expected str, got integer 3"]
    assert problems(Tokens, 3) == ["x: expected Tokens, got integer 3"]
    assert problems(Tokens, None) == ["x: expected Tokens, got null"]
    assert problems(Tokens, "nearby")[0].startswith("x: 'nearby' is not a registered name for Tokens")


def test_bare_string_default_and_instances():
    assert isinstance(build(Tokens, "spaces"), Spaces)
    assert build(Task, {"name": "n"}).name == "n"
    rules = Rules()
    assert build(Tokens, rules) is rules
    assert build(list[Tokens], [rules, "spaces"])[0] is rules
    assert build(Tokens | None, None) is None
    assert isinstance(build(str | Tokens, "spaces"), str)
    assert isinstance(build(Tokens | str, "spaces"), Spaces)
    assert build(Tokens | str, "else") == "else"


def test_dotted_class_path():
    name = f"{__name__}.Rules"
    assert build(Tokens, {"type": name, "language": "de"}).language == "de"


def test_union_says_what_each_branch_wanted():
    (line,) = problems(int | Rules | Tagging, {"nam": "x"})
    assert line.startswith(
        "x: expected int | Rules | Tagging, got an object with keys nam (as Rules: nam: unknown key"
    )
    assert "as Tagging: nam: unknown key for Tagging; did you mean 'name'?" in line
    assert problems(int | list[Rules], [{"dept": 1}]) == [
        "x[0].dept: unknown key for Rules; did you mean 'depth'? (accepted: language, depth)"
    ]


def test_extras_satisfy_requirements_by_name_at_any_depth():
    config = {"tasks": [{"name": "a"}]}
    assert problems(Model, config) == ['x.vocab: key "vocab" is required for Model (expected list)']
    plan = resolve(list[Model], [config], extras=frozenset({"vocab"}))
    vocab = ["a"]
    assert plan.build(vocab=vocab)[0].vocab is vocab
    with pytest.raises(ConfigurationError, match=r"^\[0\]\.vocab: key .vocab. is required for Model"):
        plan.build()


def test_parameters_of_the_config_win_over_extras():
    assert Tagging.from_params({"name": "mine"}, name="extra", weight=3).name == "mine"
    assert Tagging.from_params({"name": "mine"}, name="extra", weight=3).weight == 3


def test_classes_that_know_nothing_of_us_and_generics():
    @dataclass
    class Window(Generic[T]):
        width: int
        inner: T

    assert build(Window, {"width": 2, "inner": {"a": 1}}) == Window(2, {"a": 1})
    assert build(Window[Rules], {"width": 2, "inner": {"depth": 3}}).inner.depth == 3
    assert problems(list[Window[Rules]], [{"width": "2", "inner": {"depth": 0}}]) == [
        "x[0].width: expected int, got string '2'",
        "x[0].inner.depth: expected int >= 1, got 0",
    ]


def test_an_explicit_null_is_fine_where_the_default_is_none():
    class Loose(FromParams):
        def __init__(self, size: int = None):  # type: ignore[assignment]  # noqa: RUF013
            self.size = size

    assert Loose.from_params({"size": None}).size is None


def test_plan_can_be_looked_into():
    config = {
        "model": {"tasks": [{"name": "a"}, {"type": "relation_extraction", "name": "r", "mentions": "a"}]}
    }
    plan = resolve(Experiment, config)
    assert isinstance(plan, Construct)
    assert plan.cls is Experiment
    assert list(plan.arguments) == ["model"]
    assert plan.at("model.tasks[1]").cls is RelationExtraction
    assert plan.at("model.tasks[1].type").value == "relation_extraction"
    assert plan.get("model.tasks[1].name") == plan.get("model.tasks.1.name") == "r"
    assert plan.get("model.tasks[0].weight") == 1.0  # the constructor's default
    assert plan.get("seed") == 13
    assert plan.get("model.nothing.here", "no") == "no"
    assert plan.get("model.tokens", "no") is None
    assert plan.get("") == config
    with pytest.raises(KeyError):
        plan.at("model.tasks[2]")
    tasks = plan.at("model.tasks")
    assert tasks.at("[1].mentions").path == "model.tasks[1].mentions"


def test_plan_gives_the_defaults_of_dataclasses():
    @dataclass
    class Batching:
        sizes: list[int] = field(default_factory=lambda: [1, 2])

    assert resolve(Batching, {}).get("sizes") == [1, 2]


def test_parts_can_be_built_alone_and_again():
    plan = resolve(Experiment, {"model": {"tasks": [{"name": "a"}]}, "paths": {"p": "q"}})
    first, second = plan.at("model.tasks").build(), plan.at("model.tasks").build()
    assert first[0].name == "a"
    assert first[0] is not second[0]
    assert plan.at("paths").build() == {"p": Path("q")}
    assert plan.build().model.construct(vocab=[1]).tasks[0].name == "a"


def test_refusals_at_build_carry_the_path_and_the_cause():
    class Picky(FromParams):
        def __init__(self, size: int, inner: "Picky | None" = None):
            if size % 2:
                raise ValueError("size must be even")

    plan = resolve(dict[str, Picky], {"a": {"size": 3}}, path="model")
    with pytest.raises(ConfigurationError, match=r"^model\.a: size must be even$") as error:
        plan.build()
    assert isinstance(error.value.__cause__, ValueError)


def test_a_set_of_what_cannot_be_in_one_names_its_path():
    with pytest.raises(ConfigurationError, match=r"^x: unhashable type"):
        build(set[Any], [{"a": 1}])


def test_other_errors_of_constructors_stay_what_they_are():
    class Broken(FromParams):
        def __init__(self):
            raise OSError("disk")

    with pytest.raises(OSError, match="disk"):
        Broken.from_params({})


def test_path_starts_with_the_history_of_params():
    params = Params({"model": {"tasks": [{"nam": "x", "name": "y"}]}})
    task = params.pop("model").pop("tasks")[0]
    with pytest.raises(ConfigurationError, match=r"^model\.tasks\[0\]\.nam: unknown key"):
        Task.from_params(task)
