from types import SimpleNamespace

import numpy as np
import pytest
import torch

from causal_mtl.analysis.effects import NGrams, Text
from causal_mtl.analysis.effects.ngrams import hidden
from causal_mtl.analysis.effects.page import shaded
from causal_mtl.data import (
    CharactersIndexer,
    Instance,
    LabelAnnotation,
    Relation,
    RelationAnnotation,
    SingleIdIndexer,
    Span,
    SpanAnnotation,
    Token,
    Vocabulary,
)
from causal_mtl.data.vocabulary import OOV_TOKEN
from causal_mtl.models.label_choice import InferredLabel
from causal_mtl.nn.inference import Distribution, Marginal

CHINESE = Instance(
    "他醉酒驾驶摩托车", [Token("他", 0, 1), Token("醉酒", 1, 3), Token("驾驶", 3, 5), Token("摩托车", 5, 8)]
)


def grams(instance=CHINESE):
    spans = [(0, 1), (1, 2), (2, 3), (3, 4), (1, 3)]
    effects = np.array([[0.0, 0.0], [0.4, -0.4], [0.1, 0.0], [-0.6, 0.1], [0.8, 0.0]])
    gold = {"charge": LabelAnnotation(("y",))}
    return NGrams(Text("1", instance, gold), "charge", ["x", "y"], np.array([0.9, 0.1]), spans, effects)


def test_ngrams_stand_as_in_the_text():
    assert grams().words((1, 3)) == "醉酒驾驶"
    spaced = Instance("a  b", [Token("a", 0, 1), Token("b", 3, 4)])
    assert grams(spaced).words((0, 2)) == "a  b"


def test_hiding_changes_no_draws():
    """Else a word that the model does not know would have an effect where labels are drawn."""
    mask = torch.ones(1, 4, dtype=torch.bool)
    given = Distribution("tags", torch.zeros(1, 1, 4, 3), True, mask, False, torch.zeros(1, 1))
    before, after = (
        InferredLabel.of(Marginal(), SimpleNamespace(instances=[one])).branch(given).labels
        for one in (CHINESE, hidden(CHINESE, (1, 2)))
    )
    assert torch.equal(before, after)


def test_the_strongest_speak_for_or_against():
    assert grams().strongest("x", 3) == [4, 3, 1]


def test_a_token_has_the_mean_of_its_ngrams():
    assert grams().by_token("x") == pytest.approx([0, 0.6, 0.45, -0.6])


def test_likeliest_outcomes_and_those_of_gold_are_shown():
    assert grams().shown() == ["x", "y"]
    assert grams().shown(["y"]) == ["y"]


SPAN = Span(0, 1, "per-son")


@pytest.mark.parametrize(
    ("outcomes", "gold", "shown"),
    [
        (["B-per-son", "I-per-son", "B-son"], SpanAnnotation((SPAN,)), ["B-per-son", "I-per-son"]),
        (
            ["born in (head)", "in (head)", "born in (tail)"],
            RelationAnnotation((Relation(SPAN, "born in", SPAN),)),
            ["born in (head)", "born in (tail)"],
        ),
        (["a", "b-a"], LabelAnnotation(("a",)), ["a"]),
    ],
)
def test_tags_and_roles_of_gold_are_shown(outcomes, gold, shown):
    """Besides the likeliest, which have other labels here."""
    names = ["O", "B-x", "B-y", *outcomes]
    probabilities = np.array([0.9, 0.8, 0.7] + [0.1] * len(outcomes))
    text, effects = Text("1", CHINESE, {"t": gold}), np.zeros((0, len(names)))
    assert NGrams(text, "t", names, probabilities, [], effects).shown() == ["O", "B-x", "B-y", *shown]


def test_hidden_words_keep_their_places():
    other = hidden(CHINESE, (1, 3))
    assert [token.text for token in other.tokens] == ["他", OOV_TOKEN, OOV_TOKEN, "摩托车"]
    assert [(t.start, t.end) for t in other.tokens] == [(t.start, t.end) for t in CHINESE.tokens]
    assert other.text == CHINESE.text
    assert CHINESE.tokens[1].text == "醉酒"


def test_indexers_know_a_hidden_word():
    vocab = Vocabulary.empty() if hasattr(Vocabulary, "empty") else Vocabulary()
    for char in "ab@UNKOW":
        vocab.add_token_to_namespace(char, "token_characters")
    tokens = [Token("ab", 0, 2), Token(OOV_TOKEN, 3, 5)]
    indices = CharactersIndexer().tokens_to_indices(tokens, vocab).tolist()
    assert indices[1] == [vocab.get_token_index("nothing known", "token_characters"), 0]
    vocab.add_token_to_namespace("ab", "tokens")
    for lower in (True, False):
        assert SingleIdIndexer(lowercase_tokens=lower).tokens_to_indices(tokens, vocab).tolist()[1] == 1


def test_the_shading_is_escaped_and_complete():
    instance = Instance(
        'a <b> & "c"', [Token("a", 0, 1), Token("<b>", 2, 5), Token("&", 6, 7), Token('"c"', 8, 11)]
    )
    html = shaded(instance, np.array([0.0, 0.5, -1.0, 0.0]), 1.0)
    assert "<b>" not in html
    assert "&lt;b&gt;" in html
    assert 'title="+0.500"' in html
    assert "rgba(0,114,178,0.75)" in html
