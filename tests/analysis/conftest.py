import json
import shutil

import pytest


@pytest.fixture
def copies(trained, tmp_path):
    """Make directories of the one small training, as if it had been run with other seeds and configs."""

    def copy(name, seed, scores=None, **config):
        directory = tmp_path / name
        directory.mkdir()
        shutil.copy(trained / "model.tar.gz", directory)
        for file, changes in (
            ("config.json", {**config, "random_seed": seed}),
            ("run.json", {"seed": seed}),
            ("metrics.json", {f"validation_relations/exact_{n}": v for n, v in (scores or {}).items()}),
        ):
            content = json.loads((trained / file).read_text())
            (directory / file).write_text(json.dumps({**content, **changes}))
        return directory

    return copy
