"""Batches with features in place of pieces: the same vectors, whatever became of the files meanwhile."""

import json
import logging
import multiprocessing

import pytest
import torch

from causal_mtl.training.frozen_cache import compute, features, use_cache
from causal_mtl.training.frozen_cache.files import entries

CPU = torch.device("cpu")


def embedded(embedder, loader, indices=range(6)):
    batch = loader.batch(list(indices))
    with torch.no_grad():
        return embedder(batch.inputs, batch.mask)[batch.mask]


def cached(embedder, loader, directory, make=True):
    use_cache(embedder, [("data.json", loader)], CPU, directory=directory, make=make)
    return loader


def tables(directory):
    return {entry.key: entry.table.stat().st_ino for entry in entries(directory)}


@pytest.mark.parametrize("layers", [[-1], "all"])
@pytest.mark.parametrize("pooling", ["first", "mean"])
def test_vectors_are_the_same_but_for_half_precision(make_loader, make_embedder, tmp_path, layers, pooling):
    embedder, loader = make_embedder(layers=layers, pooling=pooling), make_loader(max_length=9)
    with torch.no_grad():
        embedder.embedders["bert"].dropped += 1  # what is trained stays outside
    before = embedded(embedder, loader)
    cached(embedder, loader, tmp_path)
    assert set(loader.batch([0]).inputs["bert"]) == {"features", "dropped"}
    assert loader.batch([0]).inputs["bert"]["features"].dtype == torch.float16
    assert torch.allclose(embedded(embedder, loader), before, atol=2**-9)  # of up to 4
    for index in range(6):
        alone = embedded(embedder, loader, [index])
        assert torch.allclose(alone, embedded(embedder, loader, [index, 2])[: len(alone)])


def test_the_transformer_is_asked_no_more(make_loader, make_embedder, tmp_path, monkeypatch):
    embedder = make_embedder()
    loader = cached(embedder, make_loader(), tmp_path)
    monkeypatch.setattr(embedder.embedders["bert"], "_run", lambda *args: pytest.fail("asked"))
    embedded(embedder, loader)
    cached(embedder, make_loader(), tmp_path)


def test_later_runs_read_the_same_bits(make_loader, make_embedder, tmp_path):
    first = embedded(embedder := make_embedder(), cached(embedder, make_loader(), tmp_path))
    before = tables(tmp_path)
    again = embedded(embedder := make_embedder(), cached(embedder, make_loader(), tmp_path))
    assert torch.equal(first, again)
    assert tables(tmp_path) == before


def test_the_key_says_what_features_depend_on(make_loader, make_embedder, new_tiny_transformer, tmp_path):
    directory = tmp_path / "features"
    other = new_tiny_transformer(tmp_path / "other", initializer_range=0.2)
    changed = [
        ({}, {}),
        ({"layers": [1]}, {}),
        ({"pooling": "mean"}, {}),
        ({"folder": other}, {}),
        ({}, {"max_length": 9}),
        ({}, {"max_length": 9, "overlap": 3}),
        ({}, {"sentences": ["Ann was born", "in Rome"]}),
        ({}, {"sentences": ["in Rome", "Ann was born"]}),
        ({}, {"sentences": ["in", "Rome Ann was born"]}),
    ]
    for number, (of_embedder, of_loader) in enumerate(changed):
        cached(make_embedder(**of_embedder), make_loader(**of_loader), directory)
        assert len(tables(directory)) == number + 1
    for of_embedder in ({"dropout": 0.5}, {"cache": True}):
        cached(make_embedder(**of_embedder), make_loader(), directory)
    assert len(tables(directory)) == len(changed)


def test_library_versions_are_part_of_the_key(make_loader, make_embedder, tmp_path, monkeypatch):
    cached(make_embedder(), make_loader(), tmp_path)
    monkeypatch.setattr("causal_mtl.nn.token_embedders.pretrained_transformer.version", lambda name: "9")
    cached(make_embedder(), make_loader(), tmp_path)
    assert len(tables(tmp_path)) == 2


@pytest.mark.parametrize("options", [{"cache": False}, {"trainable": True}])
def test_nothing_is_kept_of_a_tuned_transformer_or_without_leave(
    make_loader, make_embedder, tmp_path, options
):
    loader = cached(make_embedder(**options), make_loader(), tmp_path / "features")
    assert "piece_ids" in loader.batch([0]).inputs["bert"]
    assert not (tmp_path / "features").exists()


def test_reading_only_makes_nothing(make_loader, make_embedder, tmp_path):
    loader = cached(make_embedder(), make_loader(), tmp_path / "features", make=False)
    assert "piece_ids" in loader.batch([0]).inputs["bert"]
    assert not (tmp_path / "features").exists()
    cached(make_embedder(), make_loader(), tmp_path / "features")
    loader = cached(make_embedder(), make_loader(), tmp_path / "features", make=False)
    assert "features" in loader.batch([0]).inputs["bert"]


@pytest.mark.parametrize("damage", [lambda content: content[:-9], lambda content: content[:-9] + b"no" * 9])
def test_a_damaged_file_is_made_anew(make_loader, make_embedder, tmp_path, caplog, damage):
    caplog.set_level(logging.WARNING)
    before = embedded(embedder := make_embedder(), cached(embedder, make_loader(), tmp_path))
    (entry,) = entries(tmp_path)
    content = entry.table.read_bytes()
    entry.table.write_bytes(damage(content))
    after = embedded(embedder := make_embedder(), cached(embedder, make_loader(), tmp_path))
    assert caplog.text.count("are damaged (it has") == 1
    assert torch.equal(before, after)
    assert entry.table.read_bytes() == content


def test_a_disk_that_is_full_costs_the_cache_only(make_loader, make_embedder, tmp_path, caplog, monkeypatch):
    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("causal_mtl.training.frozen_cache.table._reserve", full)
    embedder, loader = make_embedder(), make_loader()
    before = embedded(embedder, loader)
    cached(embedder, loader, tmp_path / "features")
    assert torch.equal(embedded(embedder, loader), before)
    (line,) = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert "No space left on device" in line
    assert ".npy" in line
    assert "CAUSAL_MTL_CACHE" in line
    assert not list((tmp_path / "features").iterdir())


def test_a_directory_that_is_a_file_costs_the_cache_only(make_loader, make_embedder, tmp_path, caplog):
    (tmp_path / "features").write_text("")
    loader = cached(make_embedder(), make_loader(), tmp_path / "features")
    assert "piece_ids" in loader.batch([0]).inputs["bert"]
    assert "cannot be kept" in caplog.text


def test_features_too_large_for_half_precision_are_not_kept(make_loader, make_embedder, tmp_path, caplog):
    embedder, loader = make_embedder(), make_loader()
    with torch.no_grad():
        for name, weight in embedder.embedders["bert"]._frozen.module.named_parameters():
            if name.endswith("output.LayerNorm.bias"):
                weight.fill_(70_000)
    before = embedded(embedder, loader)
    cached(embedder, loader, tmp_path / "features")
    assert torch.equal(embedded(embedder, loader), before)
    assert "too large for half precision" in caplog.text
    assert not list((tmp_path / "features").iterdir())


def test_a_user_without_home_goes_without(make_loader, make_embedder, caplog, monkeypatch):
    monkeypatch.delenv("CAUSAL_MTL_CACHE")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr("os.path.expanduser", lambda path: path)
    loader = make_loader()
    use_cache(make_embedder(), [("data.json", loader)], CPU)
    assert "piece_ids" in loader.batch([0]).inputs["bert"]
    assert "no home directory" in caplog.text


def test_random_numbers_are_left_alone(make_loader, make_embedder, tmp_path):
    embedder = make_embedder(dropout=0.5).train()
    before = torch.get_rng_state()
    cached(embedder, make_loader(), tmp_path)
    assert torch.equal(torch.get_rng_state(), before)


def test_the_note_names_model_and_data(make_loader, make_embedder, tmp_path, tiny_transformer):
    for path in ("b.json", "a.json", "b.json"):
        use_cache(make_embedder(), [(path, make_loader())], CPU, directory=tmp_path)
    (entry,) = entries(tmp_path)
    note = json.loads(entry.note.read_text())
    assert note["model"] == str(tiny_transformer)
    assert note["data"] == ["b.json", "a.json"]
    assert note["sentences"] == 6
    assert note["shape"] == [15, 1, 16]
    assert note["made"]["device"] == "cpu"


def test_an_empty_loader_needs_none(make_loader, make_embedder, tmp_path):
    cached(make_embedder(), make_loader([]), tmp_path)
    assert not tables(tmp_path)


def _use(directory, embedder, loader, computing, results):
    computed = compute.computed

    def counted(*args):
        with computing:
            computing.value += 1
        return computed(*args)

    features.computed = counted
    torch.set_num_threads(1)
    results.put(embedded(embedder, cached(embedder, loader, directory)).numpy())


def test_of_several_processes_one_computes(make_loader, make_embedder, tmp_path):
    context = multiprocessing.get_context("fork")
    computing, results = context.Value("i", 0), context.Queue()
    arguments = (tmp_path / "features", make_embedder(), make_loader(), computing, results)
    workers = [context.Process(target=_use, args=arguments) for _ in range(3)]
    for worker in workers:
        worker.start()
    one, *others = [results.get(timeout=120) for _ in workers]
    for worker in workers:
        worker.join()
    assert computing.value == 1
    assert all((one == other).all() for other in others)
    assert {path.suffix for path in (tmp_path / "features").iterdir()} == {".npy", ".json"}
