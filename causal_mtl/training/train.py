"""`train`, for Python: from a config to a trained model in one call."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import Any

from causal_mtl.common import Params, import_package, import_plugins
from causal_mtl.training.config_file import read_config, with_text_overrides
from causal_mtl.training.execution import Execution, Result
from causal_mtl.training.experiment import Experiment


def train(
    config: str | PathLike[str] | Params | dict[str, Any],
    directory: str | PathLike[str] | None = None,
    *,
    overrides: str | dict[str, Any] = "",
    force: bool = False,
    recover: bool = False,
    include_package: tuple[str, ...] | list[str] = (),
) -> Result:
    """Train a model.

    Args:
        config: a jsonnet or JSON file, or its content.
        directory: for everything that is written. Default: ``runs/<name of the config>``, with a number after it
            if that is taken.
        overrides: changes to the config, as jsonnet text or values by dotted path.
        force: delete the training in `directory` first.
        recover: go on with the interrupted training in `directory`.
        include_package: modules to import first, for the components that they register.

    Raises:
        ConfigurationError: listing everything that is wrong with the config.
    """
    import_plugins()
    for package in include_package:
        import_package(package)
    if isinstance(config, str | PathLike):
        name, params = Path(config).stem, read_config(config, overrides)
    else:
        name, params = "training", Params(config)
        if overrides:
            params = (
                params.with_overrides(overrides)
                if isinstance(overrides, dict)
                else with_text_overrides(params, overrides)
            )
    experiment = Experiment(params)
    return Execution(experiment, Path(directory or _unused(name)), force=force, recover=recover).run()


def _unused(name: str) -> Path:
    number = 1
    while (path := Path("runs") / (name if number == 1 else f"{name}-{number}")).exists():
        number += 1
    return path
