import io
import json
import shutil
import tarfile

import pytest
import torch

from causal_mtl.archive import load_archive, save_archive
from causal_mtl.common import ConfigurationError


@pytest.fixture
def unpacked(trained, tmp_path):
    with tarfile.open(trained / "model.tar.gz") as tar:
        tar.extractall(tmp_path / "unpacked", filter="data")
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
    assert names == {"manifest.json", "config.json", "vocabulary", "weights.safetensors", "run.json"}
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


FILES_PLUGIN = """
from causal_mtl.nn.token_embedders import Embedding, TokenEmbedder

@TokenEmbedder.register("with_file")
class WithFile(Embedding):
    def __init__(self, vocab, embedding_dim: int, archive_files, load_pretrained: bool = True):
        super().__init__(vocab, embedding_dim)
        if load_pretrained:
            archive_files.mkdir(exist_ok=True)
            (archive_files / "extra.txt").write_text("kept")
        self.extra = (archive_files / "extra.txt").read_text()
"""


def test_components_can_keep_files(config, tmp_path, monkeypatch):
    from causal_mtl import train

    monkeypatch.chdir(tmp_path)
    (tmp_path / "plugin_with_file.py").write_text(FILES_PLUGIN)
    config["model"]["embedder"]["tokens"]["type"] = "with_file"
    config["trainer"]["num_epochs"] = 1
    run = train(config, tmp_path / "run", include_package=["plugin_with_file"])
    shutil.rmtree(run.directory / "files")
    assert load_archive(run.archive).model.embedder.embedders["tokens"].extra == "kept"
