import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def fixtures():
    return Path(__file__).parents[2] / "fixtures"


@pytest.fixture(scope="session")
def real_data():
    root = Path(os.environ.get("CAUSAL_MTL_DATA") or Path(__file__).parents[3] / "shared" / "data")
    if not (root / "webnlg").is_dir():
        pytest.skip("no real data: set CAUSAL_MTL_DATA to a folder that holds webnlg/")
    return root
