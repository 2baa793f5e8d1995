"""Feed mutated input to `predict`: every record comes out labelled, or as an error record, in its order.

What comes out is strict JSON, and the `jsonl` reader reads it as gold: the predictions, nothing unplaced.

    python tests/fuzz/predictor.py --runs 20000 --seed 0
"""

import json
import logging
import random
import sys
import tempfile
from pathlib import Path

from findings import Findings, arguments
from mutations import mutated_bytes, mutated_value, strict, written

from causal_mtl import load, train
from causal_mtl.commands.output import as_line
from causal_mtl.commands.predict import as_text
from causal_mtl.common import ConfigurationError
from causal_mtl.data import WhitespaceTokenizer, from_json
from causal_mtl.predictors import InputError

FIXTURES = Path(__file__).parents[2] / "fixtures"
GIVEN = {
    "entities": {
        "spans": [{"start": 0, "end": 4, "label": "person"}, {"start": 5, "end": 10, "label": "company"}]
    }
}
PER_FILE = 4


def config():
    """Of a model with a task of each kind, which trains in some seconds."""
    return {
        "dataset_reader": {"type": "jsonl", "tokenizer": {"type": "spacy", "ptb_quotes": True}},
        "train_data_path": str(FIXTURES / "jsonl/train.jsonl"),
        "model": {
            "type": "mtl",
            "embedder": {"tokens": {"type": "embedding", "embedding_dim": 16}},
            "encoder": {"type": "bilstm", "hidden_size": 16},
            "tasks": [
                {"type": "sequence_tagging", "name": "entities"},
                {"type": "relation_extraction", "name": "relations", "threshold": 0.05},
                {"type": "multi_label_classification", "name": "topics"},
            ],
        },
        "data_loader": {"batch_size": 8},
        "trainer": {"num_epochs": 12, "optimizer": {"type": "adam", "lr": 0.02}, "device": "cpu"},
    }


def inputs():
    """Records of every form that `predict` takes."""
    lines = (FIXTURES / "jsonl/dev.jsonl").read_text(encoding="utf-8").splitlines()[:20]
    records = [json.loads(line) for line in lines]
    for number, record in enumerate(records):
        if number % 3:
            del record["annotations"]
        if number % 4 == 1:
            record["tokens"] = record.pop("text").replace(".", " .").split()
        if number % 5 == 2:
            record["more"] = {"a": [None, 0.5, {"b": "“c” ``d''"}]}
    marked = {"text": "Otto Smith said \"yes\" and ``no'' (at 9.30) .", "given": GIVEN}
    return [
        *records,
        marked,
        {"tokens": ["``", "Otto", "''"], "text": '"Otto"', "given": {"topics": {"labels": []}}},
    ]


def check_output(record):
    """A line of output is strict JSON and can be read as gold."""
    as_text(record)
    again = strict(as_line(record))
    if "annotations" not in again:
        assert again.keys() - {"record"} == {"line", "error"}
        return "refused"
    instance = from_json(again, WhitespaceTokenizer())
    assert not instance.notes, instance.notes
    assert [token.text for token in instance.tokens] == again["tokens"]
    for annotation in instance.annotations.values():
        assert not getattr(annotation, "unplaced", ())
    return "labelled"


def check_lines(predictor, content, findings):
    """Predict the content of a file; with "skip" only a malformed list ends it."""
    lines = content.splitlines(keepends=True)
    count = 0
    try:
        for record in predictor.predict_jsonl(lines, on_error="skip"):
            findings.outcomes[check_output(record)] += 1
            findings.outcomes["relations"] += len(
                record.get("annotations", {}).get("relations", {}).get("relations", ())
            )
            count += 1
    except InputError as error:
        if not str(error).startswith("line ") or b"[" not in content:
            raise
        findings.outcomes["malformed lists"] += 1
        return
    if not content.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"["):
        assert count == sum(bool(line.strip()) for line in lines), "lines are missing"


def main():
    options = arguments(__doc__, runs=10_000)
    logging.disable(logging.WARNING)
    findings = Findings()
    originals = inputs()
    with tempfile.TemporaryDirectory() as scratch:
        train(config(), Path(scratch) / "run")
        predictor = load(Path(scratch) / "run", batch_size=8)
        for run in range(options.runs):
            chance = random.Random(options.seed * 1_000_003 + run)
            records = chance.sample(originals, PER_FILE)
            at = chance.randrange(PER_FILE)
            try:
                if chance.random() < 0.2:  # from Python
                    content = mutated_value(chance, records[at])
                    try:
                        findings.outcomes[check_output(predictor.predict(content))] += 1
                    except ConfigurationError:
                        findings.outcomes["refused"] += 1
                    continue
                if chance.random() < 0.6:
                    records[at] = mutated_value(chance, records[at])
                    content = written(chance, records)
                else:
                    content = mutated_bytes(chance, written(chance, records))
                check_lines(predictor, content, findings)
            except Exception as error:
                findings.add(run, error, content)
    return findings.finish("predictor")


if __name__ == "__main__":
    sys.exit(main())
