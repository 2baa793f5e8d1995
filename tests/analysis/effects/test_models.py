from types import SimpleNamespace

import pytest

from causal_mtl.analysis.effects import models
from causal_mtl.common import ConfigurationError, Params


def test_models_of_both_kinds_are_refused(monkeypatch):
    configs = {
        "plain": {},
        "said": {"train_bootstrap": False},
        "drawn": {"train_bootstrap": True},
        "other": {"train_bootstrap": True},
    }
    archives = {name: SimpleNamespace(config=Params(config)) for name, config in configs.items()}
    monkeypatch.setattr(models, "load_archive", lambda path, device: archives[path])

    def paths(*names):
        return [path for path, _ in models.one_by_one(archives[names[0]], names, "cpu")]

    assert not models.is_resampled(archives["said"])
    assert models.is_resampled(archives["drawn"])
    assert paths("plain", "said") == ["plain", "said"]
    assert paths("drawn", "other") == ["drawn", "other"]
    with pytest.raises(ConfigurationError, match="some of the models were trained with train_bootstrap"):
        paths("plain", "drawn")
