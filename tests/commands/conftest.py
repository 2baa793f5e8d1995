from pathlib import Path

import pytest

from causal_mtl import train

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def fixtures():
    return ROOT / "fixtures"


@pytest.fixture(scope="session")
def reviews(trained_reviews):
    return trained_reviews


@pytest.fixture(scope="module")
def reviews_without_transfer(reviews_config, tmp_path_factory):
    """No labels reach the rating: HMTL."""
    directory = tmp_path_factory.mktemp("without") / "run"
    reviews_config["model"]["label_transfer"] = "none"
    del reviews_config["model"]["label_sampler"]
    train(reviews_config, directory)
    return directory
