import json
from html.parser import HTMLParser

import pytest

from causal_mtl.commands.main import main

TEXTS = [
    {"id": "<b>1</b>", "text": "The soup was delicious. Our waiter <script>ignored</script> us.",
     "annotations": {"rating": {"labels": ["3"]}, "food": {"labels": ["Positive"]}}},
    {"text": "Every dish tasted stale."},
]  # fmt: skip


@pytest.fixture
def texts(tmp_path):
    path = tmp_path / "texts.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in TEXTS))
    return path


class Tags(HTMLParser):
    """The tags of a page, what they refer to, and its visible text."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.tags, self.references, self.text = [], [], ""

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.references += [value for key, value in attributes if key in ("src", "href", "action")]

    def handle_data(self, data):
        self.text += data


def parsed(path):
    page = Tags()
    page.feed(path.read_text(encoding="utf-8"))
    return page


def test_ngrams_as_json_and_as_a_page(reviews, texts, tmp_path):
    out, html = tmp_path / "out.jsonl", tmp_path / "page.html"
    arguments = [str(reviews), str(texts), "--target", "rating", "--n", "1-2", "--output-file", str(out)]
    assert main(["effects", "ngrams", *arguments, "--html", str(html)]) == 0
    first, second = (json.loads(line) for line in out.read_text().splitlines())
    tokens = len(second["tokens"])
    assert len(second["ngrams"]) == 2 * tokens - 1
    assert "3" in first["strongest"]  # the label of gold
    assert sum(first["probabilities"].values()) == pytest.approx(1)
    for gram in first["ngrams"]:
        assert first["text"][gram["start"] : gram["end"]] == gram["text"]
    strongest = [abs(gram["effects"]["3"]) for gram in first["strongest"]["3"]]
    assert strongest == sorted(strongest, reverse=True)
    page = parsed(html)
    assert "script" not in page.tags
    assert "b" not in page.tags
    assert page.references == []
    assert TEXTS[0]["text"] in page.text
    assert "<b>1</b>" in page.text
    assert "http" not in html.read_text().replace("http-equiv", "")


def test_compare_shows_what_each_model_says(reviews, reviews_without_transfer, texts, tmp_path):
    out, html = tmp_path / "out.jsonl", tmp_path / "page.html"
    models = [str(reviews), str(reviews_without_transfer)]
    arguments = [*models, str(texts), "--target", "rating", "--n", "1", "--top", "3"]
    assert main(["effects", "compare", *arguments, "--output-file", str(out), "--html", str(html)]) == 0
    first, _ = (json.loads(line) for line in out.read_text().splitlines())
    assert list(first["predictions"]) == models
    for of in first["predictions"].values():
        assert isinstance(of["food"]["right"], bool)
        assert of["noise"]["right"] is None
    for grams in first["ngrams"].values():
        assert 3 <= len(grams) <= 6
        assert all(list(gram["effects"]) == models for gram in grams)
    page = parsed(html)
    assert TEXTS[0]["text"] in page.text
    assert "✓" in page.text or "×" in page.text
    assert "script" not in page.tags


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--target", "stars"], "--target: the model has no task 'stars'"),
        (["--target", "rating", "--labels", "9"], "--labels: 'rating' has no outcome '9'"),
    ],
)
def test_mistakes(reviews, texts, capsys, options, message):
    assert main(["effects", "ngrams", str(reviews), str(texts), *options]) == 2
    assert message in capsys.readouterr().err


def test_a_bad_record_is_named(reviews, tmp_path, capsys):
    path = tmp_path / "texts.jsonl"
    path.write_text('{"text": "Good."}\n{"txt": "Bad."}\n')
    assert main(["effects", "ngrams", str(reviews), str(path), "--target", "rating"]) == 2
    assert "texts.jsonl:2: give 'text' or 'tokens'" in capsys.readouterr().err


@pytest.mark.parametrize("sizes", ["0", "3-2", "x"])
def test_sizes_that_are_none(reviews, texts, sizes, capsys):
    with pytest.raises(SystemExit):
        main(["effects", "ngrams", str(reviews), str(texts), "--target", "rating", "--n", sizes])
    assert "--n" in capsys.readouterr().err
