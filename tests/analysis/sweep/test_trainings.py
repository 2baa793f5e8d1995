"""Planning with real configs and directories; running with processes that only pretend to train."""

import json
import sys
from pathlib import Path

import pytest

from causal_mtl.analysis.sweep.trainings import Training, plan, train_all
from causal_mtl.analysis.sweep.variants import variants
from causal_mtl.common import ConfigurationError
from causal_mtl.training.config_file import read_config
from causal_mtl.training.experiment import Experiment
from causal_mtl.training.run_directory import prepare

PRETEND = """
import signal, sys, time
from pathlib import Path
directory = Path(sys.argv[1])
directory.mkdir(parents=True)
def finish():
    (directory / "model.tar.gz").touch()
    (directory / "metrics.json").write_text('{"validation_entities/f1": 0.5, "validation_loss": 2}')
def wait_for(path):
    until = time.monotonic() + 600
    while not path.exists():
        assert time.monotonic() < until, "nobody came"
        time.sleep(0.02)
"""


def pretend(root, name, code="finish()", state="new"):
    command = (sys.executable, "-c", PRETEND + code, str(root / name))
    return Training(name, root / name, root / "logs" / f"{name}.log", state, command, ("entities/f1",))


class Watcher:
    """What a sweep reports, and how many trainings ran at a time."""

    def __init__(self):
        self.events, self.failures, self.running, self.most = [], {}, 0, 0

    def on_start(self, training):
        self.events.append(f"{training.name} starts")
        self.running += 1
        self.most = max(self.most, self.running)

    def on_end(self, training, ended):
        self.events.append(f"{training.name} ends")
        self.failures[training.name] = ended.failure
        self.running -= 1


def watched(trainings, root, jobs=1):
    watcher = Watcher()
    train_all(trainings, root, jobs=jobs, on_start=watcher.on_start, on_end=watcher.on_end)
    return watcher


def finished(directory):
    (directory / "model.tar.gz").touch()
    (directory / "metrics.json").write_text("{}")


def test_one_at_a_time(tmp_path):
    watcher = watched([pretend(tmp_path, "a-1"), pretend(tmp_path, "b-1")], tmp_path)
    assert watcher.events == ["a-1 starts", "a-1 ends", "b-1 starts", "b-1 ends"]
    assert watcher.failures == {"a-1": "", "b-1": ""}


def test_two_at_a_time(tmp_path):
    meet = "wait_for(directory.with_name({!r})); finish()"
    trainings = [
        pretend(tmp_path, "a-1", meet.format("b-1")),
        pretend(tmp_path, "b-1", meet.format("a-1")),
        pretend(tmp_path, "c-1"),
    ]
    watcher = watched(trainings, tmp_path, jobs=2)
    assert watcher.failures == {"a-1": "", "b-1": "", "c-1": ""}
    assert watcher.most == 2


def test_a_failure_does_not_stop_the_others(tmp_path):
    trainings = [
        pretend(tmp_path, "a-1", "print('so far so good'); 1 / 0"),
        pretend(tmp_path, "b-1", "pass"),
        pretend(tmp_path, "c-1"),
    ]
    watcher = watched(trainings, tmp_path)
    assert watcher.failures == {"a-1": "exit status 1", "b-1": "it left no trained model", "c-1": ""}
    log = trainings[0].log.read_text()
    assert "so far so good" in log
    assert "ZeroDivisionError" in log
    assert trainings[2].scores() == {"entities/f1": 0.5}


def test_what_is_finished_is_left_alone(tmp_path):
    watcher = watched([pretend(tmp_path, "a-1", state="finished"), pretend(tmp_path, "b-1")], tmp_path)
    assert watcher.events == ["b-1 starts", "b-1 ends"]
    assert not (tmp_path / "a-1").exists()


def test_an_interrupt_ends_the_others(tmp_path):
    endless = """
try:
    (directory / "ready").touch()
    time.sleep(600)
finally:
    (directory / "tidied").touch()
"""
    quick = "wait_for(directory.with_name('b-1') / 'ready')"
    trainings = [pretend(tmp_path, "a-1", quick), pretend(tmp_path, "b-1", endless), pretend(tmp_path, "c-1")]

    def interrupt(training, ended):
        assert training.name == "a-1"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_all(trainings, tmp_path, jobs=2, on_end=interrupt)
    assert (tmp_path / "b-1" / "tidied").exists()
    assert not (tmp_path / "c-1").exists()


def test_states(config_file, tmp_path):
    root = tmp_path / "root"
    made = variants([str(config_file)], {"trainer.optimizer.lr": [0.1, 0.2]}, seeds=2)
    trainings = plan(made, root)
    assert {training.state for training in trainings} == {"new"}
    assert not root.exists()
    for training in trainings[1:]:
        training.directory.mkdir(parents=True)
    for training in trainings[2:]:
        overrides = training.command[training.command.index("-o") + 1]
        prepare(training.directory, Experiment(read_config(config_file, overrides)).config)
    finished(trainings[3].directory)
    again = plan(made, root, ["--debug"])
    assert [training.state for training in again] == ["new", "new", "to be resumed", "finished"]
    assert ["--recover" in training.command for training in again] == [False, False, True, False]
    assert again[2].directory == root / "config,lr=0.1-2"
    assert again[2].command[1:6] == ("-m", "causal_mtl", "train", str(config_file), "-s")
    assert again[2].command[-1] == "--debug"
    assert again[2].measures == ("entities/f1",)


def test_all_mistakes_at_once(config, config_file, tmp_path):
    wrong = tmp_path / "wrong.json"
    wrong.write_text(json.dumps({**config, "train_data_path": "nowhere.json"}))
    made = variants([str(config_file), str(wrong)], {"trainer.optimizer.lr": [0.1, "high"]}, seeds=2)
    with pytest.raises(ConfigurationError) as error:
        plan(made, tmp_path / "root")
    first, second, third = str(error.value).split("\nwrong")
    assert first.startswith("config,lr=high-1, config,lr=high-2:\n  trainer.optimizer.lr: expected float")
    assert second.startswith(",lr=0.1-1, wrong,lr=0.1-2:\n  train_data_path: there is no file 'nowhere.json'")
    assert third.startswith(",lr=high-1, wrong,lr=high-2:\n")
    assert "  trainer.optimizer.lr: expected float" in third
    assert "  train_data_path: there is no file" in third


def test_directories_of_something_else(config_file, trained, tmp_path):
    root = tmp_path / "root"
    made = variants([str(config_file)], {"model.tasks.1.weight": [1, 2, 3]})
    config = json.loads((trained / "config.json").read_text())
    for name, content in (("weight=1", json.dumps({**config, "random_seed": 1})), ("weight=2", '{"half')):
        directory = root / f"config,{name}-1"
        directory.mkdir(parents=True)
        (directory / "config.json").write_text(content)
    (root / "config,weight=3-1").mkdir()
    (root / "config,weight=3-1" / "thesis.tex").touch()
    before = sorted(root.rglob("*"))
    with pytest.raises(ConfigurationError) as error:
        plan(made, root)
    text = str(error.value)
    assert "config,weight=1-1 has another config: move it away" in text
    assert "    model.tasks[1].weight: '(absent)' there, 1 now\n" in text
    assert "    trainer.num_epochs: 8 there, 2 now\n" in text
    assert "random_seed" not in text
    assert "config,weight=2-1/config.json is not JSON" in text
    assert "config,weight=3-1 holds something that is no training" in text
    assert sorted(root.rglob("*")) == before
    with pytest.raises(ConfigurationError, match="is itself a training"):
        plan(made, Path(trained))


def test_a_score_that_is_no_number_is_left_out(tmp_path):
    (tmp_path / "metrics.json").write_text('{"validation_a/f1": null, "validation_b/f1": 0.5}')
    training = Training("a-1", tmp_path, tmp_path / "log", "finished", (), ("a/f1", "b/f1", "c/f1"))
    assert training.scores() == {"b/f1": 0.5}
