# mypy: disable-error-code="valid-type, misc"
import pickle

import pytest

from causal_mtl.common import ConfigurationError, FromParams, Params, Registrable


@pytest.fixture
def base():
    class Encoder(Registrable):
        pass

    @Encoder.register("bilstm")
    class BiLstm(Encoder):
        def __init__(self, size: int = 1):
            self.size = size

        @classmethod
        def of_double(cls, half: int):
            return cls(half * 2)

    Encoder.register("double", constructor="of_double")(BiLstm)
    return Encoder


def test_register_returns_the_class_unchanged(base):
    class Plain:
        pass

    assert base.register("plain")(Plain) is Plain
    assert base.by_name("plain") is Plain


def test_duplicates_raise_unless_allowed(base):
    with pytest.raises(ConfigurationError, match=r"cannot register 'bilstm' as Encoder.*in use for BiLstm"):
        base.register("bilstm")(object)
    base.register("bilstm", exist_ok=True)(dict)
    assert base.by_name("bilstm") is dict


def test_by_name_gives_the_bound_constructor(base):
    assert base.by_name("double")(3).size == 6
    cls, constructor = base.resolve_class_name("double")
    assert cls.__name__ == "BiLstm"
    assert constructor == "of_double"
    assert base.resolve_class_name("bilstm")[1] is None


def test_by_name_suggests_near_names(base):
    with pytest.raises(
        ConfigurationError, match="'bilstn' is not a registered name for Encoder; did you mean 'bilstm'"
    ):
        base.by_name("bilstn")
    with pytest.raises(ConfigurationError) as error:
        base.by_name("zzz")
    assert "did you mean" not in str(error.value)
    assert "bilstm, double" in str(error.value)


def test_by_name_takes_dotted_paths(base, tmp_path, monkeypatch):
    import collections

    base.register("ordered")(collections.OrderedDict)
    assert base.by_name("collections.OrderedDict") is collections.OrderedDict
    with pytest.raises(ConfigurationError, match=r"cannot import module 'no_such\.module'"):
        base.by_name("no_such.module.Thing")
    with pytest.raises(ConfigurationError, match="module 'collections' has no 'Nothing'"):
        base.by_name("collections.Nothing")
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "module_that_fails.py").write_text("1 / 0")
    with pytest.raises(
        ConfigurationError, match="cannot import module 'module_that_fails': division by zero"
    ):
        base.by_name("module_that_fails.Thing")


@pytest.mark.parametrize(
    "path", ["os.system", "subprocess.Popen", "shutil.rmtree", "os.sep", "builtins.eval"]
)
def test_a_dotted_path_names_nothing_foreign(base, path):
    with pytest.raises(ConfigurationError, match=rf"'{path}': .* is no subclass of Encoder"):
        base.by_name(path)


@pytest.mark.parametrize("path", ["..x", ".", "a..b", "x.", "os.path/join", "a b.c"])
def test_a_malformed_path(base, path):
    with pytest.raises(ConfigurationError, match="neither a registered name nor the dotted path"):
        base.by_name(path)


def test_the_default_is_listed_first_and_must_exist(base):
    assert base.list_available() == ["bilstm", "double"]
    base.default_implementation = "double"
    assert base.list_available() == ["double", "bilstm"]
    base.default_implementation = "nothing"
    with pytest.raises(
        ConfigurationError, match="default implementation 'nothing' of Encoder is not registered"
    ):
        base.list_available()


def test_each_base_has_its_own_registry(base):
    class Other(Registrable):
        pass

    Other.register("bilstm")(int)
    assert base.by_name("bilstm") is not int
    assert Other.list_available() == ["bilstm"]


def test_a_base_without_components_says_so():
    class Empty(Registrable):
        def __init__(self):
            pass

    for params in ("x", Params({}), Params({"a": 1})):
        with pytest.raises(ConfigurationError, match="Empty has no registered concrete types"):
            Empty.from_params(params)


def test_an_implementation_can_be_a_base_too(base):
    @base.register("family")
    class Family(base):
        pass

    @Family.register("member")
    class Member(Family):
        pass

    assert type(base.from_params("family")) is Family
    assert type(Family.from_params("member")) is Member


def test_an_implementation_may_be_named_with_its_own_type(base):
    bilstm = base.by_name("bilstm")
    assert bilstm.from_params({"type": "bilstm", "size": 3}).size == 3
    assert bilstm.from_params("bilstm").size == 1
    assert bilstm.from_params({"type": "double", "half": 2}).size == 4
    with pytest.raises(ConfigurationError, match="type: unknown key for BiLstm"):
        bilstm.from_params({"type": "other"})


def test_a_function_can_be_registered(base):
    @base.register("made")
    def make(size: int, bias: bool = True):
        return size, bias

    assert base.from_params({"type": "made", "size": 3}) == (3, True)


def test_to_params(base):
    made = base.from_params({"type": "double", "half": 2})
    assert made.to_params().as_dict() == {"type": "double", "half": 2}
    assert base.from_params(made.to_params()).size == 4
    by_hand = base.by_name("bilstm")(size=7)
    assert by_hand.to_params().as_dict() == {"type": "bilstm", "size": 7}
    assert isinstance(pickle.loads(pickle.dumps(by_hand.to_params())), Params)


def test_to_params_of_an_object_with_slots():
    from dataclasses import dataclass

    @dataclass(frozen=True, slots=True)
    class Slim(FromParams):
        size: int
        name: str = "n"

    assert Slim(3).to_params().as_dict() == {"size": 3}
    assert Slim.from_params({"size": 3}).to_params().as_dict() == {"size": 3}


def test_to_params_of_objects_in_objects(base):
    @base.register("stack")
    class Stack(base):
        def __init__(self, layers: list[base], name: str):
            self._layers = layers
            self.name = name

    bilstm = base.by_name("bilstm")
    stack = Stack([bilstm(2), base.from_params({"type": "double", "half": 2})], "s")
    layers = [{"type": "bilstm", "size": 2}, {"type": "double", "half": 2}]
    assert stack.to_params().as_dict() == {"type": "stack", "layers": layers, "name": "s"}
    del stack.name  # plain arguments are remembered
    assert stack.to_params().as_dict() == {"type": "stack", "layers": layers, "name": "s"}
    del stack._layers
    with pytest.raises(ConfigurationError, match="Stack does not keep its argument 'layers'"):
        stack.to_params()
