import json
import shlex
import shutil
import tarfile
from pathlib import Path

import pytest

from causal_mtl import load
from causal_mtl.integrations.published import published, published_note, write_published


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ({"train_data_path": "/nowhere/of/mine/train.json"}, {"train_data_path": "train.json"}),
        ({"train_data_path": "fixtures/train.json"}, {"train_data_path": "fixtures/train.json"}),
        ({"files": ["/nowhere/a.txt", "b.txt"]}, {"files": ["a.txt", "b.txt"]}),
        ({"x": "/home/someone/a b/c.txt"}, {"x": "c.txt"}),
        ({"x": "~/data/c.txt"}, {"x": "c.txt"}),
        ({"x": "C:\\Users\\someone\\c.txt"}, {"x": "c.txt"}),
        ({"x": "file:///home/someone/c.txt"}, {"x": "c.txt"}),
        ({"x": __file__}, {"x": Path(__file__).name}),
        ({"model_name": "/data/alice/minilm"}, {"model_name": "minilm"}),
        (
            {"pretrained_files": {"tokens": "/srv/alice/glove.txt"}},
            {"pretrained_files": {"tokens": "glove.txt"}},
        ),
        ({"tuned_thresholds": {"data": "/work/a/dev.json"}}, {"tuned_thresholds": {"data": "dev.json"}}),
        ({"labels": ["/people/person/nationality"]}, {"labels": ["/people/person/nationality"]}),
        (
            {"separator": "/", "other": "//", "root": "/etc"},
            {"separator": "/", "other": "//", "root": "/etc"},
        ),
        ({"x": "https://me:pw@host.org/my file.gz?token=1"}, {"x": "https://host.org/my file.gz"}),
        ({"x": "see https://me:pw@host.org/a"}, {"x": "see https://host.org/a"}),
        ({"x": "https://[me:pw"}, {"x": "https://…"}),
        (
            {"/people/person": 0.5, "n": None, "b": [True, 1]},
            {"/people/person": 0.5, "n": None, "b": [True, 1]},
        ),
        ({"x": "https://me:pw@host.org/a.gz?token=1#x"}, {"x": "https://host.org/a.gz"}),
        ({"x": "hf://org/name/model.tar.gz"}, {"x": "hf://org/name/model.tar.gz"}),
        ({"x": "a hf_abcdefghijklmnopqrstuvwxyz"}, {"x": "a hf_…"}),
        ({"x": "a/b or ~ or c"}, {"x": "a/b or ~ or c"}),
    ],
)
def test_paths_become_names(value, shown):
    assert published(value, labels={"/people/person/nationality"}) == shown


def test_labels_that_look_like_paths_are_those_of_the_vocabulary(trained, unpack, tmp_path):
    unpack(trained / "model.tar.gz", tmp_path / "unpacked")
    (tmp_path / "unpacked/manifest.json").unlink()
    config = json.loads((tmp_path / "unpacked/config.json").read_text())
    changed = {**config, "test_data_path": "/people/person/nationality", "comment": "/data/alice/x"}
    (tmp_path / "unpacked/config.json").write_text(json.dumps(changed))
    with (tmp_path / "unpacked/vocabulary/things_labels.txt").open("a") as file:
        file.write("/people/person/nationality\n")
    write_published(tmp_path / "unpacked", tmp_path / "model.tar.gz")
    with tarfile.open(tmp_path / "model.tar.gz") as tar:
        written = json.load(tar.extractfile("config.json"))
    assert written["test_data_path"] == "/people/person/nationality"
    assert written["comment"] == "x"


@pytest.mark.parametrize(
    ("word", "shown"),
    [
        (
            "{m: '/data/alice/minilm', t: 'hf_abcdefghijklmnopqrstuv', u: 'https://me:pw@host/x'}",
            "{m: 'minilm', t: 'hf_…', u: 'https://host/x'}",
        ),
        ("{m: '/data/my models/minilm', n: 1}", "{m: 'minilm', n: 1}"),
        ("--token=hf_abcdefghijklmnopqrstuv", "--token=hf_…"),
        ("a hf_abcdefghijklmnopqrstuv in /data/alice/x", "a hf_… in x"),
    ],
)
def test_words_of_a_command(word, shown):
    assert shlex.split(published_note({"command": shlex.join([word])})["command"]) == [shown]


def test_the_note_of_a_training():
    note = {
        "command": "/home/me/bin/causal-mtl train /home/me/a.jsonnet -s '/home/me/my runs/x' "
        "--plugins=/home/me/p.txt "
        """-o '{"train_data_path": "/data/mine/t.json", "trainer.num_epochs": 5}' """
        """-o '{train: "/data/mine/u.json"}' """
        "--data https://me:pw@host.org/d.json",
        "seed": 7,
        "data_sha256": {"/data/one/t.json": "a", "/data/two/t.json": "b", "own/t.json": "c"},
    }
    again = {"command": "causal-mtl train ~me/a.jsonnet --recover", "data_sha256": {"/data/one/t.json": "a"}}
    shown = published_note({**note, "recovered": [again]})
    assert shown["command"] == (
        "causal-mtl train a.jsonnet -s x --plugins=p.txt "
        """-o '{"train_data_path": "t.json", "trainer.num_epochs": 5}' -o '{train: "u.json"}' """
        "--data https://host.org/d.json"
    )
    assert shown["seed"] == 7
    assert shown["data_sha256"] == {"t.json": "a", "t.json (2)": "b", "own/t.json": "c"}
    assert shown["recovered"] == [
        {"command": "causal-mtl train a.jsonnet --recover", "data_sha256": {"t.json": "a"}}
    ]
    assert "command" not in published_note({"seed": 1})
    assert published_note({"command": "an 'unbalanced quote"})["command"] == ""


def test_an_archive_without_paths_stays_as_it_is(trained, tmp_path):
    write_published(trained, tmp_path / "once.tar.gz")
    write_published(tmp_path / "once.tar.gz", tmp_path / "twice.tar.gz")
    assert (tmp_path / "once.tar.gz").read_bytes() == (tmp_path / "twice.tar.gz").read_bytes()
    assert (tmp_path / "once.tar.gz").read_bytes() != (trained / "model.tar.gz").read_bytes()
    text = "Umar Silva was born in Bergen."
    assert load(tmp_path / "twice.tar.gz").predict(text) == load(trained).predict(text)


def test_files_of_components(trained, tmp_path):
    unpacked = tmp_path / "unpacked"
    shutil.unpack_archive(trained / "model.tar.gz", unpacked)
    (unpacked / "manifest.json").unlink()
    (unpacked / "files/model.tokenizer").mkdir(parents=True)
    inside = {
        "name_or_path": f"{Path.cwd()}/my/bert",
        "vocab": {"/home/": 1, "~": 2},
        "pieces": ["/tmp/a", "/etc"],
    }
    (unpacked / "files/model.tokenizer/config.json").write_text(json.dumps(inside))
    (unpacked / "files/model.tokenizer/list.json").write_text('["no object"]')
    write_published(unpacked, tmp_path / "model.tar.gz")
    with tarfile.open(tmp_path / "model.tar.gz") as tar:
        written = json.load(tar.extractfile("files/model.tokenizer/config.json"))
        assert tar.extractfile("files/model.tokenizer/list.json").read() == b'["no object"]'
    assert written == {**inside, "name_or_path": "bert"}
