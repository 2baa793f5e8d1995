import gzip
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from causal_mtl.common import ConfigurationError
from causal_mtl.data import UnknownTokenError, Vocabulary


class Words:
    def __init__(self, **namespaces):
        self.namespaces = namespaces

    def count_vocab_items(self, counter):
        for namespace, words in self.namespaces.items():
            for word in words.split():
                counter[namespace][word] += 1


def tokens(vocab, namespace="tokens"):
    return list(vocab.get_token_to_index_vocabulary(namespace))


ITEMS = [Words(tokens="the cat the dog", pos_tags="D N D N"), Words(tokens="the dog ate", pos_tags="D N V")]


def test_frequent_strings_come_first_and_ties_go_by_alphabet():
    vocab = Vocabulary.from_instances(ITEMS)
    assert tokens(vocab) == ["@@PADDING@@", "@@UNKNOWN@@", "the", "dog", "ate", "cat"]
    assert tokens(vocab, "pos_tags") == ["D", "N", "V"]
    assert vocab == Vocabulary.from_instances(reversed(ITEMS))


def test_look_up():
    vocab = Vocabulary.from_instances(ITEMS)
    assert vocab.get_token_index("the") == 2
    assert vocab.get_token_index("unheard") == 1
    assert vocab.get_token_from_index(2) == "the"
    assert vocab.get_vocab_size() == 6
    assert vocab.get_vocab_size("pos_tags") == 3
    assert vocab.has_token("cat")
    assert not vocab.has_token("unheard")
    assert vocab.get_index_to_token_vocabulary("pos_tags") == {0: "D", 1: "N", 2: "V"}
    assert vocab.get_namespaces() == {"tokens", "pos_tags"}


def test_asking_for_a_namespace_does_not_make_it():
    vocab = Vocabulary.from_instances(ITEMS)
    assert vocab.get_token_index("x", "others") == 1
    assert vocab.get_vocab_size("others") == 2
    assert vocab.get_vocab_size("other_labels") == 0
    assert vocab.get_namespaces() == {"tokens", "pos_tags"}


def test_an_unknown_label_is_an_error_that_names_it_and_the_namespace():
    vocab = Vocabulary.from_instances(ITEMS)
    with pytest.raises(KeyError, match=r"'X'.*'pos_tags'") as caught:
        vocab.get_token_index("X", "pos_tags")
    assert isinstance(caught.value, UnknownTokenError)


def test_counts_and_sizes_by_namespace():
    vocab = Vocabulary.from_instances(ITEMS, min_count={"tokens": 2}, max_vocab_size={"pos_tags": 1})
    assert tokens(vocab) == ["@@PADDING@@", "@@UNKNOWN@@", "the", "dog"]
    assert tokens(vocab, "pos_tags") == ["D"]
    assert tokens(Vocabulary.from_instances(ITEMS, max_vocab_size=2), "pos_tags") == ["D", "N"]


def test_tokens_to_add_come_last_and_may_open_a_namespace():
    vocab = Vocabulary.from_instances(ITEMS, tokens_to_add={"tokens": ["[MASK]", "cat"], "more": ["x"]})
    assert tokens(vocab)[-2:] == ["cat", "[MASK]"]
    assert vocab.get_token_index("x", "more") == 2


@pytest.fixture(params=["txt", "gz", "zip", "word2vec"])
def vectors(request, tmp_path):
    text = "dog 0.1 0.2\ncat 0.1 0.2\nemu 1 2\nNew York 1 2\n"
    path = tmp_path / f"vectors.{request.param}"
    if request.param == "gz":
        path.write_bytes(gzip.compress(text.encode()))
    elif request.param == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("vectors.txt", text)
    else:
        path.write_text(("4 2\n" if request.param == "word2vec" else "") + text)
    return {"tokens": str(path)}


def test_pretrained_words(vectors):
    def words(**options):
        return tokens(Vocabulary.from_instances(ITEMS, pretrained_files=vectors, **options))[2:]

    assert words(min_count={"tokens": 2}) == ["the", "dog", "cat"]
    assert words(only_include_pretrained_words=True) == ["dog", "cat"]
    assert words(only_include_pretrained_words=True, min_count={"tokens": 2}) == ["dog"]
    assert words(min_pretrained_embeddings={"tokens": 3}) == ["the", "dog", "ate", "cat", "emu"]
    assert words(min_pretrained_embeddings={"tokens": -1})[-2:] == ["emu", "New York"]


@pytest.mark.parametrize(
    "option", ["min_count", "max_vocab_size", "pretrained_files", "min_pretrained_embeddings"]
)
def test_a_namespace_that_nothing_was_counted_in(option):
    with pytest.raises(ConfigurationError, match=f"vocabulary.{option}: no namespace 'tokns'"):
        Vocabulary.from_instances(ITEMS, **{option: {"tokns": 1}})


# "@@NEWLINE@@" and "@@RETURN@@" themselves cannot be told from what they stand for, as in AllenNLP
strings = st.text(st.characters(exclude_categories=["Cs"])).filter(lambda text: "@@" not in text)


@given(words=st.lists(strings, max_size=8), labels=st.sets(strings))
def test_files_give_the_same_vocabulary_back(tmp_path_factory, words, labels):
    folder = tmp_path_factory.mktemp("vocabulary")
    vocab = Vocabulary.empty()
    vocab.add_tokens_to_namespace(words)
    vocab.add_tokens_to_namespace(sorted(labels), "labels")
    vocab.save_to_files(folder)
    loaded = Vocabulary.from_files(folder)
    assert loaded == vocab
    assert loaded.get_index_to_token_vocabulary() == vocab.get_index_to_token_vocabulary()


def test_the_layout_is_allennlps(tmp_path):
    Vocabulary.from_instances(ITEMS, tokens_to_add={"tokens": ["a\nb"]}).save_to_files(tmp_path)
    assert (tmp_path / "tokens.txt").read_text().split("\n")[:3] == ["@@UNKNOWN@@", "the", "dog"]
    assert "a@@NEWLINE@@b\n" in (tmp_path / "tokens.txt").read_text()
    assert (tmp_path / "pos_tags.txt").read_text() == "D\nN\nV\n"
    assert (tmp_path / "non_padded_namespaces.txt").read_text() == "*labels\n*tags\n"


def test_files_without_last_line_end_and_from_windows_are_read(tmp_path):
    (tmp_path / "non_padded_namespaces.txt").write_text("*tags")
    (tmp_path / "tokens.txt").write_bytes(b"@@UNKNOWN@@\r\nthe\r\ndog")
    assert tokens(Vocabulary.from_files(tmp_path)) == ["@@PADDING@@", "@@UNKNOWN@@", "the", "dog"]


def test_damaged_files(tmp_path):
    with pytest.raises(ConfigurationError, match="holds no vocabulary"):
        Vocabulary.from_files(tmp_path)
    (tmp_path / "non_padded_namespaces.txt").write_text("*tags\n")
    (tmp_path / "tokens.txt").write_text("the\n")
    with pytest.raises(ConfigurationError, match=r"unknown token .* is missing"):
        Vocabulary.from_files(tmp_path)
    (tmp_path / "tokens.txt").write_text("@@UNKNOWN@@\nthe\nthe\n")
    with pytest.raises(ConfigurationError, match="'the' stands there twice"):
        Vocabulary.from_files(tmp_path)


def test_files_of_another_vocabulary_are_not_mixed_in(tmp_path):
    Vocabulary.from_instances([Words(old="x")]).save_to_files(tmp_path)
    with pytest.raises(ConfigurationError, match=r"old\.txt"):
        Vocabulary.from_instances(ITEMS).save_to_files(tmp_path)
    Vocabulary.from_instances([Words(old="y")]).save_to_files(tmp_path)  # its own files are replaced


def test_a_namespace_that_is_no_file_name(tmp_path):
    vocab = Vocabulary.from_instances([Words(**{"a/b": "x"})])
    with pytest.raises(ConfigurationError, match="a/b"):
        vocab.save_to_files(tmp_path)


def test_extending_keeps_known_indices(tmp_path):
    old = Vocabulary.from_instances(ITEMS)
    old.save_to_files(tmp_path)
    new = Vocabulary.from_files_and_instances([Words(tokens="emu emu the", pos_tags="X")], tmp_path)
    assert tokens(new) == [*tokens(old), "emu"]
    assert tokens(new, "pos_tags") == ["D", "N", "V", "X"]
    old.extend_from_instances([Words(tokens="emu")])
    assert tokens(old) == tokens(new)


def test_extending_cannot_change_the_padding(tmp_path):
    Vocabulary.from_instances(ITEMS).save_to_files(tmp_path)
    with pytest.raises(ConfigurationError, match="tokens"):
        Vocabulary.from_files_and_instances(ITEMS, tmp_path, non_padded_namespaces=["tok*"])


def test_from_params(tmp_path):
    default = Vocabulary.from_params({"min_count": {"tokens": 2}}, instances=ITEMS)
    assert tokens(default)[2:] == ["the", "dog"]
    default.save_to_files(tmp_path)
    assert Vocabulary.from_params({"type": "from_files", "directory": str(tmp_path)}) == default
    extended = Vocabulary.from_params({"type": "extend", "directory": str(tmp_path)}, instances=ITEMS)
    assert tokens(extended)[2:] == ["the", "dog", "ate", "cat"]
    assert Vocabulary.from_params({"type": "empty"}).get_namespaces() == set()
    assert Vocabulary.list_available() == ["from_instances", "from_files", "extend", "empty"]
