import gzip
import json
from pathlib import Path

import pytest

from causal_mtl.commands import main
from causal_mtl.data import BratReader, JsonlReader, SemEval14Reader

ROOT = Path(__file__).parents[2]


@pytest.fixture
def fixtures():
    return ROOT / "fixtures"


def test_what_is_written_is_read_back(fixtures, tmp_path, capsys):
    out = tmp_path / "new/dev.jsonl"
    assert main(["convert", str(fixtures / "semeval14/dev.xml"), str(out), "--reader", "semeval14"]) == 0
    assert "40 records written" in capsys.readouterr().err
    given = SemEval14Reader().read(fixtures / "semeval14/dev.xml")
    for before, after in zip(given, JsonlReader().read(out), strict=True):
        assert (before.text, before.tokens, before.annotations) == (
            after.text,
            after.tokens,
            after.annotations,
        )
        assert before.metadata == after.metadata


def test_a_compressed_file_is_one(fixtures, tmp_path):
    for name in ("dev.jsonl", "dev.jsonl.gz"):
        assert (
            main(
                [
                    "convert",
                    str(fixtures / "semeval14/dev.xml"),
                    str(tmp_path / name),
                    "--reader",
                    "semeval14",
                ]
            )
            == 0
        )
    plain, packed = ((tmp_path / name).read_bytes() for name in ("dev.jsonl", "dev.jsonl.gz"))
    assert gzip.decompress(packed) == plain
    assert len(list(JsonlReader().read(tmp_path / "dev.jsonl.gz"))) == 40


def test_options_of_the_reader_and_what_it_counted(fixtures, capsysbinary):
    reader = json.dumps({"type": "brat", "unit": "line"})
    assert main(["convert", str(fixtures / "brat"), "-", "--reader", reader]) == 0
    out, err = capsysbinary.readouterr()
    expected = list(BratReader(unit="line").read(fixtures / "brat"))
    assert [json.loads(line)["id"] for line in out.splitlines()] == [i.metadata["id"] for i in expected]
    assert b"4 records written; discontinuous mention: 1; event not read: 1" in err


@pytest.mark.parametrize(
    ("reader", "message"),
    [
        (
            "spertt",
            "--reader: 'spertt' is not a registered name for DatasetReader; did you mean 'spert'?",
        ),
        ('{"type": "conll", "tag": {}}', "--reader.tag: unknown key"),
        ("conll04", "expected '#doc ID'"),
    ],
)
def test_mistakes_leave_no_file(fixtures, tmp_path, capsys, reader, message):
    out = tmp_path / "dev.jsonl"
    assert main(["convert", str(fixtures / "conll/dev.txt"), str(out), "--reader", reader]) == 2
    assert message in capsys.readouterr().err
    assert not out.exists()
