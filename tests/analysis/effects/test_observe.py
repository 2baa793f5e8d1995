"""Which values stand against which."""

import pytest

from causal_mtl.analysis.effects.observe import contrasts
from causal_mtl.analysis.effects.question import LabelQuestion
from causal_mtl.analysis.effects.units import NONE, Family


@pytest.mark.parametrize(
    ("family", "options", "expected"),
    [
        (Family(["x", "y", "z"], 3, []), {}, {0: {1: 0.5, 2: 0.5}, 1: {0: 0.5, 2: 0.5}, 2: {0: 0.5, 1: 0.5}}),
        (Family(["x", "y", NONE], 2, []), {"labels": ["y"]}, {1: {0: 1}}),
        (Family(["x", "y", NONE], 2, []), {"against": NONE}, {0: {2: 1}, 1: {2: 1}}),
        (Family(["x", "y"], 2, []), {"against": "x"}, {1: {0: 1}}),
        (Family(["x", "not x"], 1, []), {}, {0: {1: 1}}),
        (Family(["x"], 1, []), {}, {}),
    ],
)
def test_contrasts(family, options, expected):
    assert contrasts(family, LabelQuestion("A", "B", **options)) == expected
