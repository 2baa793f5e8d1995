import pytest
import torch
from training_fakes import FakeLoader, FakeModel, same_weights, weights

from causal_mtl.common import ConfigurationError, Params
from causal_mtl.training import Batching, Trainer, find_lr


def test_it_suggests_a_rate_that_learns_and_restores_the_model():
    model = FakeModel(dropout=0.1)
    before, state = weights(model), torch.get_rng_state()
    trainer = Trainer.from_params(Params({"device": "cpu", "optimizer": "adam"}))
    curve = find_lr(
        trainer,
        model,
        FakeLoader(100),
        batching=Batching(batch_size=32),
        start_lr=1e-5,
        end_lr=10.0,
        num_steps=100,
    )
    rates = [rate for rate, _ in curve.points]
    assert rates[0] == 1e-5
    assert rates == sorted(rates)
    assert 1e-3 < curve.suggestion < 0.1
    assert same_weights(before, weights(model))
    assert torch.equal(state, torch.get_rng_state())
    assert all(p.grad is None and p.requires_grad for p in model.parameters())


def test_nonsense_is_refused():
    with pytest.raises(ConfigurationError, match="start_lr"):
        find_lr(Trainer(device="cpu"), FakeModel(), FakeLoader(4), start_lr=1.0, end_lr=0.1)
