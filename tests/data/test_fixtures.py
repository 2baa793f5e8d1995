"""The bundled data is what its generator writes."""

import subprocess
import sys

from causal_mtl.data import TriplesReader, describe


def test_files_are_what_the_generator_writes(fixtures, tmp_path):
    subprocess.run([sys.executable, fixtures / "make_fixtures.py", tmp_path], check=True)
    for path in tmp_path.rglob("*.*"):
        name = path.relative_to(tmp_path)
        if path.suffix != ".gz":  # its bytes depend on the version of zlib
            assert (fixtures / name).read_bytes() == path.read_bytes(), name


def test_the_triples_are_fit_for_a_first_model(fixtures):
    train = describe(TriplesReader().read(fixtures / "triples/train.json"))
    dev = describe(TriplesReader().read(fixtures / "triples/dev.json"), known_labels=train.labels)
    assert (train.sentences, dev.sentences) == (300, 60)
    assert not dev.tasks["relations"].unseen
    assert train.tasks["relations"].ceiling == dev.tasks["relations"].ceiling == 1
    assert not train.notes
    assert not dev.notes
    assert all(train.tasks["relations"].overlaps[kind] > 10 for kind in ("Normal", "EPO", "SEO"))
