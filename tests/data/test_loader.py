import torch

from causal_mtl.data.instance import Instance, LabelAnnotation, Token
from causal_mtl.data.loader import CountableInstance, Loader
from causal_mtl.data.token_indexers import SingleIdIndexer
from causal_mtl.data.vocabulary import Vocabulary


class FirstLabel:
    """The loader knows no task: any object with these functions will do."""

    name = "topic"

    def count_vocab_items(self, instance, counter):
        for label in instance.annotations["topic"].labels if "topic" in instance.annotations else ():
            counter["topic_labels"][label] += 1

    def targets(self, instance, vocab):
        if "topic" not in instance.annotations:
            return None
        return vocab.get_token_index(instance.annotations["topic"].labels[0], "topic_labels")

    def collate(self, targets, lengths):
        return {"label": torch.tensor([-1 if target is None else target for target in targets])}


def make():
    def instance(words, label=None):
        tokens = [Token(word, 0, 0) for word in words.split()]
        annotations = {"topic": LabelAnnotation((label,))} if label else {}
        return Instance(words, tokens, annotations)

    instances = [instance("a b c", "x"), instance("a"), instance("b b", "y")]
    indexers, tasks = {"tokens": SingleIdIndexer()}, [FirstLabel()]
    vocab = Vocabulary.from_instances([CountableInstance(item, indexers, tasks) for item in instances])
    return Loader(instances, vocab, indexers, tasks), vocab


def test_vocabulary_counts_tokens_and_labels():
    _, vocab = make()
    assert {"a", "b", "c"} <= set(vocab.get_token_to_index_vocabulary("tokens"))
    assert set(vocab.get_token_to_index_vocabulary("topic_labels")) == {"x", "y"}


def test_a_batch_has_the_asked_sentences_in_order_padded_to_the_longest():
    loader, vocab = make()
    batch = loader.batch([1, 0])
    ids = batch.inputs["tokens"]["token_ids"]
    assert [vocab.get_token_from_index(int(i), "tokens") for i in ids[1]] == ["a", "b", "c"]
    assert ids[0, 1:].tolist() == [0, 0]
    assert batch.mask.tolist() == [[True, False, False], [True, True, True]]
    assert [len(instance) for instance in batch.instances] == [1, 3]
    assert len(batch) == 2


def test_counts_say_how_many_sentences_carry_a_task():
    loader, _ = make()
    assert loader.counts([0, 1, 2]) == {"topic": 2}
    assert loader.batch([0, 1]).counts == {"topic": 1}
    assert loader.batch([1]).labels == {}
    gold = loader.batch([2, 1]).labels["topic"]
    assert gold.targets["label"].tolist()[1] == -1
    assert [annotation and annotation.labels for annotation in gold.annotations] == [("y",), None]


def test_moving_keeps_everything():
    loader, _ = make()
    batch = loader.batch([0, 2]).to(torch.device("cpu"))
    assert batch.labels["topic"].targets["label"].shape == (2,)
    assert batch.inputs["tokens"]["token_ids"].shape == (2, 3)


def test_other_tensors_can_stand_in_for_those_of_a_token_indexer():
    loader, _ = make()
    lengths = loader.lengths
    loader.take_from("tokens", lambda indices: {"features": torch.tensor(indices)})
    assert loader.batch([2, 0]).inputs["tokens"]["features"].tolist() == [2, 0]
    assert loader.inputs("tokens", [2, 0])["token_ids"].shape == (2, 3)
    assert loader.lengths is lengths
