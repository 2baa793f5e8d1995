import torch
from training_fakes import FakeModel, same_weights, weights

from causal_mtl.common import Params
from causal_mtl.training import MovingAverage


def test_average_and_its_context():
    model = FakeModel()
    average = MovingAverage.from_params(Params({"decay": 0.75, "warmup": False}))
    average.start(model)
    before = weights(model)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(1.0)
    average.update()
    own = weights(model)
    with average.applied():
        for name, value in weights(model).items():
            torch.testing.assert_close(value, before[name] + 0.25)
    assert same_weights(own, weights(model))
    average.copy_to_model()
    torch.testing.assert_close(model.encoder.bias, before["encoder.bias"] + 0.25)


def test_warm_up_lets_early_weights_fade():
    average = MovingAverage.from_params(Params({"decay": 0.999}))
    assert average.weight_of_new(1) > 0.8
    assert average.weight_of_new(10**6) == 1.0 - 0.999
