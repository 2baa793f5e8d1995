import pytest

from causal_mtl.common import ConfigurationError, Params
from causal_mtl.common.jsonnet import evaluate_file, evaluate_text


def test_what_of_the_environment_was_read(tmp_path, monkeypatch):
    monkeypatch.setenv("CMTL_ONE", "1")
    monkeypatch.setenv("CMTL_TWO", "2")
    monkeypatch.setenv("CMTL_SECRET", "s3cr3t")
    (tmp_path / "part.libsonnet").write_text('std.extVar("CMTL_" + "TWO")')
    (tmp_path / "config.jsonnet").write_text(
        '{a: std.extVar("CMTL_ONE"), b: import "part.libsonnet", c: std.extVar("mine"), '
        'd:: std.extVar("CMTL_SECRET")}'
    )
    params = Params.from_file(tmp_path / "config.jsonnet", ext_vars={"mine": "3"})
    assert params.as_dict() == {"a": "1", "b": "2", "c": "3"}
    assert params.environment == {"CMTL_ONE", "CMTL_TWO"}
    params = Params.from_file(tmp_path / "config.jsonnet", '{e: std.extVar("CMTL_SECRET")}', {"mine": "3"})
    assert params.environment == {"CMTL_ONE", "CMTL_TWO", "CMTL_SECRET"}


def test_errors_do_not_tell_what_variables_hold(monkeypatch):
    monkeypatch.setenv("CMTL_SECRET", "s3cr3t")
    monkeypatch.setenv("CMTL_SECRET_PATH", "s3cr3t/path")
    with pytest.raises(ConfigurationError, match="wrong: <CMTL_SECRET_PATH> <CMTL_SECRET>") as error:
        evaluate_text('error "wrong: " + std.extVar("CMTL_SECRET_PATH") + " " + std.extVar("CMTL_SECRET")')
    assert "s3cr3t" not in str(error.value)


def test_directories(tmp_path):
    with pytest.raises(ConfigurationError, match="is a directory: name a jsonnet or JSON file"):
        evaluate_file(tmp_path)
    (tmp_path / "config.jsonnet").write_text('import "."')
    with pytest.raises(ConfigurationError, match=r'couldn\'t open import "\."'):
        evaluate_file(tmp_path / "config.jsonnet")


def test_text_can_be_imported(tmp_path):
    (tmp_path / "words.txt").write_text("wörter")
    (tmp_path / "config.jsonnet").write_text('{a: importstr "words.txt", b: (import "nothing")}')
    with pytest.raises(ConfigurationError, match="there is no such file"):
        evaluate_file(tmp_path / "config.jsonnet")
    (tmp_path / "config.jsonnet").write_text('{a: importstr "words.txt"}')
    assert evaluate_file(tmp_path / "config.jsonnet") == {"a": "wörter"}
