import pickle
import shutil
import socket
import subprocess
import sys

import pytest
import spacy
from spacy import displacy
from spacy.language import Language
from spacy.tokens import Doc, DocBin
from spacy.util import ignore_error

import causal_mtl.integrations.spacy  # noqa: F401  # an installed package is found by its entry point
from causal_mtl import load
from causal_mtl.common import ConfigurationError

LOW = {"model.tasks.1.threshold": 0.02}
"""So that a small training finds relations."""
TEXT = "Umar Silva was born in Bergen and works for Bluefin Energy."


def pipeline(archive, language="en", **config):
    nlp = spacy.blank(language)
    nlp.add_pipe("causal_mtl", config={"archive": str(archive), **config})
    return nlp


def relations(archive, **config):
    return pipeline(archive, overrides=LOW, **config)


@pytest.fixture(scope="module")
def nlp(trained):
    return relations(trained)


def found(doc):
    relations = [
        (r.head.text, r.label, r.tail.text, pytest.approx(r.score, abs=1e-5)) for r in doc._.relations
    ]
    return [(e.text, e.label_) for e in doc.ents], relations, dict(doc.cats)


def test_the_same_as_the_predictor(nlp, trained):
    doc = nlp(TEXT)
    record = load(trained, overrides=LOW).predict({"text": TEXT, "tokens": [token.text for token in doc]})[
        "annotations"
    ]
    assert record["entities"]["spans"]
    assert record["relations"]["relations"]
    wanted = [(s["start"], s["end"], s["label"]) for s in record["entities"]["spans"]]
    assert [(e.start_char, e.end_char, e.label_) for e in doc.ents] == wanted
    assert [(s.start_char, s.end_char, s.label_) for s in doc.spans["entities"]] == wanted
    scores = [s["score"] for s in record["entities"]["spans"]]
    assert doc.spans["entities"].attrs["scores"] == pytest.approx(scores, abs=1e-5)
    assert [(r.head.text, r.label, r.tail.text) for r in doc._.relations] == [
        (r["head"]["text"], r["label"], r["tail"]["text"]) for r in record["relations"]["relations"]
    ]


def test_blanks_change_nothing(nlp):
    spaced = nlp("\n " + TEXT.replace(" ", "  \n", 3) + "  ")
    assert [(" ".join(e.text.split()), e.label_) for e in spaced.ents] == found(nlp(TEXT))[0]


def test_no_text(nlp):
    for text in ("", "  \n"):
        doc = nlp(text)
        assert found(doc) == ([], [], {})
        assert len(doc.spans["entities"]) == 0


def test_labels_of_the_text(aspects, law):
    text = "The pizza was great, but the waiter was rude."
    doc = pipeline(aspects)(text)
    assert [e.text for e in doc.ents] == ["pizza", "waiter"]
    record = load(aspects).predict({"text": text, "tokens": [token.text for token in doc]})
    labels = record["annotations"]["categories"]
    assert doc.cats == pytest.approx(dict(zip(labels["labels"], labels["scores"], strict=True)), abs=1e-5)

    doc = pipeline(law, "zh")("被告人吴某酒后驾驶小型轿车被查获。")  # spaCy's tokens, too, are characters
    assert {key.split("/")[0] for key in doc.cats} == {"article", "charge"}
    assert len(doc.cats) == 2
    assert not doc.ents


def test_two_components(nlp, trained, aspects):
    nlp = pipeline(trained)
    nlp.add_pipe("causal_mtl", name="second", config={"archive": str(aspects), "prefix": "2 "})
    doc = nlp(TEXT)
    assert set(doc.spans) == {"entities", "2 terms"}
    assert found(doc)[0][:2] == found(relations(trained)(TEXT))[0][:2]


def test_pipe_gives_the_same_in_order(nlp):
    texts = [TEXT, "", "Lyon is a city in France.", TEXT + " " + TEXT, " \n", "Umar Silva sleeps."]
    one_by_one = [found(nlp(text)) for text in texts]
    for size in (1, 4, 100):
        docs = list(nlp.pipe(texts, batch_size=size))
        assert [doc.text for doc in docs] == texts
        assert [found(doc) for doc in docs] == one_by_one
    pairs = nlp.pipe([(TEXT, {"id": 7})], as_tuples=True)
    assert [(found(doc), context) for doc, context in pairs] == [(one_by_one[0], {"id": 7})]


def test_several_processes(nlp):
    expected = found(nlp(TEXT))
    docs = list(nlp.pipe([TEXT] * 4, n_process=2, batch_size=2))
    assert [found(doc) for doc in docs] == [expected] * 4


NEW_PROCESS = """
import pickle, sys, spacy
component, text = pickle.load(sys.stdin.buffer)
doc = pickle.loads(component)(spacy.blank("en").make_doc(text))
sys.stdout.buffer.write(doc.to_bytes())
"""


def test_processes_that_are_not_forked(nlp):
    """Such as those that are spawned: the pickled component is all that they have."""
    expected = found(nlp(TEXT))
    content = pickle.dumps((pickle.dumps(nlp.get_pipe("causal_mtl")), TEXT))
    command = [sys.executable, "-c", NEW_PROCESS]
    content = subprocess.run(command, input=content, capture_output=True, check=True, timeout=120).stdout
    assert found(Doc(nlp.vocab).from_bytes(content)) == expected


def test_a_pipeline_carries_its_archive(trained, tmp_path, monkeypatch):
    original = tmp_path / "original.tar.gz"
    shutil.copy(trained / "model.tar.gz", original)
    nlp = relations(original)
    nlp.to_disk(tmp_path / "unused")  # before anything was loaded
    expected = found(nlp(TEXT))
    nlp.to_disk(tmp_path / "pipeline")
    nlp.to_disk(tmp_path / "pipeline")
    content = nlp.to_bytes()
    original.unlink()
    monkeypatch.setattr(socket.socket, "connect", _no_network)
    for name in ("unused", "pipeline"):
        again = spacy.load(tmp_path / name)
        assert found(again(TEXT)) == expected
        again.to_disk(tmp_path / name)  # over itself
        assert found(spacy.load(tmp_path / name)(TEXT)) == expected
    empty = spacy.blank("en")
    empty.add_pipe("causal_mtl", config={"overrides": LOW})
    assert found(empty.from_bytes(content)(TEXT)) == expected
    assert empty.get_pipe("causal_mtl").to_bytes() == (trained / "model.tar.gz").read_bytes()
    empty.to_disk(tmp_path / "from_bytes")
    assert found(spacy.load(tmp_path / "from_bytes")(TEXT)) == expected


def _no_network(*_):
    raise AssertionError("no network is needed")


def test_an_unpacked_archive(trained, tmp_path):
    unpacked = tmp_path / "unpacked"
    shutil.unpack_archive(trained / "model.tar.gz", unpacked)
    nlp = relations(unpacked)
    expected = found(nlp(TEXT))
    nlp.to_disk(tmp_path / "pipeline")
    shutil.rmtree(unpacked)
    assert found(spacy.load(tmp_path / "pipeline")(TEXT)) == expected


def test_what_a_saved_pipeline_names_is_not_opened(nlp, tmp_path):
    nlp.to_disk(tmp_path / "pipeline")
    config = tmp_path / "pipeline/config.cfg"
    stranger = tmp_path / "secret"
    stranger.write_text("not an archive, and nobody's business")
    lines = [
        f'archive = "{stranger}"' if x.startswith("archive =") else x for x in config.read_text().split("\n")
    ]
    config.write_text("\n".join(lines))
    assert str(stranger) in config.read_text()
    assert found(spacy.load(tmp_path / "pipeline")(TEXT)) == found(nlp(TEXT))
    (tmp_path / "pipeline/causal_mtl/model.tar.gz").unlink()
    with pytest.raises(ConfigurationError, match=r"causal_mtl: .*pipeline/causal_mtl/model.tar.gz"):
        spacy.load(tmp_path / "pipeline")


def test_a_damaged_pipeline(nlp, tmp_path):
    nlp.to_disk(tmp_path / "pipeline")
    archive = tmp_path / "pipeline/causal_mtl/model.tar.gz"
    archive.write_bytes(archive.read_bytes()[:-500])
    with pytest.raises(ConfigurationError, match="damaged"):
        spacy.load(tmp_path / "pipeline")


def test_an_archive_that_changed_is_not_saved_as_the_one_that_predicts(trained, aspects, tmp_path):
    archive = tmp_path / "model.tar.gz"
    shutil.copy(trained / "model.tar.gz", archive)
    nlp = pipeline(archive)
    nlp(TEXT)
    shutil.copy(aspects / "model.tar.gz", archive)
    with pytest.raises(ConfigurationError, match="changed since this component was loaded from it"):
        nlp.to_disk(tmp_path / "pipeline")


def test_options(trained):
    nlp = relations(trained, set_ents=False, relations_attribute="triples", batch_size=1)
    doc = nlp(TEXT)
    assert not doc.ents
    assert doc.spans["entities"]
    assert doc._.triples
    predictor = nlp.get_pipe("causal_mtl").predictor
    assert predictor.batch_size == 1
    assert not pipeline(trained, overrides={"model.tasks.1.threshold": 0.999999})(TEXT)._.relations


def test_by_sentence(trained):
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    nlp.add_pipe("causal_mtl", config={"archive": str(trained), "by_sentence": True, "overrides": LOW})
    once = found(relations(trained)(TEXT))
    doc = nlp(f"{TEXT} {TEXT}")
    assert found(doc) == (once[0] * 2, once[1] * 2, {})
    assert doc._.relations[-1].head.start_char > len(TEXT)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"batch_size": 0}, "causal_mtl: batch_size: expected at least 1"),
        ({"ents": "entities", "set_ents": False}, "causal_mtl: ents: 'entities' has no use"),
        ({"archve": "x"}, "archve"),
        ({"device": "gpu"}, "device"),
        ({"batch_size": "many"}, "batch_size"),
    ],
)
def test_options_that_are_wrong(trained, config, message):
    with pytest.raises((ConfigurationError, ValueError), match=message):
        pipeline(trained, **config)


def test_archives_that_are_wrong(trained, tmp_path):
    (tmp_path / "text").write_text("no archive")
    for archive, message in (
        (tmp_path / "nowhere", "causal_mtl: .*nowhere: no such file"),
        (tmp_path / "text", "causal_mtl: .*text: not a model archive"),
        (tmp_path, "there is no model.tar.gz"),
    ):
        nlp = pipeline(archive)
        with pytest.raises(ConfigurationError, match=message):
            nlp(TEXT)
        with pytest.raises(ConfigurationError, match=message):
            nlp.initialize()
        with pytest.raises(ConfigurationError, match=message):
            list(nlp.pipe([TEXT]))
    empty = spacy.blank("en")
    empty.add_pipe("causal_mtl")
    with pytest.raises(ConfigurationError, match="causal_mtl: no archive was given"):
        empty(TEXT)
    with pytest.raises(ConfigurationError, match="causal_mtl: ents: no task 'x'"):
        pipeline(trained, ents="x").initialize()


def test_a_document_that_cannot_be_predicted_goes_to_the_error_handler(nlp, trained):
    bad = Doc(nlp.vocab, words=["two\nlines", "x"])
    with pytest.raises(
        ConfigurationError, match=r"causal_mtl: tokens\[0\]: a token cannot have a line break"
    ):
        nlp(bad)
    failed = []
    tolerant = relations(trained)
    tolerant.set_error_handler(lambda name, component, docs, error: failed.extend(docs))
    docs = [tolerant.make_doc(TEXT), bad, tolerant.make_doc(TEXT)]
    assert [found(doc) for doc in tolerant.pipe(docs)] == [found(nlp(TEXT))] * 2
    assert failed == [bad]
    component = tolerant.get_pipe("causal_mtl")
    component.set_error_handler(ignore_error)
    assert pickle.loads(pickle.dumps(component)).get_error_handler() is ignore_error


def test_documents_can_be_stored(nlp):
    doc = nlp(TEXT)
    stored = DocBin(docs=[doc], store_user_data=True).to_bytes()
    (again,) = DocBin(store_user_data=True).from_bytes(stored).get_docs(spacy.blank("en").vocab)
    assert found(again) == found(doc)
    assert found(nlp(again)) == found(doc)


def test_a_document_that_was_stored_without_user_data_is_refused(nlp):
    (again,) = DocBin(docs=[nlp(TEXT)]).get_docs(nlp.vocab)
    with pytest.raises(ConfigurationError, match="stored without its user data"):
        nlp(again)


def test_displacy_shows_it(nlp):
    doc = nlp(TEXT)
    for entity in doc.ents:
        assert entity.text in (html := displacy.render(doc, style="ent", jupyter=False))
        assert entity.label_ in html
    shown = displacy.render(doc, style="span", options={"spans_key": "entities"}, jupyter=False)
    assert shown.count('class="spans"') == 1
    assert doc.ents[0].label_ in shown


def test_it_is_found_without_an_import():
    assert Language.has_factory("causal_mtl")
    setup = (__import__("pathlib").Path(__file__).parents[3] / "setup.cfg").read_text()
    assert "spacy_factories =\n    causal_mtl = causal_mtl.integrations.spacy:make_component\n" in setup
