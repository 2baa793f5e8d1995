import pytest
import torch

from causal_mtl.common import ConfigurationError, Lazy
from causal_mtl.nn.architectures import LabelBottleneck
from causal_mtl.nn.encoders import BiLSTM

WIDTH, HIDDEN = 5, 3
PARENTS = {"a": (), "b": (), "c": ("a", "b")}
TRANSFER = {"a": 0, "b": 0, "c": 2}
MASK = torch.tensor([[True] * 4, [True, True, False, False]])


def make(**options):
    torch.manual_seed(0)
    return LabelBottleneck(WIDTH, TRANSFER, PARENTS, Lazy(BiLSTM, {"hidden_size": HIDDEN}), **options)


def states_of(architecture, embedded, transferred):
    carried = architecture.start(dict.fromkeys(PARENTS, embedded), MASK)
    return {name: architecture(name, transferred[name], carried) for name in PARENTS}


def run(architecture, seed=1):
    torch.manual_seed(seed)
    embedded = torch.randn(2, 4, WIDTH)
    transferred = {name: torch.randn(2, 4, size) for name, size in TRANSFER.items()}
    return embedded, states_of(architecture, embedded, transferred)


def test_a_task_with_parents_has_no_states():
    architecture = make()
    embedded, states = run(architecture)
    assert {name: state.shape[-1] for name, state in states.items()} == {"a": 6, "b": 6, "c": 0}
    assert [architecture.output_dim(name) for name in PARENTS] == [6, 6, 0]
    assert torch.equal(states["a"], architecture.encoders["a"](embedded, MASK))


def test_a_residual_is_so_many_numbers_of_the_text():
    architecture = make(residual=2)
    embedded, states = run(architecture)
    assert states["c"].shape == (2, 4, 2)
    assert (states["c"][1, 2:] == 0).all()
    again = states_of(
        architecture, embedded, {"a": states["a"][..., :0], "b": states["b"][..., :0], "c": None}
    )
    assert torch.equal(again["c"], states["c"])  # labels do not reach it
    assert not torch.equal(run(architecture, seed=2)[1]["c"], states["c"])


@pytest.mark.parametrize(
    ("tasks", "message"),
    [(["d"], "there is no task 'd'"), (["a"], "'a' has no parents, so its head would see nothing")],
)
def test_tasks_that_cannot_be_narrow(tasks, message):
    with pytest.raises(ConfigurationError, match=message):
        make(tasks=tasks)
