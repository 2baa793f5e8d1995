import io
import sys
from types import SimpleNamespace

import pytest

from causal_mtl.common import ConfigurationError, Params
from causal_mtl.tasks import SequenceTagging
from causal_mtl.training import Callback, TrainingState
from causal_mtl.training import progress as module
from causal_mtl.training.progress import Progress

LINE = {"epoch": 2, "seconds": 3.2, "is_best": True, "validation_loss": 0.5, "validation_entities/f1": 0.75,
        "validation_entities/precision": 0.7}  # fmt: skip


class Terminal(io.StringIO):
    def isatty(self):
        return True


def show(stream, tmp_path, is_main=True, deciding=("entities/f1",)):
    model = SimpleNamespace(tasks=[SequenceTagging("entities"), SequenceTagging("verbs")])
    state = TrainingState(model, tmp_path, is_main, num_epochs=4, epoch=2, epoch_steps=2)
    state.deciding = deciding
    state.losses.add("entities", 3.0, 1.0, 2)
    progress = Progress(state, stream)
    progress.start_epoch()
    for _ in range(2):
        state.epoch_step += 1
        progress.step()
    state.metrics = LINE
    progress.end_epoch()
    return stream.getvalue()


def test_plain_lines(tmp_path, monkeypatch):
    last = "epoch 2/4 | 3 s | loss 1.5 entities/loss 1.5 | dev entities/f1 0.75 loss 0.5 (best)\n"
    assert show(io.StringIO(), tmp_path) == last
    other = show(io.StringIO(), tmp_path, deciding=("entities/precision", "verbs/kl"))
    assert other.endswith("| dev entities/precision 0.7 loss 0.5 entities/f1 0.75 (best)\n")
    monkeypatch.setattr(module, "_SECONDS_BETWEEN_LINES", -1.0)
    lines = show(io.StringIO(), tmp_path).splitlines()
    assert lines[0] == "epoch 2/4 | step 1/2 | loss 1.5 entities/loss 1.5"
    assert len(lines) == 3


def test_a_live_bar(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_SECONDS_BETWEEN_LOSSES", -1.0)
    shown = show(Terminal(), tmp_path)
    assert "\r" in shown
    assert "loss 1.5" in shown
    assert shown.endswith("(best)\n")


def test_other_processes_are_silent(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_SECONDS_BETWEEN_LINES", -1.0)
    assert show(io.StringIO(), tmp_path, is_main=False) == ""


def test_tensorboard(tmp_path):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    callback = Callback.from_params(Params({"type": "tensorboard", "every": 1}))
    state = TrainingState(None, tmp_path, True, num_epochs=1, learning_rates=[0.1], metrics=LINE)
    state.losses.add("entities", 3.0, 1.0, 2)
    callback.on_start(state)
    state.step = 1
    callback.on_step(state)
    callback.on_epoch(state)
    callback.on_end(state)
    log = EventAccumulator(str(tmp_path / "tensorboard"))
    log.Reload()
    assert log.Scalars("training/entities/loss")[0].value == 1.5
    assert log.Scalars("validation/entities/f1")[0].value == 0.75
    assert log.Scalars("learning_rate/0")[0].step == 1


def test_tensorboard_that_is_not_installed(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(ConfigurationError, match=r"pip install 'causal-mtl\[tensorboard\]'"):
        Callback.from_params(Params({"type": "tensorboard"}))
