"""constraints.txt pins all that an installation brings."""

import re
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement

CONSTRAINTS = Path(__file__).parents[1] / "constraints.txt"
EXTRAS = ("dev", "tensorboard", "plots")
CUDA = re.compile(r"(nvidia|cuda)-|triton$")
"""What torch requires in its CUDA build only, which PyPI has for Linux; CI pins and installs its CPU build."""

INSTALLERS = {"pip", "setuptools", "wheel"}
"""An environment may have brought them itself; `pip freeze` does not count them either."""


def name_of(text):
    return re.sub(r"[-_.]+", "-", Requirement(text).name).lower()


def installed(package):
    """What a package requires; None if it is not installed."""
    try:
        return requires(package) or []
    except PackageNotFoundError:
        return None


def applies(requirement, extras):
    return requirement.marker is None or any(
        requirement.marker.evaluate({"extra": extra}) for extra in ("", *extras)
    )


def unpinned(pins, package="causal-mtl", extras=EXTRAS, requires=installed):
    """The packages that `package` needs here, directly or not, and that `pins` does not name."""
    found, waiting = set(), [(package, frozenset(extras))]
    seen = set(waiting)
    while waiting:
        package, extras = waiting.pop()
        for text in requires(package) or []:
            requirement = Requirement(text)
            name = name_of(text)
            below = name, frozenset(requirement.extras)
            if (
                not applies(requirement, extras)
                or CUDA.match(name)
                or below in seen
                or requires(name) is None
            ):
                continue
            seen.add(below)
            waiting.append(below)
            if name not in pins | INSTALLERS:
                found.add(name)
    return found


@pytest.fixture
def pins():
    lines = CONSTRAINTS.read_text().splitlines()
    return {name_of(line) for line in lines if not line.startswith("#")}


def test_the_pins_are_complete(pins):
    if installed("causal-mtl") is None:
        pytest.skip("the package is not installed")
    assert unpinned(pins) == set()


def test_torch_with_cuda_needs_no_other_pins():
    packages: Mapping[str, list[str]] = {
        "ours": ["torch>=2", "numpy; extra == 'fast'", "gone", "rich; python_version < '3'"],
        "torch": [
            "sympy",
            "Nvidia_cublas==13",
            "triton==3",
            "cuda-toolkit[cublas]==13; extra == ''",
            "new-one",
        ],
        "sympy": ["mpmath"],
        "mpmath": ["sympy"],
        "nvidia-cublas": [],
        "triton": ["unknown"],
        "cuda-toolkit": [],
        "unknown": [],
        "numpy": [],
        "new-one": [],
    }
    pins = {"torch", "sympy", "mpmath"}
    assert unpinned(pins, "ours", ["fast"], packages.get) == {"numpy", "new-one"}
    assert unpinned(pins, "ours", [], packages.get) == {"new-one"}
