import pytest

pytest.importorskip("starlette", reason="needs causal-mtl[page]")

from starlette.datastructures import Headers

from causal_mtl.integrations.page.checks import hosts, refusal

ALLOWED = hosts(8000)
JSON = {"content-type": "application/json"}


def status(method, *pairs, **headers):
    raw = [(name.encode(), value.encode()) for name, value in [*pairs, *headers.items()]]
    refused = refusal(method, Headers(raw=raw), ALLOWED)
    return refused and refused[0].value


def post(**headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return status("POST", **{"host": "127.0.0.1:8000", **JSON, **named})


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost:8000", "LocalHost:8000"])
def test_names_of_loopback_are_answered(host):
    assert status("GET", host=host) is None
    assert post(host=host, origin=f"http://{host}") is None


@pytest.mark.parametrize(
    "host",
    ["evil.example:8000", "127.0.0.1:8001", "127.0.0.1", "localhost.evil.example:8000", "0.0.0.0:8000", ""],
)
def test_other_hosts_are_refused(host):
    assert status("GET", host=host) == 400


def test_one_host_is_named():
    assert status("GET") == 400
    assert status("GET", ("host", "127.0.0.1:8000"), ("host", "evil.example")) == 400


def test_the_port_of_http_may_be_left_out():
    assert hosts(80) == ("127.0.0.1:80", "localhost:80", "127.0.0.1", "localhost")


@pytest.mark.parametrize(
    "origin",
    ["http://evil.example", "null", "https://127.0.0.1:8000", "http://127.0.0.1:9000", "http://127.0.0.1"],
)
def test_other_origins_are_refused(origin):
    assert status("GET", host="127.0.0.1:8000", origin=origin) == 403
    assert post(origin=origin) == 403


def test_what_a_browser_says_of_the_site_counts():
    assert post(sec_fetch_site="cross-site") == 403
    assert post(sec_fetch_site="same-site") == 403
    assert post(sec_fetch_site="same-origin") is None


def test_a_form_of_another_page_cannot_send_json():
    assert status("POST", ("content-type", "text/plain"), host="127.0.0.1:8000") == 415
    assert status("POST", host="127.0.0.1:8000") == 415
    assert status("POST", ("content-type", "Application/JSON; charset=utf-8"), host="127.0.0.1:8000") is None
