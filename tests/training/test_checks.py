import pytest

from causal_mtl.common import ConfigurationErrors, Params
from causal_mtl.training.checks import check, pretrained_files


def problems(config):
    with pytest.raises(ConfigurationErrors) as caught:
        check(Params(config))
    return str(caught.value).splitlines()


def test_a_good_config(config):
    plan, tasks = check(Params(config))
    assert plan.get("random_seed") == 13370
    assert [task.name for task in tasks] == ["entities", "relations"]


def test_all_problems_come_together(config):
    config["train_data_path"] = "nowhere.json"
    config["dataset_reader"]["token_indexers"]["extra"] = "single_id"
    config["model"]["embedder"]["word"] = {"type": "embedding", "embedding_dim": 0}
    config["model"]["tasks"][1] |= {"mentoins": "entities", "mentions": "entitis"}
    config["trainer"] |= {"num_epochs": "3", "validation_metric": "+relations/f1"}
    config["random_sed"] = 1
    found = problems(config)
    wanted = [
        "train_data_path: there is no file 'nowhere.json'",
        "dataset_reader.token_indexers.extra: model.embedder has no 'extra'",
        "model.embedder.word: dataset_reader.token_indexers has no 'word'",
        "model.embedder.word.embedding_dim: expected int >= 1",
        "model.tasks[1].mentoins: unknown key",
        "model.tasks[1].mentions: no task is called 'entitis'; did you mean 'entities'?",
        "trainer.num_epochs: expected int",
        'trainer.validation_metric: no metric is called "relations/f1". Did you mean "relations/exact_f1"?',
        "random_sed: unknown key for Settings; did you mean 'random_seed'?",
    ]
    for start in wanted:
        assert any(line.startswith(start) for line in found), f"{start} is not in {found}"
    assert len(found) == len(wanted)


def test_circles_and_repeated_names(config):
    first, second = config["model"]["tasks"]
    config["model"]["tasks"] = [{**first, "parents": ["relations"]}, second]
    assert "circle" in problems(config)[0]
    config["model"]["tasks"] = [first, first]
    assert problems(config) == ["model.tasks[1].name: another task is called 'entities' already"]
    config["model"]["tasks"] = []
    assert problems(config) == ["model: a model needs at least one task"]


@pytest.mark.parametrize("missing", ["dataset_reader", "train_data_path", "model", "trainer"])
def test_missing_keys(config, missing):
    del config[missing]
    assert any(line.startswith(f'{missing}: key "{missing}" is required') for line in problems(config))


def test_missing_tasks(config):
    del config["model"]["tasks"]
    assert any(line.startswith('model.tasks: key "tasks" is required') for line in problems(config))


@pytest.mark.parametrize(
    "metric", ["+relations/exact_f1", "-loss", "-relations/loss", ["+entities/f1", "-loss"]]
)
def test_metrics_that_there_are(config, metric):
    config["trainer"]["validation_metric"] = metric
    check(Params(config))


@pytest.mark.parametrize("metric", ["relations/exact_f1", "+", "+exact_f1", []])
def test_metrics_that_there_are_not(config, metric):
    config["trainer"]["validation_metric"] = metric
    (line,) = problems(config)
    assert line.startswith("trainer.validation_metric: ")


def test_what_needs_validation_data(config):
    del config["validation_data_path"]
    assert problems(config) == ["trainer.validation_metric: needs validation_data_path"]
    config["datasets_for_vocab_creation"] = ["train", "validation"]
    assert problems(config)[0] == "datasets_for_vocab_creation: 'validation' needs validation_data_path"


def test_test_data(config):
    config["evaluate_on_test"] = True
    assert problems(config) == ["evaluate_on_test: needs test_data_path"]


def test_pretrained_files(config):
    config["model"]["embedder"]["tokens"]["pretrained_file"] = "nowhere.txt"
    assert list(pretrained_files(config)) == [("model.embedder.tokens.pretrained_file", "nowhere.txt")]
    (line,) = problems(config)
    assert line.startswith("model.embedder.tokens.pretrained_file: there is no file 'nowhere.txt'")
    config["model"]["embedder"]["tokens"]["pretrained_file"] = "https://example.org/glove.txt"
    check(Params(config))  # URLs are not fetched here


def test_the_validation_reader_is_checked_too(config):
    config["validation_dataset_reader"] = {"type": "jsonl"}
    found = problems(config)
    assert found == [
        "model.embedder.characters: validation_dataset_reader.token_indexers has no 'characters' (there: tokens)"
    ]
