"""Feed mutated files to the dataset readers: each is read, or refused with one line that names file and place.

What was read must be written as strict JSON that the `jsonl` reader reads as the same. Files of word vectors and
of vocabularies too.

    python tests/fuzz/data.py --runs 20000 --seed 0
"""

import json
import logging
import random
import sys
import tempfile
from pathlib import Path

from findings import Findings, arguments
from mutations import mutated_bytes, mutated_value, strict, written

from causal_mtl.common import ConfigurationError
from causal_mtl.data import (
    DatasetReader,
    JsonlReader,
    TriplesReader,
    Vocabulary,
    WhitespaceTokenizer,
    describe,
    render,
    to_json,
)
from causal_mtl.data.pretrained import read_pretrained_words
from causal_mtl.nn.token_embedders.word_vectors import read_word_vectors

FIXTURES = Path(__file__).parents[2] / "fixtures"
READERS = {
    "jsonl": JsonlReader(WhitespaceTokenizer()),
    "spacy": JsonlReader(),
    "triples": TriplesReader(),
    **{name: DatasetReader.by_name(name)() for name in ("spert", "dygie", "doccano", "cail2018", "cebab")},
}
TEXT_FILES = {"conll": "conll/dev.txt", "conll04": "conll04/dev.txt", "semeval14": "semeval14/dev.xml"}
SOURCES = {
    "jsonl": ["jsonl/train.jsonl", "jsonl/dev.jsonl"],
    "spacy": ["jsonl/train.jsonl"],
    "triples": ["triples/dev.json", "triples/spo.json", "triples/copyre.jsonl"],
    "spert": ["spert/dev.json"],
    "dygie": ["dygie/dev.jsonl"],
    "doccano": ["doccano/dev.jsonl"],
    "cail2018": ["cail2018/dev.json"],
    "cebab": ["cebab/dev.json"],
}
PER_FILE = 4


def records_of(path):
    text = path.read_text(encoding="utf-8")
    return (
        json.loads(text) if text.lstrip().startswith("[") else [json.loads(x) for x in text.splitlines() if x]
    )


def with_tokens(records):
    """Records that have tokens and the indices of spans as `predict` writes them."""
    from causal_mtl.data import from_json

    return [to_json(from_json(record, WhitespaceTokenizer())) for record in records]


def check_read(reader, path):
    """Read a file; what is read must come back the same by way of the schema."""
    instances = list((READERS.get(reader) or DatasetReader.by_name(reader)()).read(path))
    render(describe(instances))
    lines = [json.dumps(to_json(i), ensure_ascii=False, allow_nan=False) for i in instances]
    back = path.with_name("back.jsonl")
    back.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    for instance, again, line in zip(instances, READERS["jsonl"].read(back), lines, strict=True):
        strict(line)
        assert (again.text, again.tokens) == (instance.text, instance.tokens)
        assert again.annotations == instance.annotations
    vocab = Vocabulary.empty()
    for instance in instances:
        vocab.add_tokens_to_namespace(token.text for token in instance.tokens)
    vocab.save_to_files(path.with_name("vocabulary"))
    assert Vocabulary.from_files(path.with_name("vocabulary")) == vocab


def check_vectors(path):
    """Read word vectors, which must all be finite."""
    vectors = dict(read_word_vectors(str(path), 20))
    assert all(abs(vector).max() < 1e38 for vector in vectors.values())
    assert len(read_pretrained_words(str(path))) >= len(vectors)


def check_vocabulary(path):
    """Read a vocabulary whose file of tokens this is, write it and read it again."""
    directory = path.with_name("given")
    directory.mkdir(exist_ok=True)
    (directory / "non_padded_namespaces.txt").write_text("*tags\n*labels\n")
    (directory / "tokens.txt").write_bytes(path.read_bytes())
    vocab = Vocabulary.from_files(directory)
    vocab.save_to_files(path.with_name("written"))
    assert Vocabulary.from_files(path.with_name("written")) == vocab


def main():
    options = arguments(__doc__, runs=20_000)
    logging.disable(logging.WARNING)
    findings = Findings()
    sources = {
        name: [records for file in files if len(records := records_of(FIXTURES / file)) >= 1]
        for name, files in SOURCES.items()
    }
    sources["jsonl"].append(with_tokens(records_of(FIXTURES / "jsonl/train.jsonl")))
    originals = {name: (FIXTURES / file).read_bytes() for name, file in TEXT_FILES.items()}
    originals["vectors"] = b"".join((FIXTURES / "glove.txt").read_bytes().splitlines(keepends=True)[:8])
    originals["vocabulary"] = b"@@UNKNOWN@@\nthe\nof\na b\n@@NEWLINE@@\n"
    with tempfile.TemporaryDirectory() as scratch:
        for run in range(options.runs):
            chance = random.Random(options.seed * 1_000_003 + run)
            kind = chance.choice([*READERS, *READERS, *TEXT_FILES, "vectors", "vocabulary"])
            path = Path(scratch) / "input.json"
            if kind in READERS:
                records = chance.choice(sources[kind])
                records = chance.sample(records, min(len(records), PER_FILE))
                if chance.random() < 0.65:
                    at = chance.randrange(len(records))
                    records[at] = mutated_value(chance, records[at])
                    content = written(chance, records)
                else:
                    content = mutated_bytes(chance, written(chance, records))
            else:
                content = mutated_bytes(chance, originals[kind])
            path.write_bytes(content)
            try:
                if kind in READERS or kind in TEXT_FILES:
                    check_read(kind, path)
                else:
                    (check_vectors if kind == "vectors" else check_vocabulary)(path)
                findings.outcomes[f"{kind} read"] += 1
            except ConfigurationError as error:
                message = str(error)
                message.encode("utf-8")
                findings.outcomes[f"{kind} refused"] += 1
                if "\n" in message or not message.startswith(scratch):
                    findings.add(run, AssertionError(f"no place in: {message}"), content)
            except Exception as error:
                findings.add(run, error, content)
    return findings.finish("data")


if __name__ == "__main__":
    sys.exit(main())
