"""Archives that were damaged or made to do harm, at random: ``python tests/fuzz/archives.py --runs 1000``.

Each archive is loaded, and if it loads a sentence is predicted. A finding is anything but a model or one line of
`ConfigurationError`; damage that changes weights, config or vocabulary and is not noticed; a file that is opened
outside of the archive; a program that is started; much time or memory.
"""

from __future__ import annotations

import argparse
import copy
import gzip
import io
import json
import os
import random
import resource
import signal
import struct
import sys
import tarfile
import tempfile
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from causal_mtl.archive import load_archive, save_archive
from causal_mtl.archive.manifest import manifest_of
from causal_mtl.common import ConfigurationError, resolve
from causal_mtl.data import Vocabulary
from causal_mtl.models import Model
from causal_mtl.predictors import Predictor

SECONDS, MEGABYTES = 60, 600
"""What loading one small archive can take at most; a busy machine is slow."""

CONFIG: dict[str, Any] = {
    "dataset_reader": {
        "type": "jsonl",
        "tokenizer": {"type": "whitespace"},
        "token_indexers": {"tokens": {"type": "single_id"}, "characters": {"type": "characters"}},
    },
    "train_data_path": "/nowhere/train.jsonl",
    "vocabulary": {"min_count": {"tokens": 1}},
    "model": {
        "type": "cmtl",
        "embedder": {
            "tokens": {"type": "embedding", "embedding_dim": 6, "pretrained_file": "/nowhere/vectors.txt"},
            "characters": {"type": "character_cnn", "embedding_dim": 3, "num_filters": 4},
        },
        "encoder": {"type": "bilstm", "hidden_size": 5, "num_layers": 1},
        "label_transfer": {"type": "lstm", "label_dim": 7},
        "tasks": [
            {"type": "sequence_tagging", "name": "entities", "decoding": "viterbi"},
            {"type": "relation_extraction", "name": "relations", "mentions": "entities"},
            {"type": "multi_label_classification", "name": "topics"},
        ],
        "embedding_dropout": 0.1,
    },
    "trainer": {"num_epochs": 1, "optimizer": {"type": "adam", "lr": 0.01}},
    "random_seed": 1,
}
WORDS = ("in", "is", "Aarhus", "Denmark", ".")

HOSTILE: tuple[Any, ...] = (
    *(
        "os.system",
        "subprocess.Popen",
        "shutil.rmtree",
        "builtins.eval",
        "builtins.open",
        "torch.load",
        "..x",
        "",
    ),
    *(
        "causal_mtl.archive.load_archive",
        "torch.nn.Linear",
        "from_archive",
        "from_files",
        "/etc/passwd",
        "../../x",
    ),
    *(
        "http://127.0.0.1:9/model.tar.gz",
        "hf://nobody/nothing",
        "x\ny\x1b[31m",
        "\u202e",
        "None",
        "a" * 10_000,
    ),
    *(0, -1, 1, 2, 10**9, 10**18, 2**63, 10**30, -(10**9), 0.5, 1e308, -0.0, True, False, None),
    *(
        [],
        {},
        [[]],
        {"type": "os.system", "command": "touch /tmp/owned"},
        {"type": "embedding"},
        ["tokens"] * 50,
    ),
)
KEYS = (
    "type",
    "vocab",
    "archive_files",
    "load_pretrained",
    "pretrained_file",
    "hidden_size",
    "num_layers",
    "x",
)


def make_archive(directory: Path) -> Path:
    """A small untrained model, packed."""
    torch.manual_seed(1)
    directory.mkdir(parents=True, exist_ok=True)
    vocab = Vocabulary()
    vocab.add_tokens_to_namespace(WORDS, "tokens")
    vocab.add_tokens_to_namespace(sorted(set("".join(WORDS))), "token_characters")
    for namespace in ("entities_labels", "relations_labels", "topics_labels"):
        vocab.add_tokens_to_namespace([f"{namespace}_{i}" for i in range(3)], namespace)
    plan = resolve(Model, CONFIG["model"], path="model", extras=["vocab", "load_pretrained"])
    model = plan.build(vocab=vocab, load_pretrained=False)
    vocab.save_to_files(directory / "vocabulary")
    (directory / "config.json").write_text(json.dumps(CONFIG))
    (directory / "run.json").write_text(json.dumps({"seed": 1}))
    return save_archive(directory, model)


# -- members of an archive, and back --


def members(archive: Path) -> dict[str, bytes]:
    """The content of each member."""
    with tarfile.open(archive) as tar:
        return {info.name: tar.extractfile(info).read() for info in tar if info.isreg()}  # type: ignore[union-attr]


def with_manifest(content: dict[str, bytes]) -> dict[str, bytes]:
    """As an attacker packs it, with hashes that fit."""
    with tempfile.TemporaryDirectory() as scratch:
        files = {}
        for number, (name, data) in enumerate(content.items()):
            if name != "manifest.json":
                files[name] = Path(scratch) / str(number)
                files[name].write_bytes(data)
        return {"manifest.json": json.dumps(manifest_of(files)).encode(), **{n: content[n] for n in files}}


def pack(
    path: Path,
    content: dict[str, bytes],
    change: Callable[[tarfile.TarInfo], Any] = lambda info: None,
    level: int = 1,
) -> Path:
    """Write an archive, with headers that `change` may alter."""
    with tarfile.open(path, "w:gz", compresslevel=level) as tar:
        for name, data in content.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            change(info)
            tar.addfile(info, io.BytesIO(data))
    return path


# -- what is done to an archive; each returns whether that is damage, which may not go unnoticed --


def flip_bits(rng: random.Random, original: Path, path: Path) -> bool:
    """One to three bits of the file."""
    data = bytearray(original.read_bytes())
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    path.write_bytes(data)
    return True


def flip_bits_unpacked(rng: random.Random, original: Path, path: Path) -> bool:
    """One bit of a member, or of the tar file, with gzip's checksum made anew."""
    data = bytearray(gzip.decompress(original.read_bytes()))
    data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    path.write_bytes(gzip.compress(bytes(data), 1))
    return True


def cut_and_paste(rng: random.Random, original: Path, path: Path) -> bool:
    """A piece of the file is lost, doubled, or replaced by noise."""
    data = original.read_bytes()
    start = rng.randrange(len(data))
    end = min(len(data), start + rng.choice((1, 10, 512, 5000, len(data))))
    piece = rng.choice((b"", data[start:end] * 2, rng.randbytes(end - start)))
    path.write_bytes(data[:start] + piece + data[end:])
    return True


def change_members(rng: random.Random, original: Path, path: Path) -> bool:
    """A member is renamed, lost, emptied, cut, added or doubled; the manifest stays."""
    content = members(original)
    name = rng.choice(list(content))
    kind = rng.randrange(6)
    if kind == 0:
        content[
            rng.choice(("../x", "/tmp/x", "x/./y", "a\\b", "files/../../x", "vocabulary/x.txt", name + "x"))
        ] = content.pop(name)
    elif kind == 1:
        del content[name]
    elif kind == 2:
        content[name] = b""
    elif kind == 3:
        content[name] = content[name][: rng.randrange(len(content[name]) + 1)]
    elif kind == 4:
        content[rng.choice(("vocabulary/more.txt", "files/x", "x", "vocabulary/a/b.txt"))] = b"x\n"
    else:
        content = dict(rng.sample(sorted(content.items()), len(content)))
    pack(path, content)
    return True


def change_headers(rng: random.Random, original: Path, path: Path) -> bool:
    """Members become links or devices, or claim other sizes."""
    types = (
        tarfile.LNKTYPE,
        tarfile.SYMTYPE,
        tarfile.CHRTYPE,
        tarfile.FIFOTYPE,
        tarfile.DIRTYPE,
        b"S",
        b"L",
        b"x",
    )
    victim = rng.choice(list(members(original)))

    def change(info: tarfile.TarInfo) -> None:
        if info.name == victim:
            info.type = rng.choice(types)
            info.linkname = "/etc/passwd"
            info.size = rng.choice((info.size, 0, 10**12, info.size // 2))

    try:
        pack(path, members(original), change)
    except (OSError, tarfile.TarError):  # tarfile cannot write all that it can be given to read
        path.write_bytes(b"")
    return True


def change_config(rng: random.Random, original: Path, path: Path) -> bool:
    """Settings are replaced by what does harm; the manifest is made anew."""
    content = members(original)
    config = copy.deepcopy(CONFIG)
    if rng.random() < 0.2:
        config["model"]["type"] = rng.choice(("mtl", "pmei"))
        del config["model"]["label_transfer"]
    for _ in range(rng.choice((1, 1, 2, 4))):
        places = [
            place for part in ("model", "dataset_reader", "vocabulary") for place in _places(config, part)
        ]
        here, key = rng.choice(places)
        if isinstance(here, dict) and rng.random() < 0.2:
            key = rng.choice(KEYS)
        alike = (
            [value for value in HOSTILE if isinstance(value, type(here[key]))]
            if isinstance(here, list) or key in here
            else []
        )
        here[key] = copy.deepcopy(rng.choice(alike if alike and rng.random() < 0.5 else HOSTILE))
    content["config.json"] = json.dumps(config).encode()
    pack(path, with_manifest(content))
    return False


def _places(container: Any, key: Any) -> Iterator[tuple[Any, Any]]:
    """All settings at and below `key`, each as where it stands and its key."""
    yield container, key
    value = container[key] if isinstance(container, list) else container.get(key)
    for below in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield from _places(value, below)


def change_json(rng: random.Random, original: Path, path: Path) -> bool:
    """The config's text is not what JSON allows, or jsonnet."""
    content = members(original)
    name = rng.choice(("config.json", "manifest.json"))
    texts = (
        '{a: 1}', 'std.extVar("HOME")', 'importstr "/etc/passwd"', '{"model": NaN}', '{"a": 1, "a": 2}', "[]",
        "null", "[" * 100_000, '{"a":' * 500 + "1" + "}" * 500, '{"a": 1e999}', '{"a": ' + "9" * 5000 + "}",
        '"\\ud800"', "\ufeff{}",
    )  # fmt: skip
    content[name] = rng.choice(texts).encode() if rng.random() < 0.8 else rng.randbytes(50)
    pack(path, content if name == "manifest.json" else with_manifest(content))
    return False


def change_vocabulary(rng: random.Random, original: Path, path: Path) -> bool:
    """Lines of a vocabulary file are lost, doubled, added, not UTF-8; the manifest is made anew."""
    content = members(original)
    name = rng.choice([name for name in content if name.startswith("vocabulary/")])
    lines = content[name].split(b"\n")
    place = rng.randrange(len(lines))
    kind = rng.randrange(6)
    lines[place : place + 1] = [
        [],
        lines[place : place + 1] * 2,
        [b"new", b"words"],
        [b"\xff\xfe"],
        [b""],
        [b"*" * 99],
    ][kind]
    content[name] = b"\n".join(lines)
    pack(path, with_manifest(content))
    return False


def change_weights(rng: random.Random, original: Path, path: Path) -> bool:
    """The header of the weights lies, or they are no numbers; the manifest is made anew."""
    content = members(original)
    data = content["weights.safetensors"]
    length = struct.unpack("<Q", data[:8])[0]
    header, body = json.loads(data[8 : 8 + length]), data[8 + length :]
    tensor = header[rng.choice([name for name in header if name != "__metadata__"])]
    kind = rng.randrange(7)
    if kind == 0:
        tensor["shape"] = rng.choice(([10**9, 10**9], [2**63], [-1], [], [0], tensor["shape"] * 2, ["x"]))
    elif kind == 1:
        tensor["data_offsets"] = rng.choice(([0, 10**15], [10, 0], [-1, 5], [0, 0]))
    elif kind == 2:
        tensor["dtype"] = rng.choice(("F64", "I32", "BOOL", "F8_E4M3", "X", 7))
    elif kind == 3:
        header[rng.choice(("a\nb", "", "heads", "__metadata__", "x" * 1000))] = header.pop(
            rng.choice([name for name in header if name != "__metadata__"])
        )
    elif kind == 4:
        place = 4 * rng.randrange(len(body) // 4)
        body = (
            body[:place]
            + struct.pack("<f", rng.choice((float("nan"), float("inf"), 1e38)))
            + body[place + 4 :]
        )
    text = json.dumps(header).encode()
    length = rng.choice((2**63, 0, 10**8, len(text) + 1)) if kind == 5 else len(text)
    content["weights.safetensors"] = (
        struct.pack("<Q", length) + text + (rng.randbytes(9) if kind == 6 else body)
    )
    pack(path, with_manifest(content))
    return False


def bomb(rng: random.Random, original: Path, path: Path) -> bool:
    """A small file that unpacks to a large one."""
    content = members(original)
    name = rng.choice(("weights.safetensors", "config.json", "vocabulary/tokens.txt", "files/x"))
    content[name] = rng.choice((b"\0", b"\n", b" ", b"[")) * rng.choice((40 << 20, 90 << 20))
    pack(path, content if rng.random() < 0.5 else with_manifest(content), level=rng.choice((1, 9)))
    return False


CHANGES = (
    *(
        flip_bits,
        flip_bits_unpacked,
        cut_and_paste,
        change_members,
        change_headers,
        change_config,
        change_config,
    ),
    *(change_config, change_json, change_vocabulary, change_weights, change_weights, bomb),
)


# -- what may happen then --


class TooSlow(BaseException):
    """Loading took too long."""


class _Watch:
    """What a load does that it should not, told by Python's audit events."""

    active: bool = False
    seen: list[str] = []  # noqa: RUF012 - there is one hook per process, and it stays

    @classmethod
    def hook(cls, event: str, arguments: tuple) -> None:
        """Note opened files and started programs."""
        if not cls.active:
            return
        if event == "open" and isinstance(arguments[0], str | bytes):
            path = os.path.realpath(os.fsdecode(arguments[0]))
            if not path.startswith(_ALLOWED):
                cls.seen.append(f"opened {path}")
        elif event in (
            "os.system",
            "subprocess.Popen",
            "os.exec",
            "os.posix_spawn",
            "socket.connect",
            "pty.spawn",
        ):
            cls.seen.append(f"{event} {arguments!r:.200}")


_ALLOWED = tuple(
    os.path.realpath(path)
    for path in (
        sys.prefix,
        sys.base_prefix,
        Path(__file__).parents[2],
        tempfile.gettempdir(),
        "/proc",
        "/sys",
        "/dev",
    )
)


@contextmanager
def watched() -> Iterator[list[str]]:
    """Collect what is done within the block and should not be; at most `SECONDS` long."""
    if not getattr(sys, "_archives_are_watched", False):
        sys.addaudithook(_Watch.hook)
        sys._archives_are_watched = True  # type: ignore[attr-defined]
    _Watch.seen, _Watch.active = [], True
    signal.signal(signal.SIGALRM, _too_slow)
    signal.alarm(SECONDS)
    try:
        yield _Watch.seen
    finally:
        signal.alarm(0)
        _Watch.active = False


def _too_slow(*_: Any) -> None:
    raise TooSlow


def try_archive(path: Path, original: Any = None) -> str | None:
    """What is wrong with how `path` loads; None: nothing.

    Args:
        path: of an archive.
        original: the archive as it was, if what loads must be equal to it.
    """
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    finding = None
    with watched() as seen:
        try:
            archive = load_archive(path)
            if original is not None and not same(archive, original):
                finding = "loaded, but is not what was packed"
            Predictor(archive).predict({"tokens": ["Aarhus", "is", "in", "Denmark", "."]})
        except ConfigurationError as error:
            if len(str(error).splitlines()) != 1 or not str(error).isprintable():
                finding = f"not one printable line: {error!s:.500}"
        except TooSlow:
            finding = f"more than {SECONDS} s"
        except BaseException:
            finding = traceback.format_exc()
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024
    if grown > MEGABYTES:
        finding = f"{grown} MB"
    return "; ".join(seen) or finding


def same(one: Any, other: Any) -> bool:
    """Whether two archives have the same weights bit by bit, config and vocabulary."""
    weights, others = one.model.state_dict(), other.model.state_dict()
    return (
        one.config.as_dict(quiet=True) == other.config.as_dict(quiet=True)
        and one.vocab == other.vocab
        and weights.keys() == others.keys()
        and all(torch.equal(value, others[name]) for name, value in weights.items())
    )


def fuzz(runs: int, seed: int, directory: Path) -> list[str]:
    """The findings of so many archives, each with what makes it again."""
    original = make_archive(directory / "original")
    loaded = load_archive(original)
    Predictor(loaded).predict({"tokens": ["warm", "up"]})
    findings = []
    for number in range(runs):
        rng = random.Random(f"{seed}-{number}")
        change = CHANGES[number % len(CHANGES)]
        path = directory / "changed.tar.gz"
        damage = change(rng, original, path)
        finding = try_archive(path, loaded if damage else None)
        if finding is not None:
            kept = directory / f"finding_{seed}_{number}.tar.gz"
            path.replace(kept)
            findings.append(f"{change.__name__}, run {number} of seed {seed} ({kept}): {finding}")
    return findings


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; 1 if anything was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    directory = Path(tempfile.mkdtemp(prefix="fuzz_archives_"))
    findings = fuzz(options.runs, options.seed, directory)
    print(*findings, f"archives: {options.runs} runs, {len(findings)} findings", sep="\n")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
