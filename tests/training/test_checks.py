import pytest
import torch

from causal_mtl.archive import MODEL_EXTRAS, load_archive
from causal_mtl.common import ConfigurationErrors, Params, resolve
from causal_mtl.common.text import join
from causal_mtl.models import Model
from causal_mtl.nn import precision
from causal_mtl.nn.architectures import FullyShared
from causal_mtl.training.checks import check
from causal_mtl.training.experiment import Experiment
from causal_mtl.training.train import train


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
        "dataset_reader.token_indexers.extra: there is no model.embedder.extra",
        "model.embedder.word: there is no dataset_reader.token_indexers.word",
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


def test_what_this_machine_lacks(config, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(precision, "computes_in_bf16", lambda device: False)
    no_bf16 = 'trainer.mixed_precision: this CPU cannot compute in "bf16"'
    no_fp16 = 'trainer.mixed_precision: "fp16" needs a CUDA device'
    no_cuda = "trainer.device: torch finds no CUDA device here"
    for settings, wanted in (
        ({"device": "auto", "mixed_precision": "bf16"}, [no_bf16]),
        ({"device": "cpu", "mixed_precision": "fp16", "num_epochs": -1}, ["trainer.num_epochs", no_fp16]),
        ({"device": "cuda"}, [no_cuda]),
        ({"device": "cuda", "mixed_precision": "fp16"}, [no_cuda, no_fp16]),
        (
            {"device": "gpu", "mixed_precision": ["bf16"]},
            ["trainer.mixed_precision: ex", "trainer.device: ex"],
        ),
    ):
        found = problems({**config, "trainer": {**config["trainer"], **settings}})
        assert len(found) == len(wanted)
        for start in wanted:
            assert any(line.startswith(start) for line in found), f"{start} is not in {found}"
    config["trainer"] |= {"device": "auto", "mixed_precision": "auto"}
    check(Params(config))


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


def reads(config):
    plan, _ = check(Params(config))
    return [(read.path, read.value) for read in plan.reads()]


def test_what_components_read(config, tmp_path):
    assert reads(config) == []
    path = tmp_path / "there.txt"
    path.write_text("a 1\n")
    config["model"]["embedder"]["tokens"]["pretrained_file"] = str(path)
    config["vocabulary"] = {"pretrained_files": {"tokens": str(path)}}
    config["validation_dataset_reader"] = {
        "type": "cail2018",
        "count_in": str(path),
        "token_indexers": config["dataset_reader"]["token_indexers"],
    }
    assert dict(reads(config)) == dict.fromkeys(
        [
            "model.embedder.tokens.pretrained_file",
            "vocabulary.pretrained_files.tokens",
            "validation_dataset_reader.count_in",
        ],
        str(path),
    )
    path.unlink()
    assert len(problems(config)) == 3


def test_pretrained_files(config):
    config["model"]["embedder"]["tokens"]["pretrained_file"] = "nowhere.txt"
    (line,) = problems(config)
    assert line.startswith("model.embedder.tokens.pretrained_file: there is no file 'nowhere.txt'")
    config["model"]["embedder"]["tokens"]["pretrained_file"] = "https://example.org/glove.txt"
    check(Params(config))  # URLs are not fetched here


def test_the_validation_reader_is_checked_too(config):
    config["validation_dataset_reader"] = {"type": "jsonl"}
    wanted = "validation_dataset_reader.token_indexers.characters"
    assert problems(config) == [f"model.embedder.characters: there is no {wanted} (there: tokens)"]


CMTL, PMEI = {"type": "cmtl"}, {"type": "pmei"}
TRANSFERS = {"label_transfer": "none"}


@pytest.mark.parametrize(
    ("model", "key"),
    [
        ({**CMTL, "kl_weight": 1e-3}, "kl_weight"),
        ({**CMTL, "kl_weight": 1e-3, "stochastic_map": "identity"}, "kl_weight"),
        ({**CMTL, "kl_weight": 1e-3, "stochastic_map": "gru"}, None),
        ({**CMTL, "kl_weight": None}, None),
        (
            {**CMTL, "stochastic_map": "gru", "label_sampler": {"type": "gold", "missing": "marginal"}},
            "label_sampler",
        ),
        (
            {
                **CMTL,
                "stochastic_map": "gru",
                "label_sampler": {
                    "type": "scheduled",
                    "gold_epochs": 1,
                    "then": {"type": "gold", "missing": "marginal"},
                },
            },
            "label_sampler",
        ),
        ({**CMTL, "stochastic_map": "gru", "label_sampler": "posterior"}, None),
        ({**CMTL, **TRANSFERS, "paths": "direct"}, "paths"),
        ({**CMTL, **TRANSFERS, "paths": "both"}, "paths"),
        ({**CMTL, **TRANSFERS, "label_sampler": "gold"}, "label_sampler"),
        ({**CMTL, **TRANSFERS, "label_sampler": None}, None),
        ({**CMTL, **TRANSFERS, "inference": "marginal"}, "inference"),
        ({**CMTL, "inference": {"type": "marginal", "budget": 8, "draws": 4, "seed": 3}}, None),
        ({**CMTL, "label_sampler": {"type": "gold", "missing": "drop", "budget": 8}}, "label_sampler.budget"),
        ({**CMTL, "label_sampler": {"type": "gold", "draws": 8}}, "label_sampler.draws"),
        ({**CMTL, "label_sampler": {"type": "gold", "missing": "marginal", "budget": 8}}, None),
        ({**CMTL, "architecture": "fully_shared", "paths": "indirect"}, "paths"),
        ({**CMTL, "architecture": "fully_shared", "paths": "direct"}, None),
        ({**PMEI, "interaction": "none", "alpha": 0.1}, "alpha"),
        ({**PMEI, "interaction": "none"}, None),
        ({**PMEI, "stochastic_map": "deterministic_gru", "beta": 0.1}, "beta"),
        ({**PMEI, "stochastic_map": "deterministic_gru", "beta": None}, None),
        ({**PMEI, "alpha": {"entities": 1}}, "alpha"),
        ({**PMEI, "beta": {"entities": 1, "relations": 0}}, None),
        ({"encoder": {"type": "bilstm", "hidden_size": 4, "dropout": 0.5}}, "encoder.dropout"),
        ({"encoder": {"type": "bilstm", "hidden_size": 4, "dropout": 0.5, "num_layers": 2}}, None),
    ],
)
def test_settings_without_effect(config, model, key):
    config["model"] |= model
    if key is None:
        check(Params(config))
    else:
        (line,) = problems(config)
        assert line.startswith(f"model.{key}: ")


def test_settings_without_effect_elsewhere(config):
    config["model"]["tasks"][1] |= {"output_bias": False, "prior_bias": True}
    config["model"]["embedder"]["tokens"]["max_pretrained_words"] = 10
    config["vocabulary"] = {"only_include_pretrained_words": True, "padding_token": "@@UNKNOWN@@"}
    assert [line.partition(": ")[0] for line in problems(config)] == [
        "model.embedder.tokens.max_pretrained_words",
        "model.tasks[1].prior_bias",
        "vocabulary.padding_token",
        "vocabulary.only_include_pretrained_words",
    ]


@pytest.mark.parametrize("architecture", ["fully_shared", {"type": "fully_shared"}])
def test_tasks_of_tokens_under_an_architecture_of_texts(config, monkeypatch, architecture):
    config["model"] |= {"type": "cmtl", "architecture": architecture, "kl_weigth": 1.0}
    monkeypatch.setattr(FullyShared, "level", "text")
    config["model"]["tasks"].append({"type": "single_label_classification", "name": "topic"})
    found = problems(config)
    assert any(line.startswith("model.kl_weigth: unknown key") for line in found)
    for number, name in enumerate(["entities", "relations"]):
        wanted = f"model.tasks[{number}].type: '{name}' labels tokens, but FullyShared has one"
        assert any(line.startswith(wanted) for line in found)
    assert not any("'topic'" in line for line in found)
    monkeypatch.setattr(FullyShared, "level", "tokens")
    assert len(problems(config)) == 1


def test_a_trained_model_with_such_settings_can_still_be_loaded(config):
    model = config["model"] | {**PMEI, "interaction": "none", "alpha": 0.1}
    resolve(Model, model, extras=MODEL_EXTRAS)


def test_a_vocabulary_that_counts_nothing(config):
    config["vocabulary"] = {"type": "from_files", "directory": "."}
    config["datasets_for_vocab_creation"] = ["train"]
    assert problems(config) == [
        "datasets_for_vocab_creation: has no effect, as this vocabulary counts nothing: leave it out"
    ]


def test_what_follows_the_validation_score(config):
    del config["validation_data_path"], config["trainer"]["validation_metric"]
    config["trainer"] |= {"patience": 2, "lr_scheduler": "reduce_on_plateau"}
    assert problems(config) == [
        "trainer.patience: needs validation_data_path",
        "trainer.lr_scheduler: ReduceLROnPlateau needs validation_data_path",
    ]


@pytest.mark.parametrize(("first", "epochs"), [(6, 5), (21, None)])
def test_no_epoch_to_choose_from(config, first, epochs):
    config["trainer"]["choose_from_epoch"] = first
    config["trainer"].pop("num_epochs", None)
    if epochs is not None:
        config["trainer"]["num_epochs"] = epochs
    assert problems(config) == [
        f"trainer.choose_from_epoch: no epoch can be chosen: training ends after epoch {epochs or 20}"
    ]


def test_choosing_an_epoch_needs_validation_data(config):
    del config["validation_data_path"], config["trainer"]["validation_metric"]
    config["trainer"]["choose_from_epoch"] = 2
    config["trainer"]["num_epochs"] = 3
    assert problems(config) == ["trainer.choose_from_epoch: needs validation_data_path"]


@pytest.mark.parametrize("path", ["", " ", "a\0b", "~nobody-of-this-name/x"])
def test_what_is_no_path(config, path):
    config["train_data_path"] = path
    (line,) = problems(config)
    assert line.startswith(("train_data_path: is ", "train_data_path: there is no file"))


@pytest.mark.parametrize("seed", [-1, 2**63, 2**64, 0.5, "1"])
def test_seeds(config, seed):
    config["random_seed"] = seed
    (line,) = problems(config)
    assert line.startswith("random_seed: expected int")


@pytest.mark.parametrize("name", ["", "a/b", "a\nb", " a", "x" * 300, "\ud800"])
def test_what_is_no_name(config, name):
    config["model"]["tasks"][0]["name"] = name
    config["model"]["tasks"][1] |= {"mentions": name}
    config["model"]["embedder"][name] = config["model"]["embedder"].pop("tokens")
    indexers = config["dataset_reader"]["token_indexers"]
    indexers[name] = indexers.pop("tokens")
    found = problems(config)
    for path in (
        "model.tasks[0].name",
        join("model.embedder", name),
        join("dataset_reader.token_indexers", name),
    ):
        assert any(line.startswith(f"{path}: expected str that is a name") for line in found), path


@pytest.mark.parametrize("name", ["type", "items", "a.b", "__class__", "training", "%items", "é"])
def test_odd_names_work(config, name, tmp_path):
    other = f"{name}2"
    config["dataset_reader"] |= {"mentions": name, "relations": other}
    for place in (config["dataset_reader"]["token_indexers"], config["model"]["embedder"]):
        place[name] = place.pop("tokens")
    config["model"] |= {
        **CMTL,
        "tasks": [
            {"type": "sequence_tagging", "name": name},
            {"type": "relation_extraction", "name": other, "mentions": name},
        ],
    }
    config["trainer"] |= {"validation_metric": f"+{other}/exact_f1", "num_epochs": 1}
    train(config, tmp_path / "run")
    assert {task.name for task in load_archive(tmp_path / "run").model.tasks} == {name, other}


def test_namespaces(config):
    config["dataset_reader"]["token_indexers"]["tokens"]["namespace"] = "word_labels"
    config["vocabulary"] = {"non_padded_namespaces": ["*_labels", "*characters"]}
    found = "\n".join(problems(config))
    assert "model.embedder.tokens.namespace: is 'tokens', but" in found
    assert (
        "dataset_reader.token_indexers.tokens.namespace: 'word_labels' would be a namespace of labels"
        in found
    )
    assert "dataset_reader.token_indexers.characters.namespace: 'token_characters' would be" in found
    config["vocabulary"] = {"non_padded_namespaces": ["entities_labels"]}
    assert any("lacks a pattern for 'relations_labels'" in line for line in problems(config))


def test_an_embedder_of_another_kind_than_its_indexer(config):
    config["model"]["embedder"]["tokens"] = {"type": "character_cnn", "namespace": "tokens"}
    (line,) = problems(config)
    assert line.startswith(
        "model.embedder.tokens: CharacterCNN cannot read what SingleIdIndexer yields, token_ids"
    )


def test_what_constructors_refuse_comes_with_the_rest(config):
    config["dataset_reader"]["relations"] = "entities"
    config["trainer"] |= {
        "parameter_groups": [{"regexes": ["("], "lr": 0.1}, {"regexes": [], "requires_grad": 1}]
    }
    assert [line.partition(": ")[0] for line in problems(config)] == [
        "trainer.parameter_groups[0].regexes",
        "trainer.parameter_groups[1].regexes",
        "trainer.parameter_groups[1].requires_grad",
    ]
    config["trainer"]["parameter_groups"] = []
    config["dataset_reader"]["relations"] = "entities"
    config["trainer"]["optimizer"] = {"lr": -1}
    assert [line.partition(": ")[0] for line in problems(config)] == [
        "trainer.optimizer.lr",
        "dataset_reader",
    ]


def test_the_dry_run_makes_what_a_training_makes(config):
    config["trainer"]["parameter_groups"] = [{"regexes": ["heads", "encodr"], "lr": 0.1}]
    with pytest.raises(
        ConfigurationErrors, match=r"^trainer\.parameter_groups\[0\]\.regexes\[1\]: \"encodr\" matches no"
    ):
        Experiment(Params(config)).dry_run()


def test_a_directory_in_place_of_data(config, tmp_path):
    config["validation_data_path"] = str(tmp_path)
    with pytest.raises(ConfigurationErrors, match=r"^validation_data_path: .*Is a directory"):
        Experiment(Params(config)).dry_run()


@pytest.mark.parametrize("language", ["xq", "", "__pycache__", "a.b"])
def test_languages_that_there_are_not(config, language):
    config["dataset_reader"]["tokenizer"] = {"type": "spacy", "language": language}
    (line,) = problems(config)
    assert line.startswith(f"dataset_reader.tokenizer: language: spaCy has no {language!r}")


@pytest.mark.parametrize("value", [1, -0.5, True, {}, "train", [{}]])
@pytest.mark.parametrize(
    "key", ["datasets_for_vocab_creation", "evaluate_on_test", "vocabulary", "trainer", "model"]
)
def test_no_check_stumbles_over_another_type(config, key, value):
    config[key] = value
    legal = [("vocabulary", {}), ("evaluate_on_test", True), ("trainer", {})]
    if (key, value) not in legal:
        assert any(line.startswith(key) for line in problems(config))
