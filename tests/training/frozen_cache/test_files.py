from pathlib import Path

import pytest

from causal_mtl.common import ConfigurationError
from causal_mtl.training.frozen_cache.files import EntryFiles, cache_directory, entries, leftovers

KEY = "0123456789abcdef" * 4


def test_where_it_is(monkeypatch):
    monkeypatch.setenv("CAUSAL_MTL_CACHE", "/somewhere/features")
    assert cache_directory() == Path("/somewhere/features")
    monkeypatch.delenv("CAUSAL_MTL_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", "/caches")
    assert cache_directory() == Path("/caches/causal_mtl/features")
    for value in ("", "relative"):
        monkeypatch.setenv("XDG_CACHE_HOME", value)
        assert cache_directory() == Path.home() / ".cache/causal_mtl/features"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache_directory() == Path.home() / ".cache/causal_mtl/features"
    monkeypatch.setattr("os.path.expanduser", lambda path: path)
    with pytest.raises(ConfigurationError, match=r"no home directory .* set CAUSAL_MTL_CACHE"):
        cache_directory()


def test_entries_are_what_the_cache_named(tmp_path):
    assert entries(tmp_path / "nothing") == []
    others = [
        "notes.npy",
        f"{KEY}.txt",
        f"{KEY[:-1]}.npy",
        f"x{KEY}.npy",
        f".unfinished_{KEY}.lock",
        "model.npy",
    ]
    for name in others:
        (tmp_path / name).write_text("")
    (tmp_path / f"{KEY}.json").symlink_to(tmp_path / "notes.npy")
    assert entries(tmp_path) == []
    (tmp_path / f".unfinished_{KEY}.npy").write_text("")
    assert entries(tmp_path) == [EntryFiles(tmp_path, KEY)]
    assert leftovers(EntryFiles(tmp_path, KEY)) == [tmp_path / f".unfinished_{KEY}.npy"]
