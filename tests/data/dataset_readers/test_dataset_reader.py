import logging

import pytest

from causal_mtl.common import ConfigurationError
from causal_mtl.data import (
    DatasetReader,
    Instance,
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
