import io
import os
import stat
import subprocess
import sys
import threading
from contextlib import suppress

import pytest

from causal_mtl.commands.output import check_outputs, open_output, standard_input, standard_output, write_text
from causal_mtl.common import ConfigurationError


def test_a_file_appears_when_it_is_complete(tmp_path):
    path = tmp_path / "new" / "out.txt"
    with open_output(path) as output:
        output.write(b"one")
        assert not path.exists()
    assert path.read_bytes() == b"one"
    with suppress(ZeroDivisionError), open_output(path) as output:
        output.write(b"two")
        raise ZeroDivisionError
    assert path.read_bytes() == b"one"
    assert (path.parent / "out.txt.partial").read_bytes() == b"two"


def test_a_file_keeps_its_permissions(tmp_path):
    path = tmp_path / "out"
    path.write_text("old")
    path.chmod(0o600)
    write_text(path, "new")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_target_of_a_link_is_replaced(tmp_path):
    target, link = tmp_path / "there" / "target", tmp_path / "link"
    target.parent.mkdir()
    link.symlink_to(target)
    for text in ("one", "two"):
        write_text(link, text)
        assert link.is_symlink()
        assert target.read_text() == text


def test_devices_and_pipes_are_written_to(tmp_path):
    write_text("/dev/null", "x")
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)
    link = tmp_path / "null"
    link.symlink_to("/dev/null")
    write_text(link, "x")
    assert link.is_symlink()
    pipe, read = tmp_path / "pipe", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    check_outputs(output_file=pipe)
    write_text(pipe, "through")
    reader.join(timeout=30)
    assert read == [b"through"]
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert list(tmp_path.iterdir()) == [link, pipe] or list(tmp_path.iterdir()) == [pipe, link]


@pytest.mark.parametrize("path", [None, "-"])
def test_standard_output(path, capfdbinary):
    write_text(path, "é\ud800\n")
    assert capfdbinary.readouterr().out == "é\\ud800\n".encode()


def test_what_cannot_be_written_is_said_before_the_work(tmp_path):
    (tmp_path / "file").write_text("")
    for wrong in (tmp_path, tmp_path / "file" / "below", "", "a\0b"):
        with pytest.raises(ConfigurationError, match=r"^--errors-output-file: "):
            check_outputs(output_file=tmp_path / "good" / "x", errors_output_file=wrong)
    with pytest.raises(ConfigurationError, match=r"is that of --output-file already"):
        check_outputs(output_file=tmp_path / "x", export=tmp_path / "x")
    check_outputs(output_file="/dev/null", export="/dev/null", other=None)
    assert (tmp_path / "good").is_dir()


def test_closed_streams(monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(ConfigurationError, match="standard output is closed"):
        standard_output()
    with pytest.raises(ConfigurationError, match="standard input is closed"):
        standard_input()


@pytest.mark.parametrize(
    ("shell", "status"),
    [
        ("components >&-", 0),
        ("components <&-", 0),
        ("components | true", 0),
        ("components >/dev/full", 2),
        ("predict nowhere - <&-", 2),
        ("train /tmp -s x", 2),
    ],
)
def test_no_traceback_in_the_shell(shell, status, tmp_path):
    command = f"{sys.executable} -m causal_mtl {shell}"
    done = subprocess.run(command, shell=True, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == status, done.stderr
    assert "Traceback" not in done.stderr
    assert "Exception" not in done.stderr
    assert len(done.stderr.splitlines()) <= 1


def test_it_is_bytes(tmp_path):
    with open_output(tmp_path / "x") as output:
        assert isinstance(output, io.BufferedWriter)
