"""Archives of strangers: each kind of attack or damage is refused in one line that names the part."""

import copy
import gzip
import importlib.util
import io
import json
import os
import random
import resource
import struct
import tarfile
from pathlib import Path

import pytest
import torch
from safetensors.torch import load, save

from causal_mtl import load as load_predictor
from causal_mtl.archive import load_archive
from causal_mtl.commands import main
from causal_mtl.common import ConfigurationError

_SPEC = importlib.util.spec_from_file_location(
    "fuzz_archives", Path(__file__).parents[1] / "fuzz/archives.py"
)
fuzz = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(fuzz)


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    return fuzz.make_archive(tmp_path_factory.mktemp("original"))


@pytest.fixture(scope="module")
def content(original):
    return fuzz.members(original)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.tar.gz"


def set_at(config, place, value):
    *above, last = place.split(".")
    for key in above:
        config = config[int(key)] if isinstance(config, list) else config.setdefault(key, {})
    config[int(last) if isinstance(config, list) else last] = value


def with_config(content, changes):
    config = copy.deepcopy(fuzz.CONFIG)
    for place, value in changes.items():
        set_at(config, place, value)
    return fuzz.with_manifest({**content, "config.json": json.dumps(config).encode()})


def refusal(path):
    """What `load_archive` says, which must be one printable line that begins with the path."""
    with fuzz.watched() as seen, pytest.raises(ConfigurationError) as error:
        load_archive(path)
    assert not seen
    message = str(error.value)
    assert message.isprintable()
    assert message.startswith(f"{path}: ")
    return message.removeprefix(f"{path}: ")


def test_the_original_loads(original):
    archive = load_archive(original)
    assert set(archive.vocab.get_namespaces()) >= {"tokens", "entities_labels"}
    assert load_predictor(original).predict("in Aarhus")["tokens"] == ["in", "Aarhus"]


# -- code --


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("model", {"type": "os.system", "command": "touch owned"}),
        ("model.type", "os.system"),
        ("model.encoder", {"type": "os.system", "command": "touch owned"}),
        ("model.encoder", "builtins.eval"),
        ("model.embedder.tokens", {"type": "shutil.rmtree", "path": "victim"}),
        ("model.embedder.more", {"type": "builtins.open", "file": "owned", "mode": "w"}),
        ("model.architecture", {"type": "subprocess.Popen", "args": ["touch", "owned"]}),
        ("model.label_transfer", {"type": "pathlib.Path.touch"}),
        ("model.label_sampler", {"type": "os.remove", "path": "victim"}),
        ("model.stochastic_map", {"type": "torch.load", "f": "victim"}),
        ("model.tasks.0", {"type": "importlib.import_module", "name": "owned_module"}),
        ("dataset_reader", {"type": "os.system", "command": "touch owned"}),
        ("dataset_reader.type", "owned_module.Reader"),
        ("dataset_reader.tokenizer", {"type": "owned_module.Tokenizer"}),
        ("dataset_reader.token_indexers.tokens", {"type": "os.mkdir", "path": "owned"}),
        ("validation_dataset_reader", {"type": "owned_module.Reader"}),
        ("model.encoder", {"type": "causal_mtl.nn.encoders.BiLSTM"}),
        ("model.encoder", {"type": "causal_mtl.archive.load_archive", "path": "victim"}),
    ],
)
def test_no_code_is_named(original, content, path, tmp_path, monkeypatch, place, value):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "victim").mkdir()
    (tmp_path / "owned_module.py").write_text("open('owned', 'w')")
    fuzz.pack(path, with_config(content, {place: value}))
    message = refusal(path)
    assert message.startswith(place.removesuffix(".type").replace(".0", "[0]"))
    assert "names registered components only" in message
    assert "--include-package" in message
    assert sorted(os.listdir()) == ["model.tar.gz", "owned_module.py", "victim"]


def test_a_registered_name_of_another_base_is_no_way_in(content, path):
    fuzz.pack(path, with_config(content, {"model.encoder.type": "from_files"}))
    assert "model.encoder.type: 'from_files' is not a registered name for Encoder" in refusal(path)
    fuzz.pack(path, with_config(content, {"model": {"type": "from_archive", "archive_file": "other.tar.gz"}}))
    assert "model.type: 'from_archive' is not a registered name" in refusal(path)


def test_what_is_included_may_be_named(content, path, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    package = f"trusted_{tmp_path.name}"
    (tmp_path / f"{package}.py").write_text(
        "import os\nfrom causal_mtl.data.tokenizers import WhitespaceTokenizer\n"
        "system = os.system\nclass Mine(WhitespaceTokenizer):\n    pass\n"
    )
    fuzz.pack(path, with_config(content, {"dataset_reader.tokenizer": f"{package}.Mine"}))
    (tmp_path / "in.jsonl").write_text('{"text": "in Aarhus"}\n')
    assert main(["predict", str(path), "in.jsonl"]) == 2
    assert f"--include-package {package}" in capsys.readouterr().err
    assert main(["predict", str(path), "in.jsonl", "--include-package", package]) == 0
    predictor = load_predictor(path, include_package=[package])
    assert type(predictor.archive.reader.tokenizer).__name__ == "Mine"
    fuzz.pack(path, with_config(content, {"dataset_reader.tokenizer": f"{package}.system"}))
    assert "is no subclass of Tokenizer" in refusal(path)


# -- other files --


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("model.vocab", {"type": "from_files", "directory": "/etc"}),
        ("model.embedder.tokens.vocab", {"type": "from_files", "directory": "/etc"}),
        ("model.embedder.tokens.load_pretrained", True),
    ],
)
def test_what_the_library_fills_in_cannot_be_set(content, path, place, value):
    fuzz.pack(path, with_config(content, {place: value}))
    assert refusal(path).startswith(f"{place}: a model archive cannot set this")


def test_files_and_urls_in_the_config_are_not_opened(content, path):
    changes = {
        "model.embedder.tokens.pretrained_file": "http://127.0.0.1:9/vectors.gz",
        "initial_weights": "http://127.0.0.1:9/model.tar.gz",
        "train_data_path": "hf://nobody/nothing",
        "vocabulary": {"type": "from_files", "directory": "/etc"},
    }
    fuzz.pack(path, with_config(content, changes))
    with fuzz.watched() as seen:
        assert load_archive(path).vocab.has_token("Aarhus")
    assert not seen


SECRET = "s3cr3t-of-the-environment"


@pytest.mark.parametrize(
    "text",
    [
        '{model: std.extVar("CMTL_SECRET")}',
        'error std.extVar("CMTL_SECRET")',
        'std.extVar("CMTL_SECRET")',
        '{"model": importstr "/etc/passwd"}',
        'import "/etc/hostname"',
        "local x = 1; {}",
        "// comment\n{}",
    ],
)
def test_the_config_is_no_program(content, path, monkeypatch, text):
    monkeypatch.setenv("CMTL_SECRET", SECRET)
    fuzz.pack(path, fuzz.with_manifest({**content, "config.json": text.encode()}))
    message = refusal(path)
    assert message.startswith("config.json: malformed JSON")
    assert SECRET not in message


def test_overrides_are_still_the_users_jsonnet(original, monkeypatch):
    monkeypatch.setenv("CMTL_LIMIT", "3")
    overrides = '{"dataset_reader.max_instances": std.parseInt(std.extVar("CMTL_LIMIT"))}'
    assert load_archive(original, overrides).reader.max_instances == 3


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b'{"model": NaN}', "NaN"),
        (b'{"model": 1e999}', "too large"),
        (b'{"model": ' + b"1" * 5000 + b"}", "too large"),
        (b'{"model": {}, "model": {}}', "given twice"),
        (b"[" * 200_000, "nested too deeply"),
        (b'{"a":' * 200 + b"1" + b"}" * 200, "nested too deeply"),
        (b'{"a": "\\ud800"}', "surrogate pair"),
        (b'{"a": "\xff"}', "utf-8"),
        (b"[]", "expected an object"),
        (b"", "Expecting value"),
        (b" " * (17 << 20), "at most 16,777,216"),
    ],
)
def test_json_to_the_letter(content, path, text, says):
    fuzz.pack(path, fuzz.with_manifest({**content, "config.json": text}))
    message = refusal(path)
    assert message.startswith("config.json: ")
    assert says in message


# -- sizes --


@pytest.mark.parametrize(
    "changes",
    [
        {"model.encoder.hidden_size": 10**9},
        {"model.encoder.hidden_size": 10**18},
        {"model.encoder.hidden_size": 10**40},
        {"model.encoder.num_layers": 10**9},
        {"model.embedder.tokens.embedding_dim": 10**10},
        {"model.embedder.characters.num_filters": 10**9},
        {"model.embedder.characters.ngram_filter_sizes": [10**9]},
        {"model.tasks.1.hidden_size": 10**9},
        {"model.type": "pmei", "model.encoder.hidden_size": 10**8},
        {"dataset_reader.token_indexers.characters.min_padding_length": 10**9},
    ],
)
def test_sizes_that_the_weights_do_not_have_cost_nothing(content, path, changes):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    fuzz.pack(path, with_config(content, changes))
    assert len(refusal(path)) < 1500
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300 << 10


@pytest.mark.parametrize("name", ["weights.safetensors", "vocabulary/tokens.txt", "files/x", "config.json"])
def test_bombs(content, path, name):
    fuzz.pack(path, {**content, name: b"\0" * (100 << 20)}, level=9)
    assert path.stat().st_size < 1 << 20
    assert refusal(path).startswith(f"{name}: 104,")


@pytest.mark.parametrize("type_", [b"x", b"g", b"L", b"K"])
def test_a_tar_header_that_wants_memory(content, path, type_):
    with gzip.open(path, "wb", compresslevel=1) as file:
        info = tarfile.TarInfo("x")
        info.type, info.size = type_, 60 << 20
        file.write(info.tobuf() + b"\0" * info.size)
    assert "unlikely size" in refusal(path) or "bytes unpacked" in refusal(path)


def test_sizes_that_are_only_declared(content, path):
    with gzip.open(path, "wb") as file:
        info = tarfile.TarInfo("weights.safetensors")
        info.size = 10**15
        file.write(info.tobuf(tarfile.GNU_FORMAT) + b"\0" * 1024)
    assert refusal(path).startswith("weights.safetensors: 1,000,000,000,000,")


def test_too_many_members(content, path):
    fuzz.pack(path, {f"files/{number}": b"" for number in range(10_001)})
    assert refusal(path).startswith("more than 10,000 members")


def test_a_namespace_of_millions(content, path, monkeypatch):
    monkeypatch.setattr("causal_mtl.archive.load.MAX_STRINGS", 5)
    fuzz.pack(path, content)
    assert refusal(path).startswith("vocabulary/")
    assert "more than 5 strings" in refusal(path)


# -- members --


@pytest.mark.parametrize(
    "name",
    [
        "../evil.txt",
        "/tmp/evil.txt",
        "files/../../evil.txt",
        "vocabulary/a/b.txt",
        "vocabulary/x.pkl",
        "files/a\\b",
        "files/a\nb",
        "files/" + "a/" * 20 + "x",
        "files/" + "x" * 300,
        "evil.py",
        "config.json/x",
        "Config.json",
    ],
)
def test_names_that_no_member_has(content, path, name, tmp_path):
    fuzz.pack(path, {name: b"evil", **content})
    assert refusal(path).startswith("not a model archive: no member of one is called")
    assert not list(tmp_path.rglob("*evil*"))


@pytest.mark.parametrize(
    "type_",
    [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE, b"S", b"7"],
)
@pytest.mark.parametrize("name", ["vocabulary/tokens.txt", "files/x"])
def test_links_and_devices(content, path, type_, name):
    link = tarfile.TarInfo(name)
    link.type, link.linkname = type_, "/etc/passwd"
    with tarfile.open(path, "w:gz") as tar:
        tar.addfile(link)
        tar.addfile(*_file("config.json", content["config.json"]))
    assert "neither a file nor a directory" in refusal(path) or "damaged" in refusal(path)


def _file(name, data):
    info = tarfile.TarInfo(name)
    info.size = len(data)
    return info, io.BytesIO(data)


def test_a_member_that_comes_twice(content, path):
    with tarfile.open(path, "w:gz") as tar:
        for name, data in [*content.items(), ("config.json", b"{}")]:
            tar.addfile(*_file(name, data))
    assert refusal(path) == "config.json: twice in the archive"


def test_something_behind_the_last_member(original, path):
    path.write_bytes(gzip.compress(gzip.decompress(original.read_bytes()) + b"x" * 1024))
    assert refusal(path).startswith("something follows the last member")


@pytest.mark.parametrize("kind", ["xz", "bz2", ""])
def test_other_compressions(content, path, kind):
    with tarfile.open(path, f"w:{kind}") as tar:
        for name, data in content.items():
            tar.addfile(*_file(name, data))
    assert "not a model archive, or damaged: Not a gzipped file" in refusal(path)


def test_links_in_a_directory(content, tmp_path):
    directory = _unpack(content, tmp_path / "directory")
    secret = tmp_path / "secret.txt"
    secret.write_bytes(content["vocabulary/tokens.txt"])
    (directory / "vocabulary/tokens.txt").unlink()
    (directory / "vocabulary/tokens.txt").symlink_to(secret)
    assert refusal(directory) == "vocabulary/tokens.txt: a link"
    (directory / "vocabulary/tokens.txt").unlink()
    os.mkfifo(directory / "vocabulary/tokens.txt")
    assert refusal(directory) == "vocabulary/tokens.txt: not a regular file"


def _unpack(content, directory):
    for name, data in content.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_bytes(data)
    return directory


# -- weights and vocabulary --


def weights_with(content, change):
    data = content["weights.safetensors"]
    length = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8 : 8 + length])
    change(header)
    text = json.dumps(header).encode()
    return {**content, "weights.safetensors": struct.pack("<Q", len(text)) + text + data[8 + length :]}


BIAS = "heads.topics.layer.bias"


@pytest.mark.parametrize(
    "change",
    [
        lambda header: header[BIAS].update(shape=[10**9, 10**9]),
        lambda header: header[BIAS].update(shape=[2**62, 4]),
        lambda header: header[BIAS].update(shape=[-1]),
        lambda header: header[BIAS].update(data_offsets=[0, 10**15]),
        lambda header: header[BIAS].update(data_offsets=[12, 0]),
        lambda header: header[BIAS].update(dtype="F64"),
        lambda header: header[BIAS].update(dtype="no type"),
        lambda header: header.update({BIAS: 1}),
        lambda header: header.update({"x" * 100: header.pop(BIAS)}),
        lambda header: header.update({"x\ny\x1b[0m": header.pop(BIAS)}),
        lambda header: header[BIAS].update(dtype="I32"),
    ],
)
def test_headers_of_weights_that_lie(content, path, change):
    fuzz.pack(path, fuzz.with_manifest(weights_with(content, change)))
    assert refusal(path).startswith("weights.safetensors: ")


@pytest.mark.parametrize(
    "data", [b"", b"\0" * 100, struct.pack("<Q", 2**63) + b"{}", struct.pack("<Q", 10**9)]
)
def test_weights_that_are_none(content, path, data):
    fuzz.pack(path, fuzz.with_manifest({**content, "weights.safetensors": data}))
    assert refusal(path).startswith("weights.safetensors: damaged: ")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_weights_that_are_not_finite(content, path, value):
    weights = load(content["weights.safetensors"])
    weights[BIAS][1] = value
    fuzz.pack(path, fuzz.with_manifest({**content, "weights.safetensors": save(weights)}))
    assert refusal(path) == f"weights.safetensors: not finite: {BIAS}"


@pytest.mark.parametrize(
    ("name", "change", "says"),
    [
        (
            "tokens",
            lambda lines: lines[:-1],
            "vocabulary/tokens.txt makes 6 words, but there are vectors of 7",
        ),
        ("tokens", lambda lines: [*lines, b"more"], "vocabulary/tokens.txt makes 8 words, but"),
        (
            "tokens",
            lambda lines: lines[1:],
            "vocabulary/tokens.txt: the unknown token '@@UNKNOWN@@' is missing",
        ),
        ("tokens", lambda lines: [*lines, lines[1]], "vocabulary/tokens.txt: 'in' stands there twice"),
        ("tokens", lambda lines: [*lines[:-1], b"\xff"], "vocabulary/tokens.txt: not UTF-8"),
        (
            "token_characters",
            lambda lines: lines[:-1],
            "vocabulary/token_characters.txt has too many or too few",
        ),
        (
            "topics_labels",
            lambda lines: lines[:-1],
            "vocabulary/topics_labels.txt has too many or too few lines",
        ),
        (
            "relations_labels",
            lambda lines: [*lines, b"x"],
            "vocabulary/relations_labels.txt has too many or too few",
        ),
        ("entities_labels", lambda lines: [], "entities"),
        ("non_padded_namespaces", lambda lines: [], "vocabulary/"),
    ],
)
def test_a_vocabulary_that_does_not_fit(content, path, name, change, says):
    file = f"vocabulary/{name}.txt"
    lines = content[file].removesuffix(b"\n").split(b"\n")
    changed = {**content, file: b"".join(line + b"\n" for line in change(lines))}
    fuzz.pack(path, fuzz.with_manifest(changed))
    assert says in refusal(path)
    fuzz.pack(path, changed)  # with the manifest as it was
    assert f"{file}: " in refusal(path)


def test_a_vocabulary_that_is_reordered_or_missing(content, path):
    file = "vocabulary/tokens.txt"
    unknown, *words = content[file].splitlines(keepends=True)
    fuzz.pack(path, {**content, file: b"".join([unknown, *reversed(words)])})
    assert f"{file}: its SHA-256 is not the one in manifest.json" in refusal(path)
    without = {name: data for name, data in content.items() if name != file}
    fuzz.pack(path, without)
    assert f"{file}: missing" in refusal(path)
    fuzz.pack(path, fuzz.with_manifest(without))
    assert "vocabulary/tokens.txt makes 2 words, but there are vectors of 7" in refusal(path)
    fuzz.pack(path, fuzz.with_manifest({n: d for n, d in content.items() if not n.startswith("vocabulary")}))
    assert refusal(path).startswith("vocabulary holds no vocabulary")


# -- damage --


def loads_as_it_was(path, original):
    """False if the damage was found; True if there was none to find."""
    try:
        archive = load_archive(path)
    except ConfigurationError:
        return False
    assert fuzz.same(archive, original)
    return True


def test_single_bits_of_an_archive(original, path):
    expected, data, rng = load_archive(original), original.read_bytes(), random.Random(1)
    # The first ten bytes are gzip's header, of which some mean nothing; the last eight its checksum.
    places = [
        *range(10),
        *(len(data) - 1 - n for n in range(8)),
        *(rng.randrange(len(data)) for _ in range(100)),
    ]
    harmless = 0
    for place in places:
        damaged = bytearray(data)
        damaged[place] ^= 1 << rng.randrange(8)
        path.write_bytes(damaged)
        harmless += loads_as_it_was(path, expected)
    assert harmless <= 8


def test_single_bits_of_an_unpacked_archive(content, original, tmp_path):
    expected, rng = load_archive(original), random.Random(2)
    directory = _unpack(content, tmp_path / "directory")
    assert loads_as_it_was(directory, expected)
    for name, data in content.items():
        for _ in range(12):
            damaged = bytearray(data)
            damaged[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
            (directory / name).write_bytes(damaged)
            found = not loads_as_it_was(directory, expected)
            assert found or name == "manifest.json", name
        (directory / name).write_bytes(data)
    (directory / "vocabulary/more_labels.txt").write_text("x\n")
    assert "vocabulary/more_labels.txt: not listed in manifest.json" in refusal(directory)


def test_the_damaged_member_is_named(original, path):
    """Also where only gzip's checksum of the whole would tell otherwise."""
    data = bytearray(original.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    assert "weights.safetensors: " in refusal(path)


def test_archives_without_a_manifest_load_with_a_warning(content, path, caplog):
    fuzz.pack(path, {name: data for name, data in content.items() if name != "manifest.json"})
    load_archive(path)
    (record,) = caplog.records
    assert "has no manifest.json" in record.message
    assert record.levelname == "WARNING"


@pytest.mark.parametrize(
    "manifest",
    [
        {},
        {"format": 2, "members": {}},
        {"format": 1, "members": []},
        {"format": 1, "members": {"config.json": {"size": 1}}},
        {"format": 1, "members": {"config.json": {"size": -1, "sha256": "0" * 64}}},
        {"format": 1, "members": {"../x": {"size": 1, "sha256": "0" * 64}}},
        {"format": 1, "members": {}},
    ],
)
def test_manifests_that_are_none(content, path, manifest):
    fuzz.pack(path, {**content, "manifest.json": json.dumps(manifest).encode()})
    assert "manifest.json" in refusal(path) or "no member" in refusal(path)


def test_at_random(tmp_path):
    assert fuzz.fuzz(60, 0, tmp_path) == []


def test_the_fuzzer_sees_what_it_should(tmp_path, original, monkeypatch):
    def careless(path):
        (tmp_path / "x").write_text("x")
        os.system("true")
        raise KeyError("a traceback")

    monkeypatch.setattr(fuzz, "load_archive", careless)
    assert "os.system" in fuzz.try_archive(original)
    other = load_archive(original)
    with torch.no_grad():
        next(other.model.parameters()).add_(1e-7)
    monkeypatch.setattr(fuzz, "load_archive", lambda path: other)
    assert fuzz.try_archive(original, load_archive(original)) == "loaded, but is not what was packed"
