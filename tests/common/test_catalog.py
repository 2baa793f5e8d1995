from typing import Annotated

import pytest

from causal_mtl.common import ConfigurationError, Late, Lazy, PositiveInt, Registrable, catalog


class Vessel(Registrable):
    """Something that floats.

    And more about it.
    """

    default_implementation = "boat"


class Engine(Registrable):
    pass


@Vessel.register("raft")
class Raft(Vessel):
    def __init__(self, **anything):
        pass


@Vessel.register("boat")
class Boat(Vessel):
    """Has a hull."""

    def __init__(
        self,
        length: PositiveInt,
        engine: Annotated[Lazy[Engine], Late("fuel")] | None = None,
        names: dict[str, list[str]] = {},  # noqa: B006
    ):
        pass

    @classmethod
    def toy(cls, scale: float):
        """Fits in a bath."""
        return cls(1)


Vessel.register("toy", constructor="toy")(Boat)


def test_bases_lists_only_those_with_components():
    found = {base.name: base for base in catalog.bases()}
    assert found["Vessel"] == catalog.BaseInfo("Vessel", "Something that floats.", ("boat", "raft", "toy"))
    assert "Engine" not in found


def test_component():
    boat = catalog.component("Vessel", "boat")
    assert boat.is_default
    assert boat.path == f"{__name__}.Boat"
    assert boat.doc == "Has a hull."
    assert not boat.open
    assert boat.parameters == (
        catalog.ParameterInfo("length", "int >= 1", None),
        catalog.ParameterInfo("engine", "Lazy[Engine] | None", "None"),
        catalog.ParameterInfo("names", "dict[str, list[str]]", "{}"),
    )
    assert catalog.component("Vessel", "toy").doc == "Fits in a bath."
    assert catalog.component("Vessel", "raft").open
    assert catalog.component("Vessel", "raft").doc == ""


def test_text_of_one_component():
    assert catalog.describe("Vessel", "boat").splitlines() == [
        f"boat (default): {__name__}.Boat",
        "Has a hull.",
        "  length  int >= 1  (required)",
        "  engine  Lazy[Engine] | None  (default None)",
        "  names   dict[str, list[str]]  (default {})",
    ]
    assert catalog.describe("Vessel", "raft").splitlines()[-1] == "  any further key"


def test_text_of_a_base_and_of_all():
    assert catalog.describe("Vessel").splitlines() == [
        "boat (default)",
        "    Has a hull.",
        "    length [engine] [names]",
        "raft",
        "    ...",
        "toy",
        "    Fits in a bath.",
        "    scale",
    ]
    assert "Vessel\n    Something that floats.\n    boat, raft, toy" in catalog.describe()


def test_wrong_names_are_met_with_suggestions():
    with pytest.raises(ConfigurationError, match="no base class 'Vesel'; did you mean 'Vessel'"):
        catalog.describe("Vesel")
    with pytest.raises(ConfigurationError, match="did you mean 'boat'"):
        catalog.describe("Vessel", "bot")


def test_of_several_bases_with_one_name_the_librarys_own_is_meant():
    class Optimizer(Registrable):
        """Of somebody else."""

    Optimizer.register("mine")(type("Mine", (Optimizer,), {}))
    import causal_mtl.training.optimizers  # noqa: F401

    assert "adam" in catalog.describe("Optimizer")
    path = f"{Optimizer.__module__}.{Optimizer.__qualname__}"
    assert "mine" in catalog.describe(path)
    assert "adam" not in catalog.describe(path)
