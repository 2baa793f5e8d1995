import json
import tarfile

import pytest
from huggingface_hub import ModelCard
from stub_hub import COMMIT

from causal_mtl import load
from causal_mtl.common import ConfigurationError, sha256
from causal_mtl.integrations.hub import from_pretrained, push_to_hub, save_pretrained

TEXT = "Umar Silva was born in Bergen and works for Bluefin Energy."
TOKEN = "hf_" + "x" * 34
NAME = "someone/mentions"


def push(hub, archive, **options):
    return push_to_hub(archive, NAME, endpoint=hub.endpoint, **{"token": TOKEN, **options})


def pull(hub, tmp_path, name=NAME, **options):
    return from_pretrained(name, endpoint=hub.endpoint, cache_dir=tmp_path / "cache", token=False, **options)


def members(archive):
    with tarfile.open(archive) as tar:
        return {member.name: tar.extractfile(member).read() for member in tar if member.isfile()}


def test_there_and_back(hub, trained, tmp_path):
    assert push(hub, trained) == f"{hub.endpoint}/{NAME}/commit/{COMMIT}"
    assert hub.repositories == {NAME: True}
    assert set(hub.files) == {(NAME, "README.md"), (NAME, "model.tar.gz")}
    assert len(hub.commits) == 1
    assert load(trained).predict(TEXT) == pull(hub, tmp_path).predict(TEXT)
    assert pull(hub, tmp_path, revision=COMMIT, batch_size=3).batch_size == 3


def test_nothing_of_this_machine_is_sent(hub, trained, tmp_path):
    push(hub, trained)
    (tmp_path / "sent.tar.gz").write_bytes(hub.files[NAME, "model.tar.gz"])
    sent, own = members(tmp_path / "sent.tar.gz"), members(trained / "model.tar.gz")
    directory = json.loads(own["config.json"])["train_data_path"].rpartition("/")[0]
    assert directory.startswith("/")
    everything = [*sent.values(), hub.sent, hub.files[NAME, "README.md"]]
    for secret in (directory, str(trained), TOKEN):
        assert not any(secret.encode() in content for content in everything), secret
    assert json.loads(sent["config.json"])["train_data_path"] == "train.json"
    assert list(json.loads(sent["run.json"])["data_sha256"]) == ["dev.json", "train.json"]
    assert sent["weights.safetensors"] == own["weights.safetensors"]
    assert sent["vocabulary/tokens.txt"] == own["vocabulary/tokens.txt"]


def test_the_token_goes_to_the_hub_alone(hub, trained):
    push(hub, trained)
    assert {authorization for _, path, authorization in hub.requests if path.startswith("/api")} == {
        f"Bearer {TOKEN}"
    }


def test_a_public_repository(hub, trained):
    push(hub, trained, private=False)
    assert hub.repositories == {NAME: False}
    files = dict(hub.files)
    with pytest.raises(ConfigurationError, match=f"{NAME}: this repository is public; .*--public"):
        push(hub, trained)
    assert hub.files == files
    assert len(hub.commits) == 1
    push(hub, trained, private=False, message="Again")
    assert hub.commits[-1]["summary"] == "Again"
    hub.repositories[NAME] = True
    with pytest.raises(ConfigurationError, match=f"{NAME}: this repository is private; .*without --public"):
        push(hub, trained, private=False)
    assert len(hub.commits) == 2


def test_a_local_folder(trained, tmp_path, loopback_only):
    folder = save_pretrained(trained, tmp_path / "mentions")
    assert sorted(file.name for file in folder.iterdir()) == ["README.md", "model.tar.gz"]
    assert "# mentions\n" in (folder / "README.md").read_text()
    assert from_pretrained(folder).predict(TEXT) == load(trained).predict(TEXT)
    assert from_pretrained(str(trained)).predict(TEXT) == load(trained).predict(TEXT)
    with pytest.raises(ConfigurationError, match="a local folder has no revision 'v1'"):
        from_pretrained(folder, revision="v1")
    (folder / "model.tar.gz").unlink()
    with pytest.raises(ConfigurationError, match=r"there is no model\.tar\.gz"):
        from_pretrained(folder)


def test_the_card(trained, tmp_path):
    folder = save_pretrained(trained, tmp_path / "x", repo_id=NAME, license="apache-2.0")
    text = (folder / "README.md").read_text()
    card = ModelCard(text)
    assert card.data.license == "apache-2.0"
    assert card.data.library_name == "causal-mtl"
    metrics = json.loads((trained / "metrics.json").read_text())
    scores = {result.metric_name: result.metric_value for result in card.data.eval_results}
    for name in ("entities/f1", "relations/exact_f1"):
        assert scores[name] == pytest.approx(metrics[f"validation_{name}"], abs=1e-4)
        assert f"| `{name}` | {metrics[f'validation_{name}'] * 100:.1f} |" in text
    note = json.loads((trained / "run.json").read_text())
    for expected in (
        *note["data_sha256"].values(),
        note["versions"]["torch"],
        sha256(folder / "model.tar.gz"),
        f'from_pretrained("{NAME}")',
        f"hf://{NAME}/model.tar.gz",
        "| `entities` | sequence_tagging | `entity` |",
        "Intended use and limits",
        '"hidden_size": 20',
    ):
        assert expected in text


def test_scores_of_another_training_are_not_shown(trained, tmp_path):
    directory = tmp_path / "run"
    directory.mkdir()
    for name in ("model.tar.gz", "metrics.json"):
        (directory / name).write_bytes((trained / name).read_bytes())
    note = json.loads((trained / "run.json").read_text())
    for other in ({**note, "seed": 1}, None):
        if other is None:
            (directory / "run.json").unlink()
        else:
            (directory / "run.json").write_text(json.dumps(other))
        text = (save_pretrained(directory, tmp_path / "x") / "README.md").read_text()
        assert "None are known of this archive" in text
        assert ModelCard(text).data.eval_results is None


def test_text_labels_have_a_card_too(aspects, tmp_path):
    text = (save_pretrained(aspects, tmp_path / "x") / "README.md").read_text()
    assert ModelCard(text).data.pipeline_tag == "token-classification"
    assert "| `categories` | multi_label_classification |" in text


def test_what_is_not_there(hub, trained, tmp_path):
    push(hub, trained)
    for name, options, message in (
        ("someone/else", {}, "someone/else: .*Repository Not Found"),
        (NAME, {"revision": "v9"}, f"{NAME}: .*Revision Not Found"),
        ("no good name!", {}, "no good name!: Repo id must"),
    ):
        with pytest.raises(ConfigurationError, match=message):
            pull(hub, tmp_path, name, **options)
    del hub.files[NAME, "model.tar.gz"]
    with pytest.raises(ConfigurationError, match=f"{NAME}: .*Entry Not Found"):
        from_pretrained(NAME, endpoint=hub.endpoint, cache_dir=tmp_path / "other", token=False)


def test_nobody_answers(trained, tmp_path, loopback_only):
    with pytest.raises(ConfigurationError, match=f"^{NAME}: .*refused"):
        push_to_hub(trained, NAME, endpoint="http://127.0.0.1:9", token=TOKEN)
    with pytest.raises(ConfigurationError, match=f"^{NAME}: "):
        from_pretrained(NAME, endpoint="http://127.0.0.1:9", cache_dir=tmp_path)


def test_a_damaged_archive_is_not_published(hub, trained, tmp_path):
    damaged = tmp_path / "model.tar.gz"
    damaged.write_bytes((trained / "model.tar.gz").read_bytes()[:-1000])
    with pytest.raises(ConfigurationError, match="damaged"):
        push(hub, damaged)
    with pytest.raises(ConfigurationError, match="damaged"):
        save_pretrained(damaged, tmp_path / "folder")
    assert not hub.requests
    assert not (tmp_path / "folder").exists()


def test_what_comes_from_the_hub_is_not_trusted(hub, tmp_path):
    hub.repositories[NAME] = False
    hub.files[NAME, "model.tar.gz"] = b"anything"
    with pytest.raises(ConfigurationError, match="not a model archive"):
        pull(hub, tmp_path)
