from itertools import pairwise, product
from types import SimpleNamespace

import torch

from causal_mtl.nn.tag_decoding import best_paths

PAIRS = {(0, 0), (0, 1), (1, 2), (2, 2), (2, 3), (1, 3), (3, 0), (3, 1)}
CONSTRAINTS = SimpleNamespace(pairs=PAIRS, start={0, 1}, end={0, 3})


def best_by_trying_all(scores):
    def sound(path):
        steps = pairwise(path)
        return path[0] in CONSTRAINTS.start and path[-1] in CONSTRAINTS.end and all(s in PAIRS for s in steps)

    paths = [path for path in product(range(4), repeat=len(scores)) if sound(path)]
    return max(paths, key=lambda path: sum(float(scores[i, tag]) for i, tag in enumerate(path)))


def test_the_best_well_formed_path_is_found_for_every_length():
    torch.manual_seed(1)
    lengths = [1, 2, 5, 4, 3]
    scores = torch.randn(5, 5, 4).log_softmax(-1)
    paths = best_paths(scores, lengths, CONSTRAINTS)
    for row, length in enumerate(lengths):
        assert tuple(paths[row, :length].tolist()) == best_by_trying_all(scores[row, :length])
        assert (paths[row, length:] == 0).all()
