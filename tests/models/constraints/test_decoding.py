"""Models that predict only what is consistent."""

import math
from dataclasses import replace
from itertools import combinations, product

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from causal_mtl.common import ConfigurationError, ConfigurationErrors, Params, resolve
from causal_mtl.data.instance import (
    Instance,
    LabelAnnotation,
    Relation,
    RelationAnnotation,
    Span,
    SpanAnnotation,
    Token,
)
from causal_mtl.data.loader import CountableInstance, Loader, TaskLabels
from causal_mtl.data.token_indexers import SingleIdIndexer
from causal_mtl.data.vocabulary import Vocabulary
from causal_mtl.models import Model
from causal_mtl.models.output import ModelOutput
from causal_mtl.nn.pair_scorer import PairScorer
from causal_mtl.tasks import Task

INDEXERS = {"tokens": SingleIdIndexer()}
SINGLE, MULTI = "single_label_classification", "multi_label_classification"
CASES = [("theft", "264", "1"), ("fraud", "266", "2"), ("arson", "114", "2"), ("theft", "264", "2")]


def case(charge, article, term, number):
    words = ("a", "b", str(number))
    tokens = [Token(word, 2 * i, 2 * i + 1) for i, word in enumerate(words)]
    labels = {"article": article, "charge": charge, "term": term}
    return Instance(
        " ".join(words), tokens, {task: LabelAnnotation((label,)) for task, label in labels.items()}
    )


@pytest.fixture
def cases():
    return [case(*labels, number) for number, labels in enumerate(CASES)]


def make(instances, kinds, constraints="training", learn=True, **settings):
    config = {
        "type": "mtl",
        "embedder": {"tokens": {"type": "embedding", "embedding_dim": 4}},
        "tasks": [{"type": kind, "name": name} for name, kind in kinds.items()],
        "constraints": constraints,
        **settings,
    }
    tasks = [Task.from_params(Params(dict(task))) for task in config["tasks"]]
    vocab = Vocabulary.from_instances([CountableInstance(item, INDEXERS, tasks) for item in instances])
    torch.manual_seed(0)
    model = Model.from_params(Params(config), vocab=vocab).eval()
    loader = Loader(instances, vocab, INDEXERS, model.tasks)
    if learn:
        model.learn_combinations(instances)
    return model, loader


TEXTS = dict.fromkeys(("article", "charge", "term"), SINGLE)


def predicted(model, loader, labels=None, **logits):
    """What is decoded from these logits of every text."""
    batch = loader.batch(range(len(loader)))
    outputs = {
        name: torch.tensor([[given[label] for label in model.heads[name].names]] * len(batch))
        for name, given in logits.items()
    }
    decoded = model.decode(ModelOutput(outputs), batch, labels)
    return [{task: annotation.labels for task, annotation in found.items()} for found in decoded]


ARTICLE = {"264": 1.0, "266": 0.9, "114": -3.0}
CHARGE = {"theft": 0.0, "fraud": 0.5, "arson": -3.0}
TERM = {"1": 1.0, "2": 0.0}


def test_the_most_likely_consistent_labels(cases):
    model, loader = make(cases, TEXTS)
    free, _ = make(cases, TEXTS, "none")
    logits = {"article": ARTICLE, "charge": CHARGE, "term": TERM}
    assert predicted(free, loader, **logits)[0] == {"article": ("264",), "charge": ("fraud",), "term": ("1",)}
    # 264 theft 1: 1 + 0 + 1 beats 266 fraud 2: 0.9 + 0.5 + 0
    assert predicted(model, loader, **logits)[0] == {
        "article": ("264",),
        "charge": ("theft",),
        "term": ("1",),
    }
    logits["term"] = {"1": -1.0, "2": 0.0}
    assert predicted(model, loader, **logits)[0] == {
        "article": ("266",),
        "charge": ("fraud",),
        "term": ("2",),
    }


def test_a_score_is_the_probability_of_its_label(cases):
    model, loader = make(cases, TEXTS)
    with torch.no_grad():
        output = model(loader.batch([0]))
    decoded = model.decode(output, loader.batch([0]))
    for task, annotation in decoded[0].items():
        place = model.heads[task].names.index(annotation.labels[0])
        assert annotation.scores[0] == pytest.approx(output.outputs[task].softmax(dim=-1)[0, place].item())


def test_labels_that_a_person_set_are_kept_and_others_follow_them(cases):
    model, loader = make(cases, TEXTS)
    logits = {"article": ARTICLE, "charge": CHARGE, "term": TERM}

    def setting(*charges):
        annotations = [None if charge is None else LabelAnnotation((charge,)) for charge in charges]
        targets = model.tasks["charge"].collate([None] * 4, [3] * 4)
        return {"charge": TaskLabels(annotations, targets)}

    found = predicted(model, loader, setting("arson", None, "fraud", "nonsense"), **logits)
    assert found[0] == {"article": ("114",), "charge": ("arson",), "term": ("2",)}
    assert found[1]["charge"] == ("theft",)
    assert found[2] == {"article": ("266",), "charge": ("fraud",), "term": ("2",)}
    # Nothing goes with what training never showed: the others are decoded as without constraints.
    assert found[3] == {"article": ("264",), "charge": ("nonsense",), "term": ("1",)}


def test_tasks_with_several_labels_give_up_those_that_do_not_fit(cases):
    for item in cases:
        (charge,) = item.annotations["charge"].labels
        item.annotations["means"] = LabelAnnotation(
            {"theft": ("hand", "tool"), "fraud": ("phone",), "arson": ("fire",)}[charge]
        )
    model, loader = make(cases, {"charge": SINGLE, "means": MULTI})
    means = {"hand": 1.0, "tool": -1.0, "phone": 1.0, "fire": -3.0}
    found = predicted(model, loader, charge=CHARGE, means=means)[0]
    assert found == {"charge": ("fraud",), "means": ("phone",)}
    found = predicted(model, loader, charge={**CHARGE, "theft": 2.0}, means=means)[0]
    assert found == {"charge": ("theft",), "means": ("hand",)}
    # A threshold tilts the odds, as it does without constraints.
    model.heads["means"].thresholds = [0.1] * 4
    found = predicted(model, loader, charge=CHARGE, means=means)[0]
    assert set(found["means"]) == {"hand", "tool"}
    assert found["charge"] == ("theft",)


@settings(max_examples=40)
@given(st.lists(st.floats(-6, 6), min_size=10, max_size=10), st.sampled_from([0.5, 0.2, 0.9]))
def test_no_consistent_labels_are_more_likely(logits, threshold):
    means = {"theft": ("hand", "tool"), "fraud": ("phone",), "arson": ("fire", "tool")}
    instances = [case(*labels, 0) for labels in CASES]
    for item in instances:
        item.annotations["means"] = LabelAnnotation(means[item.annotations["charge"].labels[0]])
    kinds = {"article": SINGLE, "charge": SINGLE, "means": MULTI}
    model, loader = make(instances, kinds)
    heads = {name: model.heads[name] for name in kinds}
    heads["means"].thresholds = [threshold] * 4
    values = iter(logits)
    scores = {name: {label: next(values) for label in head.names} for name, head in heads.items()}
    found = predicted(model, loader, **scores)[0]

    def log_probability(article, charge, chosen):
        total = 0.0
        for name, label in (("article", article), ("charge", charge)):
            row = torch.tensor(list(scores[name].values())).double().log_softmax(dim=0)
            total += float(row[heads[name].names.index(label)])
        tilt = math.log(threshold / (1 - threshold))
        for label, logit in scores["means"].items():
            odds = torch.tensor(logit - tilt).double()
            total += float((odds if label in chosen else -odds).sigmoid().log())
        return total

    best = max(
        log_probability(article, charge, chosen)
        for charge, article in {(labels[0], labels[1]) for labels in CASES}
        for count in range(3)
        for chosen in combinations(means[charge], count)
    )
    score = log_probability(found["article"][0], found["charge"][0], found["means"])
    assert score == pytest.approx(best, abs=1e-4)
    assert (found["charge"][0], found["article"][0]) in {labels[:2] for labels in CASES}
    assert set(found["means"]) <= set(means[found["charge"][0]])


def test_a_mapping_in_the_config(cases):
    rules = [{"tasks": ["charge", "article"], "allowed": {"fraud": ["266"]}}]
    model, loader = make(cases, {"article": SINGLE, "charge": SINGLE}, rules)
    logits = {"article": {"264": 5.0, "266": 0.0, "114": 1.0}, "charge": CHARGE}
    assert predicted(model, loader, **logits)[0] == {"article": ("264",), "charge": ("theft",)}
    model.constrain("none")
    assert predicted(model, loader, **logits)[0] == {"article": ("264",), "charge": ("fraud",)}


@pytest.mark.parametrize("kind", ["mtl", "cmtl", "pmei", "mpbfn"])
def test_every_model_predicts_consistently(cases, kind):
    model, loader = make(cases, TEXTS, type=kind)
    model.initialize(loader)
    batch = loader.batch(range(4))
    with torch.no_grad():
        decoded = model.decode(model(batch), batch)
    seen = {tuple(labels[task] for task in ("article", "charge", "term")) for labels in _labels(cases)}
    pairs = {(i, j, labels[i], labels[j]) for labels in seen for i, j in product(range(3), range(3))}
    for annotations in decoded:
        found = [annotations[task].labels[0] for task in ("article", "charge", "term")]
        assert all((i, j, found[i], found[j]) in pairs for i, j in product(range(3), range(3)))


def _labels(instances):
    return [{task: found.labels[0] for task, found in item.annotations.items()} for item in instances]


def sentence(types, relations):
    tokens = [Token(c, i, i + 1) for i, c in enumerate("abcd")]
    spans = [Span(i, i + 1, label) for i, label in enumerate(types)]
    related = tuple(Relation(spans[head], label, spans[tail]) for head, label, tail in relations)
    return Instance(
        "abcd", tokens, {"entities": SpanAnnotation(tuple(spans)), "relations": RelationAnnotation(related)}
    )


GRAPH = {"entities": "span_classification", "relations": "relation_extraction"}


@pytest.fixture
def sentences():
    return [
        sentence(["Peop", "Org", "Loc"], [(0, "works_for", 1), (0, "lives_in", 2)]),
        sentence(["Org", "Loc", "Peop"], [(0, "based_in", 1)]),
    ]


def decoded_relations(model, loader, mentions):
    """The relations that are found among set mentions when each has odds above 1 for every pair."""
    batch = loader.batch([0])
    scorer: PairScorer = model.heads["relations"].scorer
    scorer.bias.data.fill_(50.0)
    fixed = TaskLabels([mentions], model.tasks["entities"].collate([None], [4]))
    with torch.no_grad():
        output = model(batch)
        found = model.decode(output, batch, {"entities": fixed})
    return {(one.head.label, one.label, one.tail.label) for one in found[0]["relations"].relations}


def test_relations_only_between_arguments_of_their_types(sentences):
    model, loader = make(sentences, GRAPH)
    mentions = sentences[0].annotations["entities"]
    allowed = {("Peop", "works_for", "Org"), ("Peop", "lives_in", "Loc"), ("Org", "based_in", "Loc")}
    assert decoded_relations(model, loader, mentions) == allowed
    model.constrain("none")
    assert len(decoded_relations(model, loader, mentions)) == 27
    model.constrain("training")
    assert decoded_relations(model, loader, mentions) == allowed


def test_the_types_of_a_mapping(sentences):
    rules = [{"tasks": ["relations", "entities"], "allowed": {"based_in": [["Loc", "Loc"], ["Org", "Loc"]]}}]
    model, loader = make(sentences, GRAPH, rules)
    found = decoded_relations(model, loader, sentences[0].annotations["entities"])
    assert {one for one in found if one[1] == "based_in"} == {
        ("Loc", "based_in", "Loc"),
        ("Org", "based_in", "Loc"),
    }
    assert len(found) == 2 + 2 * 9


def test_relations_that_a_person_set_are_kept(sentences):
    model, loader = make(sentences, GRAPH)
    batch = loader.batch([0])
    odd = RelationAnnotation((Relation(Span(0, 1, "Loc"), "works_for", Span(1, 2, "Loc")),))
    fixed = {"relations": TaskLabels([odd], model.tasks["relations"].collate([None], [4]))}
    with torch.no_grad():
        assert model.decode(model(batch), batch, fixed)[0]["relations"] == odd


def test_mistakes_are_found_before_data_is_read():
    config = {
        "type": "pmei",
        "embedder": {"tokens": {"type": "embedding", "embedding_dim": 4}},
        "tasks": [{"type": SINGLE, "name": name} for name in ("article", "charge")],
        "constraints": [{"tasks": ["charge", "aricle"]}],
    }

    def problems(**changes):
        with pytest.raises(ConfigurationErrors) as error:
            resolve(Model, {**config, **changes}, path="model", extras=("vocab",), own_checks=True)
        return [problem.path for problem in error.value.problems]

    assert problems() == ["model.constraints[0].tasks"]
    assert problems(type="cmtl") == ["model.constraints[0].tasks"]
    assert problems(type="mpbfn") == ["model.constraints[0].tasks"]
    assert problems(constraints=[{"tasks": ["charge", "article"], "allowed": {"a": [1]}}]) != []
    assert problems(constraints="trainig") == ["model.constraints"]
    tagging = [{"type": "sequence_tagging", "name": "entities"}]
    assert problems(type="mtl", tasks=tagging, constraints="training") == ["model.constraints"]


def test_mistakes_that_need_labels_are_found_before_training(cases, sentences):
    rules = [{"tasks": ["charge", "article"], "allowed": {"thaft": ["264"]}}]
    with pytest.raises(ConfigurationError, match=r"constraints\[0\].allowed.thaft: .* did you mean 'theft'"):
        make(cases, TEXTS, rules)
    with pytest.raises(ConfigurationError, match="have no effect, as training shows all labels together"):
        make([case(a, b, "1", 0) for a, b in product("xy", "12")], {"article": SINGLE, "charge": SINGLE})
    alike = [replace(sentence(["Peop"] * 2, [(0, "r", 1)]))]
    with pytest.raises(ConfigurationError, match="one type only"):
        make(alike, GRAPH)


def test_a_model_that_saw_no_training_cannot_be_constrained_by_it(cases):
    model, loader = make(cases, TEXTS, learn=False)
    with pytest.raises(ConfigurationError, match="constraints: training shows no labels"):
        predicted(model, loader, article=ARTICLE, charge=CHARGE, term=TERM)
