import pytest
import torch

from causal_mtl.common import ConfigurationError, Lazy, Params
from causal_mtl.nn.architectures import Architecture, FullyShared, Hierarchical, SharedPrivate, SingleTask
from causal_mtl.nn.encoders import BiLSTM

WIDTH, HIDDEN = 5, 3
TRANSFER = {"a": 0, "b": 2, "c": 4}
PARENTS = {"a": (), "b": ("a",), "c": ("b", "a")}
BELOW = {"a": None, "b": "a", "c": "a"}
AT_TOKENS = [name for name in Architecture.list_available() if Architecture.by_name(name).level == "tokens"]
AT_TOKENS.remove("label_bottleneck")  # not all of its tasks have encoders: see its own tests
ENCODER = Lazy(BiLSTM, {"hidden_size": HIDDEN})
MASK = torch.tensor([[True] * 4, [True, True, False, False]])


def make(cls, transfer=TRANSFER):
    torch.manual_seed(0)
    return cls(WIDTH, transfer, PARENTS, ENCODER)


def run(architecture, transfer=TRANSFER):
    """The states of all tasks and what they were made of."""
    torch.manual_seed(1)
    embedded = torch.randn(2, 4, WIDTH)
    transferred = {name: torch.randn(2, 4, size) for name, size in transfer.items()}
    carried, states = architecture.start(dict.fromkeys(transfer, embedded), MASK), {}
    for name in transfer:
        states[name] = architecture(name, transferred[name], carried)
        assert states[name].shape == (2, 4, architecture.output_dim(name))
    return embedded, transferred, states


def test_hierarchical_is_equation_4():
    architecture = make(Hierarchical)
    embedded, transferred, states = run(architecture)
    for name, below in BELOW.items():
        joint = [embedded, transferred[name], *([states[below]] if below else [])]
        wanted = architecture.encoders[name](torch.cat(joint, -1), MASK)
        assert torch.equal(states[name], wanted)


def test_shared_private_puts_an_encoder_a_task_on_a_shared_one():
    architecture = make(SharedPrivate)
    embedded, transferred, states = run(architecture)
    for name in BELOW:
        joint = [embedded, transferred[name], architecture.encoder(embedded, MASK)]
        assert torch.equal(states[name], architecture.encoders[name](torch.cat(joint, -1), MASK))


def test_single_task_shares_nothing():
    architecture = make(SingleTask)
    assert architecture.separate_embedders
    embedded, transferred, states = run(architecture)
    for name in BELOW:
        joint = torch.cat([embedded, transferred[name]], -1)
        assert torch.equal(states[name], architecture.encoders[name](joint, MASK))


def test_fully_shared_has_one_encoder():
    nothing = dict.fromkeys(TRANSFER, 0)
    architecture = make(FullyShared, nothing)
    embedded, _, states = run(architecture, nothing)
    for name in BELOW:
        assert torch.equal(states[name], architecture.encoder(embedded, MASK))
    assert len(architecture.encoders) == 0


@pytest.mark.parametrize("name", AT_TOKENS)
def test_a_config_may_give_the_architecture_its_own_encoder(name):
    config = {"type": name, "encoder": {"type": "bilstm", "hidden_size": 7}}
    architecture = Architecture.from_params(
        Params(config), input_size=WIDTH, transfer_sizes=dict.fromkeys(TRANSFER, 0), parents=PARENTS
    )
    assert architecture.output_dim("b") == 14


@pytest.mark.parametrize("name", AT_TOKENS)
def test_different_tasks_start_differently_and_padding_stays_zero(name):
    nothing = dict.fromkeys(TRANSFER, 0)
    architecture = make(Architecture.by_name(name), nothing)
    _, _, states = run(architecture, nothing)
    assert torch.allclose(states["b"], states["c"]) == (name == "fully_shared")
    assert all((state[1, 2:] == 0).all() for state in states.values())


@pytest.mark.parametrize("name", AT_TOKENS)
def test_encoders_stand_on_states_after_dropout(name):
    torch.manual_seed(0)
    nothing = dict.fromkeys(TRANSFER, 0)
    architecture = Architecture.by_name(name)(WIDTH, nothing, PARENTS, ENCODER, dropout=0.5)
    seen = {}
    for task, encoder in architecture.encoders.items():
        encoder.register_forward_hook(lambda _, args, out, task=task: seen.update({task: (args[0], out)}))
    _, _, states = run(architecture, nothing)
    assert all((state[0] == 0).any() for state in states.values())
    for task, below in BELOW.items():
        if name == "hierarchical" and below:
            assert torch.equal(seen[task][0][..., WIDTH:], states[below])
    architecture.eval()
    _, _, states = run(architecture, nothing)
    assert all((state[0] != 0).all() for state in states.values())


def test_an_architecture_that_carries_its_own_object_must_say_how_rows_move():
    architecture = make(Hierarchical)
    for move, arguments in (("spread", (object(), torch.tensor([0]))), ("join", ([object()],))):
        with pytest.raises(ConfigurationError, match=f"define {move}"):
            getattr(architecture, move)(*arguments)
