from pathlib import Path
from typing import Annotated

import pytest

from causal_mtl.common import (
    ConfigurationError,
    FromParams,
    HubModel,
    InputFile,
    InstalledPackage,
    Lazy,
    ReadPath,
    resolve,
)


class Reads(FromParams):
    def __init__(
        self,
        file: InputFile | None = None,
        several: list[InputFile] | None = None,
        named: dict[str, InputFile] | None = None,
        either: InputFile | list[InputFile] | None = None,
        path: Annotated[Path, ReadPath()] | None = None,
        model: HubModel | None = None,
        package: InstalledPackage | None = None,
        plain: str = "",
    ) -> None:
        self.file = file


class Owner(FromParams):
    def __init__(self, reads: Lazy[Reads]) -> None:
        self.reads = reads


def found(config, own_checks=True):
    plan = resolve(Owner, {"reads": config}, own_checks=own_checks)
    return {read.path.removeprefix("reads."): str(read.value) for read in plan.reads()}


def test_marked_by_annotation_wherever_they_are(tmp_path):
    here = tmp_path / "f"
    here.touch()
    name = str(here)
    config = {
        "file": name,
        "several": [name],
        "named": {"a": name},
        "either": [name],
        "path": name,
        "plain": name,
    }
    wanted = dict.fromkeys(["file", "several[0]", "named.a", "either[0]", "path"], name)
    assert found(config) == wanted
    assert found({"either": name, "plain": "nowhere"}) == {"either": name}
    here.unlink()
    with pytest.raises(ConfigurationError) as error:
        found(config)
    assert len(error.value.problems) == 5
    assert found(config, own_checks=False) == wanted  # of a trained model: nobody will open them


def test_urls_are_believed():
    assert found({"file": "https://example.org/x"}) == {"file": "https://example.org/x"}


def test_hub_models(tmp_path, monkeypatch):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.delenv("TRANSFORMERS_OFFLINE", raising=False)
    monkeypatch.chdir(tmp_path)
    mark = ReadPath("hub")
    assert mark.is_local(str(tmp_path))
    assert found({"model": "owner/name@v1.0"}) == {"model": "owner/name@v1.0"}
    assert not mark.is_local("owner/name@v1.0")
    assert mark.version("owner/name@v1.0") is None  # never downloaded
    for name in ("../nowhere", "a/b/c", "", "a b", "~nobody-at-all/x", "nul\0l"):
        with pytest.raises(ConfigurationError, match=r"reads\.model: "):
            found({"model": name})
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(ConfigurationError, match=r"no hub model of this name in the local cache"):
        found({"model": "owner/name"})


def test_a_hub_model_in_the_cache(tmp_path, monkeypatch):
    from huggingface_hub import constants

    commit = "0123456789" * 4
    snapshot = tmp_path / "models--owner--name/snapshots" / commit
    snapshot.mkdir(parents=True)
    (snapshot / "config.json").write_text("{}")
    refs = tmp_path / "models--owner--name/refs"
    refs.mkdir()
    (refs / "main").write_text(commit)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert found({"model": "owner/name"}) == {"model": "owner/name"}
    assert ReadPath("hub").version("owner/name") == commit


def test_packages(tmp_path):
    assert found({"package": "pytest"}) == {"package": "pytest"}
    assert ReadPath("package").version("pytest") == pytest.__version__
    assert found({"package": str(tmp_path)})
    with pytest.raises(ConfigurationError, match=r"no folder and no installed package 'en_core_web_none'"):
        found({"package": "en_core_web_none"})
