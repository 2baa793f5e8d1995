import os
import subprocess
import sys

import pytest

from causal_mtl.commands import main
from causal_mtl.version import VERSION

SUBCOMMANDS = [
    "train",
    "evaluate",
    "predict",
    "serve",
    "sweep",
    "tabulate",
    "plot",
    "validate",
    "build-vocab",
    "find-lr",
    "cache",
    "components",
]
HEAVY = {
    "torch",
    "transformers",
    "spacy",
    "numpy",
    "accelerate",
    "safetensors",
    "tqdm",
    "_jsonnet",
    "cached_path",
    "matplotlib",
    "starlette",
    "uvicorn",
}


@pytest.mark.parametrize(
    "arguments", [["--help"], ["--version"], *([name, "--help"] for name in SUBCOMMANDS)]
)
def test_help_imports_nothing_heavy(arguments):
    code = (
        "import sys\n"
        "from causal_mtl.commands import main\n"
        f"try: main({arguments!r})\n"
        "except SystemExit as end: assert not end.code\n"
        f"print(sorted({HEAVY!r} & set(sys.modules)), file=sys.stderr)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stderr.strip() == "[]"
    assert ("usage: causal-mtl" in run.stdout) or run.stdout.strip() == f"causal-mtl {VERSION}"


def test_importing_the_library_imports_nothing_heavy():
    code = f"import sys, causal_mtl; print(sorted({HEAVY!r} & set(sys.modules)), causal_mtl.__version__)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == f"[] {VERSION}"


def test_lazy_names():
    import causal_mtl

    assert callable(causal_mtl.load)
    assert callable(causal_mtl.train)
    assert {"load", "train"} <= set(dir(causal_mtl))
    with pytest.raises(AttributeError, match="trian"):
        _ = causal_mtl.trian


@pytest.mark.parametrize("arguments", [[], ["trian"], ["train"], ["predict", "a"]])
def test_mistakes_in_the_command_line(arguments, capsys):
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 2
    assert "usage: causal-mtl" in capsys.readouterr().err


def test_an_error_is_a_message_and_not_a_traceback(tmp_path, capsys):
    assert main(["train", str(tmp_path / "nowhere.jsonnet"), "-s", str(tmp_path / "run")]) == 2
    error = capsys.readouterr().err
    assert error.startswith("causal-mtl: error: ")
    assert "nowhere.jsonnet" in error
    assert "Traceback" not in error


def test_debug_shows_the_traceback(tmp_path):
    from causal_mtl.common import ConfigurationError

    with pytest.raises(ConfigurationError):
        main(["train", str(tmp_path / "nowhere.jsonnet"), "-s", str(tmp_path / "run"), "--debug"])


def test_several_mistakes_are_listed(config_file, tmp_path, capsys):
    overrides = '{"trainer.num_epochs": "1", "train_data_path": "nowhere"}'
    assert main(["train", str(config_file), "-s", str(tmp_path / "run"), "-o", overrides]) == 2
    error = capsys.readouterr().err
    assert "\n  trainer.num_epochs: expected int" in error
    assert "\n  train_data_path: there is no file" in error
    assert not (tmp_path / "run").exists()


def test_ctrl_c(monkeypatch, capsys):
    from causal_mtl.commands import components

    def interrupted(options):
        raise KeyboardInterrupt

    monkeypatch.setattr(components, "run", interrupted)
    assert main(["components"]) == 130


def test_include_package(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "package_of_my_own.py").write_text(
        "from causal_mtl.nn.encoders import Encoder, PassThrough\n"
        "@Encoder.register('encoder_of_my_own')\n"
        "class Mine(PassThrough):\n    '''It is mine.'''\n"
    )
    assert main(["components", "Encoder", "--include-package", "package_of_my_own"]) == 0
    assert "encoder_of_my_own" in capsys.readouterr().out
    assert main(["components", "Encoder", "--include-package", "package_of_nobody"]) == 2


def test_large_pages_unless_the_environment_says_no(monkeypatch):
    from causal_mtl import __main__ as program

    for environment, wanted in (({}, "1"), ({"THP_MEM_ALLOC_ENABLE": "0"}, "0")):
        monkeypatch.setattr(os, "environ", environment)
        program._use_huge_pages()
        assert environment["THP_MEM_ALLOC_ENABLE"] == wanted
