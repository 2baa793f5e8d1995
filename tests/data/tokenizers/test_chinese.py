import pickle
import sys

import pytest

from causal_mtl.common import ConfigurationError
from causal_mtl.data import CharacterTokenizer, JiebaTokenizer, ThulacTokenizer

TEXT = "被告人张某 在北京市\n朝阳区，盗窃手机 2 部。"


@pytest.fixture(scope="module", params=[CharacterTokenizer, JiebaTokenizer, ThulacTokenizer])
def tokenizer(request):
    return request.param()


def test_offsets_spell_the_text(tokenizer):
    tokens = tokenizer.tokenize(TEXT)
    assert [TEXT[t.start : t.end] for t in tokens] == [t.text for t in tokens]
    assert "".join(t.text for t in tokens) == "".join(TEXT.split())
    assert tokenizer.tokenize(" \n") == []


def test_words_are_longer_than_characters():
    characters = len(CharacterTokenizer().tokenize(TEXT))
    assert all(len(t().tokenize(TEXT)) < characters for t in (JiebaTokenizer, ThulacTokenizer))


def test_pickles_after_use(tokenizer):
    tokenizer.tokenize(TEXT)
    assert pickle.loads(pickle.dumps(tokenizer)).tokenize("北京") == tokenizer.tokenize("北京")


def test_nothing_is_printed(capsys):
    ThulacTokenizer().tokenize(TEXT)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("cls", [JiebaTokenizer, ThulacTokenizer])
def test_a_missing_package_names_the_extra(cls, monkeypatch):
    name = cls.__name__.removesuffix("Tokenizer").lower()
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ConfigurationError, match=r"pip install 'causal-mtl\[chinese\]'"):
        cls().tokenize(TEXT)
