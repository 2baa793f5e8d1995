import errno
import gc
import gzip
import io
import json
import os
import re
import shutil
import tarfile
import tempfile
from pathlib import Path

import pytest
import torch

from causal_mtl.archive import copy_archive, load_archive, save_archive, write_archive
from causal_mtl.common import ConfigurationError, Params
from causal_mtl.common.registry import REGISTRY

ROOT = Path(__file__).parents[2]
SEED = 'std.parseInt(std.extVar("CMTL_SEED"))'


@pytest.fixture
def unpacked(trained, tmp_path, unpack):
    unpack(trained / "model.tar.gz", tmp_path / "unpacked")
    return tmp_path / "unpacked"


def by_hand(unpacked, name=None, content=None):
    """Change a file of an unpacked archive, and remove the manifest as one is told to then."""
    (unpacked / "manifest.json").unlink()
    if name is not None:
        (unpacked / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return unpacked


def repack(unpacked, path):
    with tarfile.open(path, "w:gz") as tar:
        for item in unpacked.iterdir():
            tar.add(item, item.name)
    return path


def test_what_is_in_it(trained):
    with tarfile.open(trained / "model.tar.gz") as tar:
        names = {name.split("/")[0] for name in tar.getnames()}
    json_files = {"manifest.json", "config.json", "run.json", "combinations.json"}
    assert names == {*json_files, "vocabulary", "weights.safetensors"}
    assert not [path.name for path in trained.iterdir() if path.name.startswith(".")]


def test_archive_directory_and_unpacked_archive_are_the_same_model(trained, unpacked):
    models = [load_archive(path).model for path in (trained / "model.tar.gz", trained, unpacked)]
    for model in models:
        assert not model.training
    first, *others = (dict(model.state_dict()) for model in models)
    for other in others:
        assert first.keys() == other.keys()
        assert all(torch.equal(first[name], other[name]) for name in first)


def test_saved_again_it_is_the_same(trained, unpacked):
    archive = load_archive(trained)
    again = load_archive(save_archive(unpacked, archive.model))
    weights = again.model.state_dict()
    assert all(torch.equal(weights[name], value) for name, value in archive.model.state_dict().items())
    assert again.vocab == archive.vocab


def test_overrides_and_reader(trained):
    archive = load_archive(trained, {"dataset_reader.max_instances": 3})
    assert archive.reader.max_instances == 3
    archive = load_archive(trained, '{"validation_dataset_reader": {"type": "jsonl"}}')
    assert type(archive.reader).__name__ == "JsonlReader"


def test_pretrained_vectors_are_not_opened(config, tmp_path):
    from causal_mtl import train

    vectors = tmp_path / "glove.txt"
    vectors.write_text("born " + "0.5 " * 19 + "0.5\nneverseen " + "0.25 " * 19 + "0.25\n")
    config["model"]["embedder"]["tokens"]["pretrained_file"] = str(vectors)
    config["trainer"]["num_epochs"] = 1
    run = train(config, tmp_path / "run")
    note = json.loads((run.directory / "run.json").read_text())
    assert str(vectors) in note["data_sha256"]
    vectors.unlink()
    archive = load_archive(run.archive)
    unseen = archive.vocab.get_token_index("neverseen")
    ids = torch.tensor([[unseen]])
    embedder = archive.model.embedder.embedders["tokens"]
    assert torch.equal(embedder(torch.ones(1, 1, dtype=torch.bool), ids), torch.full((1, 1, 20), 0.25))


@pytest.mark.parametrize("content", [b"", b"no archive", b"\x1f\x8b\x08\x00garbage"])
def test_not_an_archive(content, tmp_path):
    path = tmp_path / "model.tar.gz"
    path.write_bytes(content)
    with pytest.raises(ConfigurationError, match="not a model archive"):
        load_archive(path)


def test_a_tar_of_something_else(tmp_path):
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "notes.txt").write_text("hello")
    with pytest.raises(
        ConfigurationError, match=r"not a model archive: no member of one is called 'notes.txt'"
    ):
        load_archive(repack(tmp_path / "x", tmp_path / "other.tar.gz"))


def test_half_an_archive(trained, tmp_path):
    whole = (trained / "model.tar.gz").read_bytes()
    (tmp_path / "half.tar.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ConfigurationError, match="not a model archive"):
        load_archive(tmp_path / "half.tar.gz")


def test_a_directory_without_a_model(tmp_path):
    with pytest.raises(ConfigurationError, match="--recover"):
        load_archive(tmp_path)
    with pytest.raises(ConfigurationError, match="no such file"):
        load_archive(tmp_path / "nowhere")


def test_weights_that_do_not_fit_are_named(unpacked):
    config = json.loads((unpacked / "config.json").read_text())
    config["model"]["encoder"]["hidden_size"] = 21
    with pytest.raises(ConfigurationError, match=r"do not fit.*encoder\.forwards.*asks for 84 x 30") as error:
        load_archive(by_hand(unpacked, "config.json", json.dumps(config)))
    assert "\n" not in str(error.value)


def test_damaged_weights(unpacked):
    with pytest.raises(ConfigurationError, match=r"weights\.safetensors: damaged"):
        load_archive(by_hand(unpacked, "weights.safetensors", b"\0" * 100))


def test_a_file_that_climbs_out_is_refused(trained, tmp_path):
    path = tmp_path / "evil.tar.gz"
    with tarfile.open(path, "w:gz") as tar:
        member = tarfile.TarInfo("../evil.txt")
        member.size = 4
        tar.addfile(member, io.BytesIO(b"evil"))
    with pytest.raises(ConfigurationError, match="not a model archive"):
        load_archive(path)
    assert not list(tmp_path.parent.rglob("evil.txt"))


def test_cuda_that_is_not_there(trained, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ConfigurationError, match="no CUDA device"):
        load_archive(trained, device="cuda")


def test_an_unregistered_component(unpacked):
    config = json.loads((unpacked / "config.json").read_text())
    config["model"]["encoder"]["type"] = "my_encoder"
    by_hand(unpacked, "config.json", json.dumps(config))
    with pytest.raises(ConfigurationError, match=r"model\.encoder\.type: 'my_encoder'.*--include-package"):
        load_archive(unpacked)


@pytest.fixture
def plugin(tmp_path, monkeypatch):
    """Writes a plugin module, of another name in each test; returns the name. What it registers is forgotten."""
    monkeypatch.chdir(tmp_path)
    name = f"plugin_of_{tmp_path.name}"

    def write(code):
        (tmp_path / f"{name}.py").write_text(code)
        return name

    yield write
    for entries in REGISTRY.values():
        for registered in [key for key, entry in entries.items() if entry.cls.__module__ == name]:
            del entries[registered]


EMBEDDER = """
from causal_mtl.nn.token_embedders import Embedding, TokenEmbedder

@TokenEmbedder.register("with_file", exist_ok=True)
class WithFile(Embedding):
    def __init__(self, vocab, embedding_dim: int, archive_files, load_pretrained: bool = True):
        super().__init__(vocab, embedding_dim)
        if load_pretrained:
            (archive_files / "extra.txt").write_text("kept")
        self.extra = (archive_files / "extra.txt").read_text()
"""


def test_parts_of_a_model_can_keep_files(config, tmp_path, plugin):
    from causal_mtl import train

    config["model"]["embedder"]["tokens"]["type"] = "with_file"
    config["trainer"]["num_epochs"] = 1
    run = train(config, tmp_path / "run", include_package=[plugin(EMBEDDER)])
    assert (run.directory / "files/model.embedder.tokens/extra.txt").is_file()
    shutil.rmtree(run.directory / "files")
    assert load_archive(run.archive).model.embedder.embedders["tokens"].extra == "kept"


READERS = """
from pathlib import Path
from causal_mtl.data.dataset_readers import DatasetReader, TriplesReader
from causal_mtl.data.tokenizers import Tokenizer, WhitespaceTokenizer

class Keeps:
    def keep(self, word_list, archive_files, load_pretrained):
        copy = archive_files / "words.txt"
        if load_pretrained:
            copy.write_text(Path(word_list).read_text())
        self.words = copy.read_text().split()

@DatasetReader.register("keeps", exist_ok=True)
class Reader(Keeps, TriplesReader):
    def __init__(self, word_list: str, archive_files: Path, load_pretrained: bool = True, **kwargs):
        TriplesReader.__init__(self, **kwargs)
        self.keep(word_list, archive_files, load_pretrained)

@Tokenizer.register("keeps", exist_ok=True)
class Split(Keeps, WhitespaceTokenizer):
    def __init__(self, word_list: str, archive_files: Path, load_pretrained: bool = True):
        self.keep(word_list, archive_files, load_pretrained)
"""


def test_readers_tokenizers_and_indexers_can_keep_files(config, tmp_path, plugin):
    """Each in a folder of its own; the indexer is the one of docs/plugin.md."""
    from causal_mtl import load, train

    indexer = re.findall(r"```python\n(.*?)```", (ROOT / "docs/plugin.md").read_text(), flags=re.DOTALL)[-1]
    for name, words in (("reader", "a b"), ("tokenizer", "c"), ("indexer", "in is was born of the lives")):
        (tmp_path / f"{name}.txt").write_text(words)
    reader = config["dataset_reader"]
    reader |= {"type": "keeps", "word_list": "reader.txt"}
    reader["tokenizer"] = {"type": "keeps", "word_list": "tokenizer.txt"}
    reader["token_indexers"]["tokens"] = {"type": "listed", "word_list": "indexer.txt"}
    config["trainer"]["num_epochs"] = 1
    module = plugin(READERS + indexer.replace('"listed"', '"listed", exist_ok=True'))
    run = train(config, tmp_path / "run", include_package=[module])
    shutil.rmtree(run.directory / "files")
    for file in tmp_path.glob("*.txt"):
        file.unlink()
    loaded = load(run.archive)
    reader = loaded.archive.reader
    assert reader.words == ["a", "b"]
    assert reader.tokenizer.words == ["c"]
    assert "born" in reader.token_indexers["tokens"].words
    assert loaded.archive.vocab.get_vocab_size("tokens") <= 2 + 7
    assert loaded.predict("Ann was born in Rome")["tokens"] == ["Ann", "was", "born", "in", "Rome"]
    copy_archive(
        run.archive, tmp_path / "copy.tar.gz", loaded.archive.config.as_dict(quiet=True), {"note": 1}
    )
    assert load(tmp_path / "copy.tar.gz").archive.reader.words == ["a", "b"]


def test_a_dry_run_needs_the_files_and_keeps_nothing(config, tmp_path, plugin, monkeypatch):
    from causal_mtl.common import import_package
    from causal_mtl.training.experiment import Experiment

    (tmp_path / "words.txt").write_text("a b")
    import_package(plugin(READERS))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    config["dataset_reader"] |= {"type": "keeps", "word_list": "words.txt"}
    experiment = Experiment(Params(config))
    assert experiment.settings.dataset_reader.words == ["a", "b"]
    assert list((tmp_path / "tmp").rglob("words.txt"))
    del experiment
    gc.collect()
    assert not list((tmp_path / "tmp").iterdir())


def test_equal_trainings_make_equal_archives(unpacked, trained, tmp_path):
    model = load_archive(trained).model
    first = save_archive(unpacked, model).read_bytes()[10:]  # behind gzip's header with the time
    (unpacked / "run.json").touch()
    assert save_archive(unpacked, model).read_bytes()[10:] == first


def test_what_a_killed_packing_left_is_removed(unpacked, trained):
    (unpacked / ".packing_x").mkdir()
    (unpacked / ".packing_x/weights.safetensors").write_text("half")
    (unpacked / ".unfinished_model.tar.gz").write_text("half")
    save_archive(unpacked, load_archive(trained).model)
    assert not [path for path in unpacked.iterdir() if path.name.startswith(".")]


def test_a_packing_that_fails_leaves_the_archive_that_was_there(unpacked, trained, monkeypatch):
    model = load_archive(trained).model
    before = save_archive(unpacked, model).read_bytes()

    def full(*_):
        raise OSError("no space left")

    monkeypatch.setattr(tarfile.TarFile, "addfile", full)
    with pytest.raises(OSError, match="no space"):
        save_archive(unpacked, model)
    assert (unpacked / "model.tar.gz").read_bytes() == before
    assert not [path for path in unpacked.iterdir() if path.name.startswith(".")]


def test_weights_that_are_not_finite_are_not_packed(unpacked, trained):
    model = load_archive(trained).model
    with torch.no_grad():
        model.heads["entities"].layer.bias[0] = float("nan")
    with pytest.raises(ConfigurationError, match=r"not finite: heads\.entities\.layer\.bias"):
        save_archive(unpacked, model)


def test_a_component_that_cannot_be_built_without_memory(config, tmp_path, plugin):
    """Such as one that computes with numbers while it is constructed."""
    from causal_mtl import train

    code = """
import torch
from causal_mtl.nn.encoders import BiLSTM, Encoder
@Encoder.register("computes", exist_ok=True)
class Computes(BiLSTM):
    def __init__(self, input_size: int, hidden_size: int = 8):
        super().__init__(input_size, hidden_size)
        self.scale = torch.ones(3).sum().item()
"""
    config["model"]["encoder"] = {"type": "computes"}
    config["trainer"]["num_epochs"] = 1
    run = train(config, tmp_path / "run", include_package=[plugin(code)])
    assert load_archive(run.archive).model.encoder.scale == 3.0


def test_what_of_the_environment_a_config_read(config, tmp_path, monkeypatch):
    from causal_mtl import train

    monkeypatch.setenv("CMTL_SEED", "17")
    monkeypatch.setenv("CMTL_SECRET", "s3cr3t")
    (tmp_path / "config.jsonnet").write_text(json.dumps(config)[:-1] + ', "random_seed": ' + SEED + "}")
    run = train(tmp_path / "config.jsonnet", tmp_path / "run", overrides='{"trainer.num_epochs": 0}')
    note = (run.directory / "run.json").read_text()
    assert json.loads(note)["environment_variables"] == ["CMTL_SEED"]
    assert "s3cr3t" not in note
    assert load_archive(run.archive).config["random_seed"] == 17


def test_the_file_of_an_archive_and_of_an_unpacked_one(trained, unpacked, tmp_path):
    for source in (trained, trained / "model.tar.gz"):
        write_archive(source, tmp_path / "copy.tar.gz")
        assert (tmp_path / "copy.tar.gz").read_bytes() == (trained / "model.tar.gz").read_bytes()
    write_archive(unpacked, tmp_path / "packed.tar.gz")
    again = load_archive(tmp_path / "packed.tar.gz").model.state_dict()
    assert all(
        torch.equal(value, again[name]) for name, value in load_archive(trained).model.state_dict().items()
    )


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_not_called_a_damaged_archive(trained, monkeypatch):
    def full(path, mode="r", *args, **kwargs):
        return opened(Path("/dev/full"), "wb") if mode == "xb" else opened(path, mode, *args, **kwargs)

    opened = Path.open
    monkeypatch.setattr(Path, "open", full)
    with pytest.raises(OSError, match=r"No space left on device: '.*causal_mtl_") as raised:
        load_archive(trained / "model.tar.gz")
    assert raised.value.errno == errno.ENOSPC


def test_a_disk_that_cannot_read_the_archive_is_the_archive_s(trained, monkeypatch):
    def failing(stream, size=-1):
        if stream.tell() > 1000:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return read(stream, size)

    read = gzip.GzipFile.read
    monkeypatch.setattr(gzip.GzipFile, "read", failing)
    with pytest.raises(ConfigurationError, match=r"model\.tar\.gz: .*Input/output error"):
        load_archive(trained / "model.tar.gz")
