import numpy as np
import pytest

from causal_mtl.analysis.effects.overlap import overlap


def test_entropy_and_shares():
    found = overlap(np.array([[0.5, 0.5], [1.0, 0.0], [0.97, 0.03], [0.1, 0.9]]), ["a", "b"])
    entropies = [1.0, 0.0, 0.1944, 0.4690]
    assert found.entropy == pytest.approx(sum(entropies) / 4, abs=1e-3)
    assert found.decided == 0.5
    assert found.open == {"a": 0.5, "b": 0.5}


def test_a_warning_where_the_text_decides():
    sure = overlap(np.array([[0.99, 0.01]] * 3 + [[0.5, 0.5]]), ["a", "b"])
    assert "the text nearly decides 'A' in 75% of the cases" in sure.warning("A")
    assert overlap(np.array([[0.7, 0.3]]), ["a", "b"]).warning("A") == ""
