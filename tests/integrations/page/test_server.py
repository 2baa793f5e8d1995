"""The socket and the process around the page."""

import configparser
import fnmatch
import http.client
import socket
import sys
from pathlib import Path

import pytest

from causal_mtl.common import ConfigurationError
from causal_mtl.integrations.page.server import import_uvicorn, listen

ROOT = Path(__file__).parents[3]


def test_only_loopback_is_listened_to():
    with listen(0) as listening:
        assert listening.getsockname()[0] == "127.0.0.1"


def test_a_port_that_is_taken_is_an_error():
    with listen(0) as listening:
        listening.listen()
        port = listening.getsockname()[1]
        with pytest.raises(ConfigurationError, match=rf"--port {port}: .*; give another, or 0"):
            listen(port)


@pytest.mark.parametrize("module", ["uvicorn", "starlette"])
def test_what_is_not_installed_is_named_with_its_extra(module, monkeypatch):
    pytest.importorskip("uvicorn", reason="needs causal-mtl[page]")
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ConfigurationError, match=r"pip install 'causal-mtl\[page\]'"):
        import_uvicorn()


def test_a_server_answers_and_refuses(at, chinese):
    url = at(chinese)
    port = int(url.rstrip("/").rpartition(":")[2])
    for host, status in (
        (f"127.0.0.1:{port}", 200),
        (f"localhost:{port}", 200),
        (f"evil.example:{port}", 400),
    ):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        connection.request("GET", "/", headers={"Host": host})
        answer = connection.getresponse()
        assert answer.status == status
        assert answer.getheader("server") is None
        connection.close()


def test_two_hosts_in_one_request_are_refused(at, chinese):
    port = int(at(chinese).rstrip("/").rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nHost: evil.example\r\n\r\n".encode())
        assert connection.recv(100).split()[1] == b"400"


def test_the_page_is_part_of_the_package():
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    patterns = setup["options.package_data"]["causal_mtl"].split()
    package = ROOT / "causal_mtl"
    for path in (package / "integrations/page/static").iterdir():
        name = path.relative_to(package).as_posix()
        assert any(fnmatch.fnmatch(name, pattern) for pattern in patterns), name
