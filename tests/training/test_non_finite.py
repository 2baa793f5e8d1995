import json

import pytest
import torch

from causal_mtl import train
from causal_mtl.commands import main
from causal_mtl.training import Callback, NonFiniteError, NonFiniteLossError
from causal_mtl.training.non_finite import non_finite, reported

STEPS = 6  # per epoch: 60 sentences in batches of 10


@Callback.register("spoil", exist_ok=True)
class Spoil(Callback):
    """After a step puts NaN into weights, or has the next gradient of them be NaN."""

    def __init__(self, step: int, what: str) -> None:
        self.step, self.what = step, what

    def on_start(self, state):
        self.parameter = dict(state.model.named_parameters())["heads.relations.scorer.bias"]
        self.hook = None

    def on_step(self, state):
        if state.step != self.step:
            return
        if self.what == "gradient":
            self.hook = self.parameter.register_hook(lambda gradient: gradient * float("nan"))
        else:
            with torch.no_grad():
                self.parameter.fill_(float(self.what))


def spoiled(config, directory, step, what, kind=NonFiniteError, **options):
    config["trainer"]["callbacks"] = [{"type": "spoil", "step": step, "what": what}]
    with pytest.raises(kind) as caught:
        train(config, directory, **options)
    assert str(directory / "non_finite.json") in str(caught.value)
    assert not (directory / "model.tar.gz").exists()
    assert not (directory / "metrics.json").exists()
    return str(caught.value), json.loads((directory / "non_finite.json").read_text())


def test_a_loss(config, tmp_path):
    message, note = spoiled(config, tmp_path / "run", 2, "nan", NonFiniteLossError)
    assert "'relations' is nan at step 3 of epoch 1" in message
    assert len(note["sentences"]) == 10
    sentence = note["sentences"][0]
    assert sentence["id"].startswith("train:")
    assert sentence["tokens"][0] in sentence["text"]
    assert note["where"] == "at step 3 of epoch 1"


def test_a_gradient(config, tmp_path):
    message, note = spoiled(config, tmp_path / "run", STEPS + 1, "gradient")
    assert "gradient of heads.relations.scorer.bias is not finite at step 2 of epoch 2" in message
    assert len(note["sentences"]) == 10
    # The checkpoint is from before, so what is spoiled there can be found and the training goes on.
    config["trainer"]["callbacks"][0]["step"] = 10**6
    path = tmp_path / "run" / "config.json"
    path.write_text(path.read_text().replace(f'"step": {STEPS + 1}', f'"step": {10**6}'))
    train(config, tmp_path / "run", recover=True)
    assert not (tmp_path / "run" / "non_finite.json").exists()


@pytest.mark.parametrize("grad_norm", [None, 5.0])
def test_a_gradient_is_named_whether_or_not_it_is_clipped(config, tmp_path, grad_norm):
    config["trainer"]["grad_norm"] = grad_norm
    message, _ = spoiled(config, tmp_path / "run", 1, "gradient")
    assert "gradient of heads.relations.scorer.bias is not finite" in message


def test_dev_losses(config, tmp_path):
    message, note = spoiled(config, tmp_path / "run", STEPS, "inf", NonFiniteLossError)
    assert "'relations' is " in message
    assert "on validation data after epoch 1" in message
    assert note["sentences"][0]["id"].startswith("dev:")


def test_weights_after_the_last_step(config, tmp_path):
    del config["validation_data_path"], config["trainer"]["validation_metric"]
    message, note = spoiled(config, tmp_path / "run", 2 * STEPS, "nan")
    assert "weights are not finite after step 12 of the training: heads.relations.scorer.bias" in message
    assert len(note["sentences"]) == 10
    assert [path.name for path in (tmp_path / "run" / "checkpoints").iterdir()] == ["epoch_1"]


def test_averaged_weights(config, tmp_path, monkeypatch):
    from causal_mtl.training import MovingAverage

    update = MovingAverage.update

    def spoil(self):
        update(self)
        self._averages["heads.relations.scorer.bias"].fill_(float("nan"))

    monkeypatch.setattr(MovingAverage, "update", spoil)
    del config["validation_data_path"], config["trainer"]["validation_metric"]
    config["trainer"]["moving_average"] = "exponential"
    message, _ = spoiled(config, tmp_path / "run", 10**6, "nan")
    assert "the average of heads.relations.scorer.bias" in message


@pytest.mark.parametrize(
    "changes",
    [
        {"model.tasks.1.weight": 1e308},
        {"trainer.optimizer.lr": 1e308},
        {"trainer.optimizer": {"type": "sgd", "lr": 1e15}},
    ],
)
@pytest.mark.parametrize("validation", [True, False])
def test_overflow(config, tmp_path, changes, validation, capsys):
    if not validation:
        del config["validation_data_path"], config["trainer"]["validation_metric"]
    path = tmp_path / "config.json"
    path.write_text(json.dumps(config))
    directory = tmp_path / "run"
    assert main(["train", str(path), "-s", str(directory), "-o", json.dumps(changes)]) == 1
    error = capsys.readouterr().err
    assert "Traceback" not in error
    assert "non_finite.json" in error
    assert not (directory / "model.tar.gz").exists()
    # What stopped at its first step does not block another start.
    if not (directory / "checkpoints").exists():
        assert main(["train", str(path), "-s", str(directory), "-o", '{"trainer.num_epochs": 1}']) in (0, 2)


def test_names():
    tensors = {name: torch.tensor([float("nan")]) for name in "abcde"}
    assert non_finite(tensors) == "a, b, c and 2 more"
    assert non_finite({"a": torch.ones(2), "n": torch.arange(3)}) == ""


def test_other_errors_stay(tmp_path):
    with pytest.raises(RuntimeError, match="out of memory"), reported(tmp_path, "here", []):
        raise RuntimeError("out of memory")
    with pytest.raises(ZeroDivisionError), reported(tmp_path, "here", []):
        1 / 0  # noqa: B018
    with (
        pytest.raises(NonFiniteError, match="overflow here: too large"),
        reported(tmp_path, "here", [(3, None)]),
    ):
        raise OverflowError("too large")
    assert json.loads((tmp_path / "non_finite.json").read_text())["sentences"][0]["number"] == 3
