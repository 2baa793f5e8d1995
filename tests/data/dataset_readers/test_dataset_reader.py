import gzip
import logging
import zipfile
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from causal_mtl.common import ConfigurationError
from causal_mtl.data import (
    Cail2018Reader,
    ConllReader,
    DatasetReader,
    Instance,
    JsonlReader,
    SingleIdIndexer,
    SpacyTokenizer,
    Token,
    WhitespaceTokenizer,
)
from causal_mtl.data.offsets import split_words


class Lines(DatasetReader):
    def _read(self, path):
        for line in path.read_text().splitlines():
            yield Instance(line, split_words(line))


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "lines.txt"
    path.write_text("a b\n\nc\nd\n")
    return path


def test_instances_without_tokens_are_left_out_with_a_warning(path, caplog):
    with caplog.at_level(logging.WARNING):
        assert [i.text for i in Lines().read(path)] == ["a b", "c", "d"]
    assert "lines.txt: record 2 has no tokens" in caplog.text


def test_max_instances(path):
    assert [i.text for i in Lines(max_instances=3).read(path)] == ["a b", "c"]


def test_a_file_without_instances(tmp_path):
    (tmp_path / "empty.txt").write_text("")
    with pytest.raises(ConfigurationError, match=r"empty\.txt: there are no instances"):
        list(Lines().read(tmp_path / "empty.txt"))


def test_a_missing_file_is_an_error_at_once(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        Lines().read(tmp_path / "nowhere.txt")


@pytest.fixture
def web(tmp_path, monkeypatch):
    """A folder, and the address at which a server on loopback has its files."""
    monkeypatch.setattr("cached_path.common.CACHE_DIRECTORY", tmp_path / "cache")
    folder = tmp_path / "web"
    folder.mkdir()
    handler = partial(SimpleHTTPRequestHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield folder, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_data_by_url_is_read_as_from_the_file(web, fixtures):
    folder, address = web
    content = b'{"text": "a"}\n{"text": "b"}\n'
    (folder / "my dev.jsonl").write_bytes(content)
    (folder / "dev.jsonl.gz").write_bytes(gzip.compress(content))
    with zipfile.ZipFile(folder / "dev.zip", "w") as archive:
        archive.writestr("dev.jsonl", content)
    (folder / "dev.tsv").write_text("a O\n\nb O\n")
    (folder / "law.json").write_bytes((fixtures / "cail2018/dev.json").read_bytes())
    readers = {"dev.tsv": ConllReader(), "law.json": Cail2018Reader(tokenizer=WhitespaceTokenizer())}
    for file in folder.iterdir():
        reader = readers.get(file.name) or JsonlReader(tokenizer=WhitespaceTokenizer())
        instances = list(reader.read(file))
        assert instances[0].metadata["id"].startswith(file.name if file.suffix == ".tsv" else file.stem)
        assert list(reader.read(f"{address}/{file.name.replace(' ', '%20')}?download=true")) == instances


def test_an_error_names_the_url_and_not_its_copy(web):
    folder, address = web
    (folder / "bad.jsonl").write_text('{"text": "a"}\n{"text": 3}\n')
    with pytest.raises(ConfigurationError, match=rf"^{address}/bad\.jsonl:2: "):
        list(JsonlReader(tokenizer=WhitespaceTokenizer()).read(f"{address}/bad.jsonl"))


def test_defaults():
    reader = Lines()
    assert isinstance(reader.tokenizer, SpacyTokenizer)
    assert isinstance(reader.token_indexers["tokens"], SingleIdIndexer)


def test_text_to_instance():
    reader = Lines(tokenizer=WhitespaceTokenizer())
    assert reader.text_to_instance("a  b").tokens == [Token("a", 0, 1), Token("b", 3, 4)]
    from_tokens = reader.text_to_instance(tokens=["a", "b"], metadata={"id": 1})
    assert (from_tokens.text, from_tokens.metadata) == ("a b", {"id": 1})
    assert reader.text_to_instance("ab", tokens=["a", "b"]).tokens == [Token("a", 0, 1), Token("b", 1, 2)]
    with pytest.raises(ConfigurationError, match="tokens"):
        reader.text_to_instance("ab", tokens=["b"])
    with pytest.raises(ConfigurationError, match="'text' or 'tokens'"):
        reader.text_to_instance()
