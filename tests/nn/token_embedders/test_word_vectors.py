import logging

import pytest

from causal_mtl.common import ConfigurationError
from causal_mtl.data.pretrained import read_pretrained_words
from causal_mtl.nn.token_embedders.word_vectors import read_word_vectors


@pytest.fixture
def write(tmp_path):
    def write(content):
        path = tmp_path / "v.txt"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return str(path)

    return write


@pytest.mark.parametrize(
    "content",
    [
        "a 1 2\nb 3 4\n",
        "a 1 2\nb 3 4\n\n",
        "a 1 2\n\nb 3 4\n   \n",
        "a\t1\t2\nb\t3\t4\n",
        "a\t1 2\r\nb\t3 4\r\n",
        "a  1 2 \nb 3  4",
        "2 2\na 1 2\nb 3 4\n",
        "\ufeffa 1 2\nb 3 4\n",
    ],
)
def test_what_is_read(write, content):
    found = {word: vector.tolist() for word, vector in read_word_vectors(write(content), 2)}
    assert found == {"a": [1, 2], "b": [3, 4]}
    assert read_pretrained_words(write(content)) == ["a", "b"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a 1 2 3\n", "v.txt:1: the vectors of this file have 3 numbers: set `embedding_dim` to 3, it is 2"),
        ("a 1\n", "v.txt:1: the vectors of this file have 1 numbers: set `embedding_dim` to 1, it is 2"),
        (
            "a 1 2\nb 3\n",
            "v.txt:2: expected a word and 2 numbers, got 1 after the word; is the file cut short",
        ),
        ("a 1 2\nb 3 x\n", "v.txt:2: expected 2 numbers at the end of the line, got 'x'"),
        ("a x 2\n", "v.txt:1: expected 2 numbers at the end of the line, got 'x'"),
        ("a 1 2\nb nan 1\n", "v.txt:2: 'nan' is NaN, or too large for a 32-bit"),
        ("a 1 2\nb 1 -1e39\n", "v.txt:2: '-1e39' is NaN, or too large for a 32-bit"),
        ("a inf 2\n", "v.txt:1: 'inf' is NaN, or too large"),
    ],
)
def test_errors_tell_the_truth(write, content, message):
    with pytest.raises(ConfigurationError, match=message):
        list(read_word_vectors(write(content), 2))


def test_a_line_that_is_not_utf8_is_named(write, caplog):
    path = write(b"a 1 2\n\xff\xff 3 4\nc\xff 5 6\n")
    with caplog.at_level(logging.WARNING):
        assert [word for word, _ in read_word_vectors(path, 2)] == ["a", "\ufffd\ufffd", "c\ufffd"]
    assert caplog.text.count("not UTF-8") == 1
    assert "v.txt:2: not UTF-8" in caplog.text
