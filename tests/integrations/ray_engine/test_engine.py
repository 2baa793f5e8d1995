"""Prediction by Ray. One local Ray serves all tests; each job starts its own workers."""

import gzip
import json
from pathlib import Path

import pytest

from causal_mtl.commands.main import main
from causal_mtl.common import ConfigurationError
from causal_mtl.integrations.ray_engine.attempts import MAX_ATTEMPTS, Attempts
from causal_mtl.integrations.ray_engine.session import session
from causal_mtl.integrations.ray_engine.worker import Settings, Worker, _row

ROOT = Path(__file__).parents[3]
TEXTS = [record["text"] for record in json.loads((ROOT / "fixtures/triples/dev.json").read_text())]

KILLING = """
import os, signal
from pathlib import Path
from causal_mtl.predictors import Predictor

@Predictor.register("killing")
class Killing(Predictor):
    def json_to_instance(self, record):
        if record.get("kill") and not Path("killed").exists():
            Path("killed").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return super().json_to_instance(record)
"""


@pytest.fixture(scope="module")
def a_ray():
    pytest.importorskip("ray", reason="needs causal-mtl[ray]")
    psutil = pytest.importorskip("psutil")
    before = set(psutil.Process().children(recursive=True))
    with session(workers=2):
        yield
    left = set(psutil.Process().children(recursive=True)) - before
    _, alive = psutil.wait_procs(left, timeout=20)
    assert not alive


def run(*arguments):
    return main(["predict", *map(str, arguments)])


def lines(records):
    return "".join(json.dumps(record) + "\n" for record in records)


def test_a_killed_worker_changes_nothing(a_ray, trained, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "killing_predictor.py").write_text(KILLING)
    records = [{"id": number, "text": text} for number, text in enumerate(TEXTS)]
    records[40]["kill"] = True
    bad = [*records[:30], {"id": "no text"}, *records[30:]]
    (tmp_path / "in.jsonl.gz").write_bytes(gzip.compress(lines(bad).encode() + b'\n{"text": "\xff"}\n'))
    options = ("in.jsonl.gz", "--batch-size", 1, "--on-error", "skip", "--output-file")
    assert run(trained, *options, "plain.jsonl") == 1
    expected = capfd.readouterr().err
    killing = ("--include-package", "killing_predictor", "--predictor", "killing")
    assert run(trained, *options, "ray.jsonl.gz", "--engine", "ray", "--workers", 2, *killing) == 1
    assert (tmp_path / "killed").exists()
    assert (
        gzip.decompress((tmp_path / "ray.jsonl.gz").read_bytes()) == (tmp_path / "plain.jsonl").read_bytes()
    )
    printed = capfd.readouterr()
    assert printed.out == ""
    assert expected in printed.err
    assert not list(tmp_path.glob("*.partial"))


def test_a_bad_line_stops(a_ray, trained, tmp_path, capfd):
    good = lines({"text": text} for text in TEXTS[:40])
    for name, text in {"a": good, "b": good + '{"text": 1}\n', "c": good}.items():
        (tmp_path / f"{name}.jsonl").write_text(text)
    output = tmp_path / "out.jsonl"
    output.write_text("earlier\n")
    options = ("--batch-size", 1, "--output-file", output)
    assert run(trained, tmp_path / "a.jsonl", *options) == 0
    whole = output.read_bytes()
    capfd.readouterr()
    assert run(trained, f"{tmp_path}/[abc].jsonl", *options, "--engine", "ray", "--workers", 1) == 2
    error = capfd.readouterr().err.splitlines()[-1]
    assert error == f"causal-mtl: error: {tmp_path}/b.jsonl: line 41: text: expected a string, got 1"
    assert output.read_bytes() == whole
    assert (tmp_path / "out.jsonl.partial").read_bytes() == whole * 2


def test_parquet_in_and_out(a_ray, trained, tmp_path):
    import pyarrow as pa
    from pyarrow import parquet

    ids = pa.array(range(100, 140), pa.int16())
    folder = tmp_path / "in"
    folder.mkdir()
    none = pa.nulls(40, pa.string())
    parquet.write_table(pa.table({"id": ids, "text": TEXTS[:40], "given": none}), folder / "1.parquet")
    texts = pa.array([b"", b"a", b"\xff", b"a", b"a"]).view(pa.string())
    given = [None, None, None, r'{"\ud800": {}}', "[" * 100_000]
    parquet.write_table(pa.table({"id": ids[:5], "text": texts, "given": given}), folder / "2.parquet")
    output = tmp_path / "out.parquet"
    options = ("--engine", "ray", "--workers", 1, "--batch-size", 1, "--on-error", "skip")
    assert run(trained, folder, *options, "--output-file", output) == 1
    table = parquet.read_table(output)
    assert table.schema.field("id").type == pa.int16()
    assert table["id"].to_pylist() == [*range(100, 140), None, 101, None, None, None]
    assert table["text"].to_pylist() == [*TEXTS[:40], None, "a", None, None, None]
    errors = [json.loads(value) for value in table["fields"].to_pylist() if value]
    assert errors[0] == {
        "file": str(folder / "2.parquet"),
        "line": 1,
        "error": "there are no tokens in this text",
    }
    assert [(error["line"], error["error"].partition(":")[0]) for error in errors[1:]] == [
        (3, "not UTF-8"),
        (4, "given"),
        (5, "given"),
    ]
    (tmp_path / "in.jsonl").write_text(lines({"id": 1, "text": text} for text in TEXTS[:40]))
    assert run(trained, tmp_path / "in.jsonl", "--batch-size", 1, "--output-file", tmp_path / "plain") == 0
    plain = [json.loads(line) for line in (tmp_path / "plain").read_text().splitlines()]
    annotations = [json.loads(value) for value in table["annotations"].to_pylist() if value]
    assert annotations[:-1] == [record["annotations"] for record in plain]


def test_a_window_that_kills_its_workers_ends_the_run(a_ray, trained):
    import ray

    attempts = ray.remote(num_cpus=0)(Attempts).remote()
    worker = Worker(Settings(str(trained), written=lambda record: b""), attempts)
    window = _row(file="a.jsonl", numbers=[3, 4], lines=[b'{"text": "a"}', b'{"text": "b"}'], error="")
    for _ in range(MAX_ATTEMPTS):
        assert worker(window)["error"].to_pylist() == [""]
    (error,) = worker(window)["error"].to_pylist()
    assert error.startswith(f"lines 3 to 4: {MAX_ATTEMPTS} workers died")


def test_a_worker_that_cannot_load_says_so(tmp_path):
    pytest.importorskip("pyarrow", reason="needs causal-mtl[ray]")
    worker = Worker(Settings(str(tmp_path / "nowhere"), written=lambda record: b""), None)
    (row,) = worker(_row(file="a.jsonl", numbers=[1], lines=[b"{}"], error="")).to_pylist()
    assert str(tmp_path / "nowhere") in row["error"]
    assert row["lines"] == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-", "--engine", "ray"], "--engine ray reads files, not standard input"),
        (["a.jsonl", "--workers", "2"], "--workers is for --engine ray"),
        (["a.parquet"], "Parquet files are for --engine ray"),
        (["a.jsonl", "--output-file", "b.parquet"], "Parquet files are for --engine ray"),
        (
            ["a.jsonl", "--engine", "ray", "--readable", "--output-file", "b.parquet"],
            "--readable: a Parquet file",
        ),
    ],
)
def test_what_an_engine_does_not_do_is_refused(trained, arguments, message, capsys):
    assert run(trained, *arguments) == 2
    assert message in capsys.readouterr().err


def test_without_ray_the_extra_is_named(trained, tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(__import__("sys").modules, "ray", None)
    assert run(trained, tmp_path / "a.jsonl", "--engine", "ray") == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "pip install 'causal-mtl[ray]'" in line


def test_more_gpu_workers_than_gpus_are_refused():
    from causal_mtl.integrations.ray_engine.session import _check_gpus

    _check_gpus(2, 2.0)
    with pytest.raises(ConfigurationError, match="needs as many GPUs; this machine has 1"):
        _check_gpus(2, 1.0)
