import gzip
import hashlib
import os
import zipfile
from threading import Thread

import pytest

from causal_mtl.common import ConfigurationError, local_path, open_text, sha256
from causal_mtl.common.files import file_name


def test_local_path(tmp_path, monkeypatch):
    (tmp_path / "a.txt").touch()
    assert local_path(str(tmp_path / "a.txt")) == tmp_path / "a.txt"
    assert local_path(tmp_path) == tmp_path
    monkeypatch.setenv("HOME", str(tmp_path))
    assert local_path("~/a.txt") == tmp_path / "a.txt"


def test_a_missing_file_names_the_nearest_directory(tmp_path):
    with pytest.raises(FileNotFoundError) as error:
        local_path(tmp_path / "b" / "c" / "d.txt")
    assert str(error.value) == (
        f"{tmp_path}/b/c/d.txt: no such file or directory (nearest existing directory: {tmp_path})"
    )


def test_urls_go_through_the_cache(tmp_path, monkeypatch):
    import cached_path

    monkeypatch.setattr(cached_path, "cached_path", lambda url: tmp_path / url.rpartition("/")[2])
    assert local_path("https://example.org/x/model.tar.gz") == tmp_path / "model.tar.gz"
    assert local_path("hf://org/name/model.tar.gz") == tmp_path / "model.tar.gz"


@pytest.mark.parametrize(
    "path",
    ["a b?.txt", "x/a b?.txt", "https://h/x/a%20b%3F.txt?download=true#1", "hf://org/name/a%20b%3F.txt"],
)
def test_the_name_of_a_file(path):
    assert file_name(path) == "a b?.txt"


def test_a_download_that_fails(monkeypatch):
    import cached_path

    def failing(url):
        raise RuntimeError("no\n\nsuch thing")

    monkeypatch.setattr(cached_path, "cached_path", failing)
    with pytest.raises(ConfigurationError, match=r"^hf://org/name/x: cannot be downloaded: no; such thing$"):
        local_path("hf://org/name/x")


def test_sha256(tmp_path):
    data = b"x" * 3_000_000
    (tmp_path / "a").write_bytes(data)
    assert sha256(tmp_path / "a") == hashlib.sha256(data).hexdigest()


def test_sha256_of_a_directory(tmp_path):
    (tmp_path / "notes/inner").mkdir(parents=True)
    (tmp_path / "notes/inner/a.txt").write_text("a")
    first = sha256(tmp_path / "notes")
    (tmp_path / "notes/inner/a.txt").write_text("b")
    edited = sha256(tmp_path / "notes")
    (tmp_path / "notes/inner/a.txt").rename(tmp_path / "notes/inner/b.txt")
    assert len({first, edited, sha256(tmp_path / "notes")}) == 3


def test_open_text_is_utf8_without_byte_order_mark(tmp_path):
    (tmp_path / "a").write_bytes("\ufeffä\n".encode())
    with open_text(tmp_path / "a") as file:
        assert file.read() == "ä\n"


def test_open_text_reads_compressed_files(tmp_path):
    with gzip.open(tmp_path / "a.gz", "wt", encoding="utf-8") as file:
        file.write("ä\nb\n")
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("folder/a.txt", "ä\nb\n")
    for name in ("a.gz", "a.zip"):
        (tmp_path / f"as {name.replace('.', ' ')}").write_bytes((tmp_path / name).read_bytes())
    for name in ("a.gz", "a.zip", "as a gz", "as a zip"):
        with open_text(tmp_path / name) as file:
            assert list(file) == ["ä\n", "b\n"]


def test_open_text_reads_what_cannot_be_read_twice(tmp_path):
    os.mkfifo(tmp_path / "a")
    writer = Thread(target=(tmp_path / "a").write_bytes, args=(b"a\nb\n",))
    writer.start()
    with open_text(tmp_path / "a") as file:
        assert list(file) == ["a\n", "b\n"]
    writer.join()


def test_a_zip_of_several_files_is_an_error(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a", "")
        archive.writestr("b", "")
    with (
        pytest.raises(ConfigurationError, match=r"a\.zip: expected one file .* got 2"),
        open_text(tmp_path / "a.zip"),
    ):
        pass
