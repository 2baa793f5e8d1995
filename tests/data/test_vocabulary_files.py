import pytest

from causal_mtl.common import ConfigurationError
from causal_mtl.data.token_lines import read_lines
from causal_mtl.data.vocabulary_files import NON_PADDED_FILE, find_namespaces, write_namespaces


def test_what_is_written_is_found(tmp_path):
    directory = tmp_path / "new" / "vocabulary"
    namespaces = {"tokens": ["b", "a\nc"], "tags": []}
    write_namespaces(directory, ["*tags"], namespaces)
    non_padded, files = find_namespaces(directory)
    assert non_padded == ["*tags"]
    assert {name: read_lines(path) for name, path in files.items()} == namespaces


def test_files_of_another_vocabulary_are_not_mixed_in(tmp_path):
    (tmp_path / "old.txt").write_text("x\n")
    with pytest.raises(ConfigurationError, match=r"old\.txt"):
        write_namespaces(tmp_path, [], {"tokens": ["a"]})
    assert not (tmp_path / "tokens.txt").exists()


@pytest.mark.parametrize("name", ["a/b", NON_PADDED_FILE.removesuffix(".txt")])
def test_a_namespace_that_is_no_file_name(name, tmp_path):
    with pytest.raises(ConfigurationError, match="not usable as names"):
        write_namespaces(tmp_path, [], {name: []})


def test_no_vocabulary(tmp_path):
    with pytest.raises(ConfigurationError, match="holds no vocabulary"):
        find_namespaces(tmp_path)
