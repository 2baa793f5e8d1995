import json

import pytest
import torch
from safetensors.torch import load_file
from training_fakes import FakeLoader, FakeModel, same_weights, weights

from causal_mtl.common import ConfigurationError, Params
from causal_mtl.nn import precision
from causal_mtl.training import Batching, Callback, Checkpointer, NonFiniteLossError, Trainer

RICH = {
    "num_epochs": 4,
    "optimizer": {"type": "adamw", "lr": 0.02},
    "lr_scheduler": {"type": "linear_with_warmup", "num_warmup_steps": 0.1},
    "parameter_groups": [{"regexes": ["bias$"], "weight_decay": 0.0}],
    "validation_metric": "+colour/accuracy",
    "moving_average": {"type": "exponential", "decay": 0.9},
    "grad_norm": 1.0,
    "gradient_accumulation_steps": 2,
    "device": "cpu",
}


def make(**settings):
    return Trainer.from_params(Params({"device": "cpu"} | settings))


def train(directory, trainer, *, recover=False, size=40, dropout=0.3, dev=True):
    model = FakeModel(dropout)
    dev_loader = FakeLoader(24, seed=9) if dev else None
    loader, batching = FakeLoader(size), Batching(batch_size=4)
    result = trainer.train(model, loader, dev_loader, directory, batching=batching, recover=recover, seed=5)
    return model, result


def lines(directory):
    return [json.loads(line) for line in (directory / "metrics.jsonl").read_text().splitlines()]


class StopAt(Callback):
    """Raises when a given number of steps is done: after that many, the program 'crashes'."""

    def __init__(self, step):
        self.step = step

    def on_step(self, state):
        if state.step == self.step:
            raise KeyboardInterrupt


def test_it_learns_and_reports(tmp_path):
    trainer = make(num_epochs=6, optimizer={"type": "adam", "lr": 0.05}, validation_metric="+colour/accuracy")
    _, result = train(tmp_path, trainer, size=120, dropout=0.0)
    assert result["best_validation_colour/accuracy"] > 0.8
    assert result["training_epochs"] == 6
    assert result["training_steps"] == 6 * 30
    written = lines(tmp_path)
    assert [line["epoch"] for line in written] == list(range(1, 7))
    assert written[-1]["training_loss"] < written[0]["training_loss"] / 2
    assert written[result["best_epoch"] - 1]["is_best"]
    expected = {"epoch", "step", "lr", "seconds", "sentences_per_second", "peak_memory_mb"}
    expected |= {"training_loss", "training_size/loss", "validation_loss", "validation_size/accuracy"}
    assert expected <= written[0].keys()


@pytest.mark.parametrize(
    "scheduler",
    [
        {"type": "linear_with_warmup", "num_warmup_steps": 0.1},
        {"type": "one_cycle", "max_lr": 0.05},
        {"type": "multi_step", "milestones": [1, 3]},
        {"type": "reduce_on_plateau", "patience": 0, "factor": 0.5},
        "cosine",
    ],
)
@pytest.mark.parametrize("crash", [10, 12, 14, 18])
def test_recovered_equals_uninterrupted(tmp_path, crash, scheduler, capsys):
    # 5 steps an epoch; checkpoints after steps 2 and 4 and the epoch: crashes come at and between them.
    settings = RICH | {"checkpoint_every_steps": 2, "lr_scheduler": scheduler}
    whole, whole_result = train(tmp_path / "whole", make(**settings))
    broken = make(**settings)
    broken.callbacks = [StopAt(crash)]
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "parts", broken)
    assert "--recover" in capsys.readouterr().err
    parts, parts_result = train(tmp_path / "parts", make(**settings), recover=True)
    assert same_weights(weights(whole), weights(parts))
    for file in ("model.safetensors", "state.safetensors"):
        newest = [tmp_path / name / "checkpoints" / "epoch_4" / file for name in ("whole", "parts")]
        assert same_weights(load_file(newest[0]), load_file(newest[1]))
    assert untimed(parts_result) == untimed(whole_result)
    for one, other in zip(lines(tmp_path / "whole"), lines(tmp_path / "parts"), strict=True):
        assert untimed(one) == untimed(other)


def test_recovering_between_the_last_step_and_the_end_of_an_epoch(tmp_path):
    class Crash(Callback):
        def on_epoch(self, state):
            if state.epoch == 2:
                raise KeyboardInterrupt

    settings = RICH | {"checkpoint_every_steps": 5}
    whole, _ = train(tmp_path / "whole", make(**settings))
    broken = make(**settings)
    broken.callbacks = [Crash()]
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "parts", broken)
    assert Checkpointer(tmp_path / "parts").newest().name == "epoch_1_step_5"
    parts, _ = train(tmp_path / "parts", make(**settings), recover=True)
    assert same_weights(weights(whole), weights(parts))
    for one, other in zip(lines(tmp_path / "whole"), lines(tmp_path / "parts"), strict=True):
        assert untimed(one) == untimed(other)


def untimed(results):
    timed = ("second", "duration", "memory")
    return {name: value for name, value in results.items() if not any(word in name for word in timed)}


def test_recovering_a_finished_training_changes_nothing(tmp_path):
    whole, result = train(tmp_path, make(**RICH))
    again, same_result = train(tmp_path, make(**RICH), recover=True)
    assert same_weights(weights(whole), weights(again))
    assert result == same_result


def test_recover_without_checkpoint_starts_anew(tmp_path):
    _, result = train(tmp_path, make(**RICH), recover=True)
    assert result["training_epochs"] == 4


def test_a_used_directory_is_refused(tmp_path):
    train(tmp_path, make(num_epochs=1))
    with pytest.raises(ConfigurationError, match="--recover"):
        train(tmp_path, make(num_epochs=1))


def test_recovering_another_training_is_refused(tmp_path):
    train(tmp_path, make(num_epochs=1))
    with pytest.raises(ConfigurationError, match="number of training sentences was 40 and now is 41"):
        train(tmp_path, make(num_epochs=2), recover=True, size=41)


def test_the_final_weights_are_the_averaged_ones_of_the_best_epoch(tmp_path):
    class Record(Callback):
        def __init__(self):
            self.averages = []

        def on_epoch(self, state):
            with trainer.moving_average.applied():
                self.averages.append(weights(state.model))

    trainer = make(**RICH | {"validation_metric": "-loss", "num_epochs": 6})
    trainer.callbacks = [Record()]
    model, result = train(tmp_path, trainer)
    assert same_weights(weights(model), trainer.callbacks[0].averages[result["best_epoch"] - 1])


def test_patience(tmp_path):
    trainer = make(
        num_epochs=50, optimizer={"type": "sgd", "lr": 1e-9}, validation_metric="+size/accuracy", patience=2
    )
    _, result = train(tmp_path, trainer)
    assert (result["best_epoch"], result["training_epochs"]) == (1, 3)
    _, result = train(tmp_path, trainer, recover=True)
    assert result["training_epochs"] == 3


def test_only_newest_and_best_checkpoints_stay(tmp_path):
    trainer = make(num_epochs=5, optimizer={"type": "sgd", "lr": 1e-9}, validation_metric="+size/accuracy")
    train(tmp_path, trainer)
    assert sorted(p.name for p in (tmp_path / "checkpoints").iterdir()) == ["epoch_1", "epoch_5"]


def test_unknown_metric_is_found_before_training(tmp_path):
    with pytest.raises(ConfigurationError, match=r'Did you mean "colour/accuracy"\?.*size/accuracy'):
        train(tmp_path, make(validation_metric="+color/accuracy"))
    assert not (tmp_path / "metrics.jsonl").exists()


def test_without_dev_data_the_last_weights_stay(tmp_path):
    _, result = train(tmp_path, make(num_epochs=2), dev=False)
    assert result["best_epoch"] == 2
    assert "validation_loss" not in lines(tmp_path)[0]
    with pytest.raises(ConfigurationError, match="patience"):
        train(tmp_path / "b", make(num_epochs=2, patience=2), dev=False)


def test_nan_loss_stops_before_the_weights_are_spoiled(tmp_path):
    class Spoil(Callback):
        def on_step(self, state):
            if state.step == 7:
                with torch.no_grad():
                    state.model.heads["size"].bias.fill_(float("inf"))

    trainer = make(num_epochs=2)
    trainer.callbacks = [Spoil()]
    with pytest.raises(NonFiniteLossError, match="'size' is nan at step 8 of epoch 1"):
        train(tmp_path, trainer)


def test_grad_norm_limits_the_step(tmp_path):
    before = weights(FakeModel())
    model, _ = train(
        tmp_path, make(num_epochs=1, optimizer={"type": "sgd", "lr": 1.0}, grad_norm=1e-3), dev=False
    )
    moved = sum(((weights(model)[n] - before[n]) ** 2).sum() for n in before).sqrt()
    assert 0 < moved <= 10 * 1e-3 + 1e-6


def test_accumulation_equals_larger_batches(tmp_path):
    loader = FakeLoader(32)
    loader.lengths = [5] * 32  # so that batches of 4 and of 8 hold the same sentences in the same order
    ends = []
    for size, steps in ((8, 1), (4, 2)):
        model = FakeModel()
        trainer = make(num_epochs=1, optimizer={"type": "sgd", "lr": 0.1}, gradient_accumulation_steps=steps)
        trainer.train(model, loader, None, tmp_path / str(size), batching=Sequential(size))
        ends.append(weights(model))
    for name in ends[0]:
        torch.testing.assert_close(ends[0][name], ends[1][name])


class Sequential(Batching):
    def training(self, lengths, seed, epoch):
        return [list(range(i, i + self.batch_size)) for i in range(0, len(lengths), self.batch_size)]


def test_callbacks_see_the_state(tmp_path):
    seen = []

    class Watch(Callback):
        def on_start(self, state):
            seen.append("start")

        def on_step(self, state):
            seen.append((state.epoch, state.epoch_step, state.epoch_steps, len(state.learning_rates)))

        def on_epoch(self, state):
            seen.append(state.metrics["epoch"])

        def on_end(self, state):
            seen.append("end")

    trainer = make(num_epochs=2, gradient_accumulation_steps=5)
    trainer.callbacks = [Watch()]
    train(tmp_path, trainer)
    assert seen == ["start", (1, 1, 2, 1), (1, 2, 2, 1), 1, (2, 1, 2, 1), (2, 2, 2, 1), 2, "end"]


@pytest.mark.usefixtures("needs_bf16")
def test_bf16_on_the_cpu(tmp_path):
    trainer = make(num_epochs=10, optimizer={"type": "adam", "lr": 0.03}, mixed_precision="bf16")
    _, result = train(tmp_path, trainer, dropout=0.0)
    assert result["training_loss"] < 0.5


def test_fp16_on_the_cpu_is_refused(tmp_path):
    with pytest.raises(ConfigurationError, match=r"fp16.*CUDA.*bf16"):
        train(tmp_path, make(mixed_precision="fp16"))


def test_bf16_is_refused_where_it_does_not_work(tmp_path, monkeypatch):
    monkeypatch.setattr(precision, "computes_in_bf16", lambda device: False)
    with pytest.raises(ConfigurationError, match=r'cannot compute in "bf16"'):
        train(tmp_path, make(mixed_precision="bf16"))
    train(tmp_path, make(mixed_precision="auto", num_epochs=1))


@pytest.mark.usefixtures("needs_bf16")
def test_recovering_in_another_precision_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(precision, "has_native_bf16", lambda device: True)
    train(tmp_path, make(num_epochs=1, mixed_precision="auto"))
    monkeypatch.setattr(precision, "has_native_bf16", lambda device: False)
    with pytest.raises(ConfigurationError, match=r"precision .*was bf16 and now is no.*machine"):
        train(tmp_path, make(num_epochs=2, mixed_precision="auto"), recover=True)


def test_deterministic_kernels_can_be_asked_for(tmp_path):
    train(tmp_path / "a", make(num_epochs=1, deterministic=True))
    assert torch.are_deterministic_algorithms_enabled()
    train(tmp_path / "b", make(num_epochs=1))
    assert not torch.are_deterministic_algorithms_enabled()


def test_fractions_of_unannotated_data_do_no_harm(tmp_path):
    loader = FakeLoader(12)
    for instance in loader.instances[:8]:
        instance.annotations = {}
    trainer, model = Trainer(num_epochs=2, device="cpu"), FakeModel()
    result = trainer.train(model, loader, loader, tmp_path, batching=Batching(batch_size=2))
    assert result["training_steps"] == 12
    assert result["training_loss"] > 0
