import pytest
import torch

from causal_mtl.data.instance import (
    Instance,
    Relation,
    RelationAnnotation,
    Span,
    SpanAnnotation,
    Token,
)
from causal_mtl.data.vocabulary import Vocabulary

ANN, ACME, PARIS = Span(0, 2, "person"), Span(4, 5, "company"), Span(6, 7, "place")


@pytest.fixture
def instance():
    """Ann Lee works at Acme in Paris: two relations."""
    words = ["Ann", "Lee", "works", "at", "Acme", "in", "Paris"]
    tokens, position = [], 0
    for word in words:
        tokens.append(Token(word, position, position + len(word)))
        position += len(word) + 1
    relations = (Relation(ANN, "employer", ACME), Relation(ACME, "location", PARIS))
    return Instance(
        " ".join(words),
        tokens,
        {"entities": SpanAnnotation((ANN, ACME, PARIS)), "relations": RelationAnnotation(relations)},
    )


@pytest.fixture
def vocab():
    vocab = Vocabulary.empty()
    vocab.add_tokens_to_namespace(["person", "company", "place"], "entities_labels")
    vocab.add_tokens_to_namespace(["employer", "location"], "relations_labels")
    return vocab


@pytest.fixture
def learned(vocab):
    """Make a task's head that has learned one sentence by heart, and its output for it."""

    def learn(task, instance, steps=200):
        torch.manual_seed(0)
        head, length = task.head(len(instance), vocab), len(instance)
        states, mask = torch.eye(length).unsqueeze(0), torch.ones(1, length, dtype=torch.bool)
        targets = task.collate([task.targets(instance, vocab)], [length])
        optimizer = torch.optim.Adam(head.parameters(), lr=0.05)
        for _ in range(steps):
            optimizer.zero_grad()
            head.loss(head(states, mask), targets).backward()
            optimizer.step()
        return head, head(states, mask)

    return learn
