import json
import shutil
import tarfile

import pytest
import torch

from causal_mtl import load, train
from causal_mtl.archive import load_archive
from causal_mtl.common import ConfigurationError

STOP = {"trainer.num_epochs": 0}


def start(config, directory, archive, overrides=None, **changes):
    model = {"type": "from_archive", "archive_file": str(archive), "overrides": overrides or {}}
    return train({**config, **changes, "model": model}, directory, overrides=STOP)


def log(run):
    lines = (run.directory / "train.log").read_text().splitlines()
    return next(line for line in lines if "initial weights" in line)


def records(path, *annotated):
    """A file of texts with their annotations."""
    lines = [json.dumps({"text": text, "annotations": annotations}) + "\n" for text, annotations in annotated]
    path.write_text("".join(lines))
    return path


def mentions(path, text, **labels):
    """A file of one text with labelled words."""
    spans = [
        {"start": text.index(word), "end": text.index(word) + len(word), "label": label}
        for word, label in labels.items()
    ]
    return records(path, (text, {"entities": {"spans": spans}}))


def tagging(config, data, **task):
    """A config that only tags, in `data`."""
    model = {**config["model"], "tasks": [{"type": "sequence_tagging", "name": "entities", **task}]}
    model["embedder"] = {"tokens": {"type": "embedding", "embedding_dim": 20}}
    reader = {"type": "jsonl", "tokenizer": "whitespace"}
    paths = {"train_data_path": str(data), "validation_data_path": str(data)}
    return {**config, **paths, "model": model, "dataset_reader": reader}


def test_the_same_data_gives_the_same_model(config, trained, tmp_path):
    run = start(config, tmp_path / "run", trained)
    old, new = load_archive(trained).model.state_dict(), load_archive(run.archive).model.state_dict()
    for name, tensor in new.items():
        assert torch.equal(tensor, old[name]), name
    assert run.metrics["validation_entities/f1"] > 0.5
    assert "started anew" not in log(run)
    assert "not used" not in log(run)


def test_what_was_trained_loads_without_the_other_archive(config, trained, tmp_path):
    first = tmp_path / "first"
    shutil.copytree(trained, first)
    run = start(config, tmp_path / "run", first / "model.tar.gz", {"tasks.0.scheme": "BIOES"})
    shutil.rmtree(first)
    assert load(run.archive).predict("Ann lives in Rome.")["annotations"].keys() == {"entities", "relations"}
    written = json.loads((run.directory / "config.json").read_text())
    assert written["model"]["type"] == "mtl"
    assert written["model"]["tasks"][0]["scheme"] == "BIOES"


def test_new_words_and_labels_extend_what_is_known(config, trained, tmp_path):
    data = tmp_path / "new.json"
    record = {"text": "Zork likes Blip .", "triple_list": [["Zork", "likes", "Blip"]]}
    data.write_text(json.dumps([record]))
    run = start(config, tmp_path / "run", trained, train_data_path=str(data))
    old, new = load_archive(trained), load_archive(run.archive)
    for namespace in ("tokens", "relations_labels"):
        before = old.vocab.get_index_to_token_vocabulary(namespace)
        after = new.vocab.get_index_to_token_vocabulary(namespace)
        assert before.items() < after.items()
    name = "heads.relations.scorer.output.weight"
    before, after = old.model.state_dict()[name], new.model.state_dict()[name]
    assert len(after) == len(before) + 1
    assert torch.equal(after[: len(before)], before)
    line = log(run)
    assert "extended for new words or labels" in line
    assert name in line


def test_old_words_and_tags_keep_their_rows(config, tmp_path):
    data = mentions(tmp_path / "a.jsonl", "Ann loves Rome .", Ann="per", Rome="loc")
    first = train(tagging(config, data), tmp_path / "a", overrides=STOP)
    data = mentions(tmp_path / "b.jsonl", "Ann joined Acme .", Ann="per", Acme="org")
    run = start(tagging(config, data), tmp_path / "b", first.archive, {"tasks.0.weight": 2})
    old, new = (load_archive(one.archive).model for one in (first, run))
    assert new.heads["entities"].tags == [*old.heads["entities"].tags, "B-org", "I-org", "E-org", "S-org"]
    before, after = old.state_dict(), new.state_dict()
    for name in ("heads.entities.layer.weight", "embedder.embedders.tokens.weight"):
        assert len(after[name]) > len(before[name])
        assert torch.equal(after[name][: len(before[name])], before[name])
        assert name in log(run).split("extended for new words or labels: ")[1]
    assert "started anew" not in log(run)


def test_tags_of_another_scheme_start_anew(config, tmp_path):
    data = mentions(tmp_path / "data.jsonl", "Ann loves Rome .", Ann="per", Rome="loc")
    first = train(tagging(config, data, scheme="BIO"), tmp_path / "BIO")
    second = start(tagging(config, data), tmp_path / "BIOES", first.archive, {"tasks.0.scheme": "BIOES"})
    third = start(tagging(config, data), tmp_path / "BIOUL", second.archive, {"tasks.0.scheme": "BIOUL"})
    assert "2 started anew: heads.entities.layer.weight, heads.entities.layer.bias" in log(second)
    assert "anew" not in log(third)  # its tags mean the same
    bio, bioes, bioul = (
        load_archive(run.archive).model.heads["entities"].layer.weight for run in (first, second, third)
    )
    assert not any(torch.equal(new, old) for new in bioes for old in bio)
    assert torch.equal(bioul, bioes)


def test_as_many_tags_of_another_scheme_start_anew(config, tmp_path):
    text = "Ann loves Rome ."
    data = mentions(tmp_path / "a.jsonl", text, Ann="per")
    first = train(tagging(config, data, scheme="BIOES"), tmp_path / "a", overrides=STOP)
    data = mentions(tmp_path / "b.jsonl", text, Ann="per", Rome="loc")
    run = start(tagging(config, data), tmp_path / "b", first.archive, {"tasks.0.scheme": "BIO"})
    assert {len(load_archive(one.archive).model.heads["entities"].tags) for one in (first, run)} == {5}
    assert "2 started anew: heads.entities.layer.weight, heads.entities.layer.bias" in log(run)


def test_a_larger_layer_starts_anew_as_a_whole(config, trained, tmp_path):
    run = start(config, tmp_path / "run", trained, {"encoder.hidden_size": 30, "tasks.1.hidden_size": 50})
    anew = log(run).split("started anew: ")[1].split(";")[0]
    for name in ("weight_ih_l0", "bias_ih_l0", "bias_hh_l0"):
        assert f"encoder.forwards.0.{name}" in anew
    assert "heads.relations.scorer.heads.weight" in anew
    assert "extended" not in log(run)


def test_mpbfn_keeps_the_rows_of_its_labels(labels_config, tmp_path):
    def config(name, *labels):
        texts = [(f"{x} {y}", {"x": {"labels": [x]}, "y": {"labels": [y]}}) for x, y in labels]
        path = records(tmp_path / name, *texts)
        kind = "single_label_classification"
        tasks = [{"type": kind, "name": "x", "parents": []}, {"type": kind, "name": "y", "parents": ["x"]}]
        whole = labels_config({"type": "jsonl"}, path, path, tasks)
        model = {key: value for key, value in whole["model"].items() if not key.startswith("label_")}
        return {**whole, "model": {**model, "type": "mpbfn"}}

    first = train(config("a.jsonl", ("a", "b"), ("c", "d")), tmp_path / "a", overrides=STOP)
    run = start(config("b.jsonl", ("e", "b")), tmp_path / "b", first.archive)
    old, new = (load_archive(one.archive).model.state_dict() for one in (first, run))
    for name in ("feedback.outputs.x.own.weight", "feedback.gates.x.y.bias"):
        assert len(new[name]) == 3
        assert torch.equal(new[name][:2], old[name])


def test_changed_heads_start_anew_and_are_named(config, trained, tmp_path):
    tasks = [
        {"type": "sequence_tagging", "name": "entities", "scheme": "BIO"},
        {"type": "relation_extraction", "name": "relations", "hidden_size": 7},
    ]
    run = start(config, tmp_path / "run", trained, {"tasks": tasks})
    line = log(run)
    anew = line.split("started anew: ")[1].split(";")[0]
    assert "heads.entities.layer.weight" in anew
    assert "heads.relations.scorer.heads.weight" in anew
    assert "encoder" not in anew


def test_another_model_takes_what_it_shares(config, trained, tmp_path):
    changed = {**config, "model": {**config["model"], "type": "pmei"}, "initial_weights": str(trained)}
    run = train(changed, tmp_path / "run", overrides=STOP)
    old, new = load_archive(trained).model.state_dict(), load_archive(run.archive).model.state_dict()
    assert torch.equal(new["encoder.forwards.0.weight_ih_l0"], old["encoder.forwards.0.weight_ih_l0"])
    assert "maps.entities" in log(run)


def test_words_with_pretrained_vectors_keep_them(config, tmp_path):
    vectors = tmp_path / "vectors.txt"
    vectors.write_text(
        "".join(f"{word} {' '.join([str(i)] * 20)}\n" for i, word in enumerate(["in", "qwerty"]))
    )
    config["model"]["embedder"]["tokens"]["pretrained_file"] = str(vectors)
    first = train(config, tmp_path / "first", overrides=STOP)
    second = start(config, tmp_path / "second", first.archive)
    archive = load_archive(second.archive)
    row = archive.vocab.get_token_index("qwerty", "tokens")
    embedding = archive.model.embedder.embedders["tokens"]
    assert embedding.rows()[row].tolist() == [1.0] * 20


@pytest.fixture(scope="module")
def with_unk(tiny_config, tmp_path_factory):
    """The archive of a training whose unknown token is not the default."""
    directory = tmp_path_factory.mktemp("with_unk") / "run"
    return train(tiny_config(vocabulary={"oov_token": "<unk>"}), directory, overrides=STOP).archive


def from_archive(config, archive):
    return {**config, "model": {"type": "from_archive", "archive_file": str(archive)}}


def with_initial_weights(config, archive):
    return {**config, "initial_weights": str(archive)}


@pytest.mark.parametrize("second", [from_archive, with_initial_weights])
def test_the_special_tokens_of_the_archive_are_written_down(second, config, with_unk, tmp_path):
    run = train(second(config, with_unk), tmp_path / "run", overrides={"trainer.num_epochs": 1})
    assert json.loads((run.directory / "config.json").read_text())["vocabulary"] == {"oov_token": "<unk>"}
    assert load(run.archive).predict("Zork lives in Rome.")["text"] == "Zork lives in Rome."
    again = {"recover": True, "overrides": {"trainer.num_epochs": 2}}
    run = train(second(config, with_unk), tmp_path / "run", **again)
    third = train(from_archive(config, run.archive), tmp_path / "third", overrides=STOP)
    assert load_archive(third.archive).vocab.oov_token == "<unk>"


def test_special_tokens_can_be_given_as_they_are(config, trained, with_unk, tmp_path):
    given = with_initial_weights({**config, "vocabulary": {"oov_token": "<unk>"}}, with_unk)
    train(given, tmp_path / "a", overrides=STOP)
    with pytest.raises(ConfigurationError, match=r"^vocabulary.oov_token: is '<unk>', but '@@UNKNOWN@@' in"):
        train({**given, "initial_weights": str(trained)}, tmp_path / "b")
    with pytest.raises(ConfigurationError, match=r"^vocabulary.padding_token: is 'x', but '@@PADDING@@' in"):
        train(from_archive({**config, "vocabulary": {"padding_token": "x"}}, with_unk), tmp_path / "c")
    default = train(from_archive(config, trained), tmp_path / "d", overrides=STOP)
    assert "vocabulary" not in json.loads((default.directory / "config.json").read_text())


def unpack(archive, directory):
    with tarfile.open(archive) as packed:
        packed.extractall(directory, filter="data")


@pytest.mark.parametrize("put", [unpack, shutil.copy], ids=["unpacked", "packed"])
def test_recovery_compares_the_archive_and_nothing_beside_it(put, config, trained, tmp_path):
    source, directory = tmp_path / "source", tmp_path / "run"
    (source / "counts").mkdir(parents=True)
    put(trained / "model.tar.gz", source)
    config["dataset_reader"]["max_instances"] = 20
    second, again = with_initial_weights(config, source), {"trainer.num_epochs": 2}
    run = train(second, directory, overrides={"trainer.num_epochs": 1})
    assert str(source) in json.loads((run.directory / "run.json").read_text())["data_sha256"]
    (source / "counts" / "dev.json").write_text("{}")
    (source / "train.log").write_text("more")
    train(second, directory, recover=True, overrides=again)
    put(train(config, tmp_path / "other", overrides=STOP).archive, source)
    with pytest.raises(ConfigurationError, match="source: its content is not what it was"):
        train(second, directory, recover=True, overrides=again)


def test_mistakes(config, trained, tmp_path):
    with pytest.raises(ConfigurationError, match="archive_fil: unknown key"):
        train({**config, "model": {"type": "from_archive", "archive_fil": "x"}}, tmp_path / "a")
    with pytest.raises(ConfigurationError, match="no-such-archive"):
        start(config, tmp_path / "b", "no-such-archive.tar.gz")
    with pytest.raises(ConfigurationError, match=r"vocabulary: .*leave this key out"):
        start(config, tmp_path / "c", trained, vocabulary={"min_count": {"tokens": 2}})
    both = {**config, "model": {"type": "from_archive", "archive_file": str(trained)}, "initial_weights": "x"}
    with pytest.raises(ConfigurationError, match="initial_weights: the model is from_archive"):
        train(both, tmp_path / "d")
    with pytest.raises(ConfigurationError, match="initial_weights: there is no file"):
        train({**config, "initial_weights": "nowhere.tar.gz"}, tmp_path / "d")
    for vocabulary in ({"oov_token": "@@UNKNOWN@@", "min_count": {"tokens": 2}}, "from_instances"):
        with pytest.raises(ConfigurationError, match=r"vocabulary: .*leave this key out"):
            train({**config, "initial_weights": str(trained), "vocabulary": vocabulary}, tmp_path / "e")
