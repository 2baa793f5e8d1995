import sys

import pytest

from causal_mtl.common import ConfigurationError, Registrable, import_package, local_path, resolve
from causal_mtl.common.trust import untrusted

PLUGIN = """
from pathlib import Path
from causal_mtl.data import DatasetReader
Path("imported").write_text("")
class Mine(DatasetReader):
    def _read(self, path):
        return []
"""


@pytest.fixture
def plugin(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    name = f"plugin_of_{tmp_path.name}"
    (tmp_path / f"{name}.py").write_text(PLUGIN)
    yield name
    sys.modules.pop(name, None)


def test_a_stranger_cannot_have_a_module_imported(plugin, tmp_path):
    from causal_mtl.data import DatasetReader

    with untrusted(), pytest.raises(ConfigurationError, match=f"--include-package {plugin}"):
        resolve(DatasetReader, {"type": f"{plugin}.Mine"}, path="reader")
    assert not (tmp_path / "imported").exists()
    assert type(resolve(DatasetReader, {"type": f"{plugin}.Mine"}).build()).__name__ == "Mine"


def test_what_the_user_includes_can_be_named(plugin):
    from causal_mtl.data import DatasetReader

    import_package(plugin)
    with untrusted():
        assert type(resolve(DatasetReader, {"type": f"{plugin}.Mine"}).build()).__name__ == "Mine"
        with pytest.raises(ConfigurationError, match="registered components only"):
            DatasetReader.by_name(f"{plugin}_more.Mine")


def test_a_stranger_cannot_give_what_the_library_fills_in():
    class Base(Registrable):
        pass

    @Base.register("part")
    class Part(Base):
        def __init__(self, vocab: str, size: int = 1) -> None:
            self.vocab = vocab

    assert resolve(Base, {"type": "part", "vocab": "mine"}).build().vocab == "mine"
    with untrusted(["vocab"]):
        plan = resolve(Base, {"type": "part"}, extras=["vocab"])
        assert plan.build(vocab="theirs").vocab == "theirs"
        with pytest.raises(ConfigurationError, match=r"x\.vocab: a model archive cannot set this"):
            resolve(Base, {"type": "part", "vocab": "mine"}, path="x")


def test_a_stranger_opens_no_file(tmp_path):
    assert local_path(tmp_path) == tmp_path
    with untrusted(), pytest.raises(ConfigurationError, match="opens no other file"):
        local_path(tmp_path)
