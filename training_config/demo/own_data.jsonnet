// A whole config, to copy and change: mentions, relations between them and topics of records in the `jsonl` schema.
//   causal-mtl train training_config/demo/own_data.jsonnet -s runs/own_data
{
  dataset_reader: { type: 'jsonl', token_indexers: { tokens: 'single_id', characters: 'characters' } },
  train_data_path: 'fixtures/jsonl/train.jsonl',
  validation_data_path: 'fixtures/jsonl/dev.jsonl',
  model: {
    type: 'cmtl',
    embedder: {
      tokens: { type: 'embedding', embedding_dim: 50, word_dropout: 0.1 },  // add pretrained_file: 'glove.6B.50d.txt'
      characters: 'character_cnn',
    },
    encoder: { type: 'bilstm', hidden_size: 50 },
    label_sampler: 'gold',  // so that the model follows labels that a person sets
    tasks: [  // in order: each is given the labels of those before it, or of its `parents`
      { type: 'sequence_tagging', name: 'entities' },
      { type: 'relation_extraction', name: 'relations' },
      { type: 'multi_label_classification', name: 'topics' },
    ],
  },
  data_loader: { batch_size: 8 },
  trainer: { num_epochs: 30, optimizer: { type: 'adam', lr: 3e-3 }, validation_metric: '+relations/exact_f1' },
}
