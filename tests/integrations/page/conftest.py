"""Models that a page shows, trained in seconds, and Chromium to look at it."""

import json
import shutil
import threading
from urllib.parse import urlsplit

import pytest

from causal_mtl import load, train
from causal_mtl.analysis.effects import label_probabilities, word_effects
from causal_mtl.integrations.page.analysis import Analysis

TOPICS = [f"topic {number}" for number in range(1, 13)]
CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
PATIENCE = 60_000
"""Milliseconds that the browser waits for anything; other tests use the same processors."""


@pytest.fixture(scope="session")
def served(tmp_path_factory):
    """Loads the model of a directory as the page has it."""
    from causal_mtl.integrations.page.served import ServedModel

    def make(directory, name):
        predictor = load(directory)
        predictor.predict("A text .")  # the first one imports spaCy, which the browser need not wait for
        return ServedModel(name, predictor, Analysis(label_probabilities, word_effects))

    return make


@pytest.fixture(scope="session")
def reviews(served, trained_reviews):
    """Four aspects of a review, and its rating, which follows from them."""
    return served(trained_reviews, "reviews")


@pytest.fixture(scope="session")
def mentions(served, trained):
    """Entities, and relations between them."""
    return served(trained, "mentions")


@pytest.fixture(scope="session")
def nested(served, small):
    """Entities that may overlap, and relations between words."""
    tasks = [
        {"type": "span_classification", "name": "entities", "overlaps": "any"},
        {"type": "relation_extraction", "name": "relations", "mentions": None},
    ]
    reader = {"type": "triples"}
    data = "triples/train.json", "triples/dev.json"
    return served(small(reader, *data, tasks, "+entities/f1", 1), "nested")


@pytest.fixture(scope="session")
def chinese(served, law):
    """Labels of Chinese texts, read as characters."""
    return served(law, "law")


@pytest.fixture(scope="session")
def topics(served, labels_config, tmp_path_factory):
    """Any number of twelve labels."""
    folder = tmp_path_factory.mktemp("topics")
    records = [
        {"text": f"about {one} and {other}", "annotations": {"topics": {"labels": [one, other]}}}
        for one in TOPICS
        for other in TOPICS[:3]
        if one != other
    ]
    for name in ("train", "dev"):
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    tasks = [{"type": "multi_label_classification", "name": "topics"}]
    train(
        labels_config({"type": "jsonl"}, folder / "train.jsonl", folder / "dev.jsonl", tasks),
        folder / "topics",
    )
    return served(folder / "topics", "topics")


@pytest.fixture(scope="module")
def at():
    """Serves models on a free port until the module's tests are done; returns the page's URL."""
    pytest.importorskip("uvicorn", reason="needs causal-mtl[page]")
    from causal_mtl.integrations.page.server import listen, make_server

    stops = []

    def start(*models):
        listening = listen(0)
        listening.listen()
        port = listening.getsockname()[1]
        server = make_server(models, port)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        stops.append((server, thread, listening))
        return f"http://127.0.0.1:{port}/"

    yield start
    for server, thread, listening in stops:
        server.should_exit = True
        thread.join(10)
        listening.close()


@pytest.fixture(scope="session")
def chromium():
    """Where Chromium is; asked for first, so that nothing is trained for tests that are skipped."""
    pytest.importorskip("playwright.sync_api", reason="needs playwright (extra [dev])")
    path = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if path is None:
        pytest.skip(f"needs Chromium: none of {', '.join(CHROMIUM)} is on the PATH")
    return path


@pytest.fixture(scope="module")
def browser(chromium):
    """A headless Chromium, for one module: while it runs no other event loop of this process can."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def new_page(browser):
    """Opens pages of a width; whatever they ask of another machine, or complain of, fails the test."""
    contexts, wrong = [], []

    def check(route):
        if urlsplit(route.request.url).hostname in ("127.0.0.1", "localhost"):
            route.continue_()
        else:
            wrong.append(f"request to {route.request.url}")
            route.abort()

    def open_page(url, width=1100, **options):
        context = browser.new_context(viewport={"width": width, "height": 800}, **options)
        contexts.append(context)
        context.route("**/*", check)
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(f"error: {error}"))
        page.on("console", lambda said: said.type in ("error", "warning") and wrong.append(said.text))
        page.on("websocket", lambda socket: wrong.append(f"socket to {socket.url}"))
        page.goto(url)
        page.wait_for_selector(".panel", state="attached")
        return page

    open_page.wrong = wrong
    yield open_page
    for context in contexts:
        context.close()
    assert wrong == []


@pytest.fixture
def predict(new_page):
    """Opens a page, types a text and waits for its labels."""

    def typed(url, text, **options):
        page = new_page(url, **options)
        page.fill("#text", text)
        page.keyboard.press("Control+Enter")
        page.wait_for_selector(".task >> nth=0")
        return page

    return typed
