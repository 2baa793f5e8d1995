// Law article, charge, prison term: CMTL with a CNN per task on a small set in the format of CAIL2018. Texts are read as
// characters, which needs no word segmenter.
{
  dataset_reader: {
    type: 'cail2018',
    tokenizer: 'character',
    token_indexers: { tokens: { type: 'single_id' } },
    min_count: 2,
    count_in: 'fixtures/cail2018/train.json',
  },
  train_data_path: 'fixtures/cail2018/train.json',
  validation_data_path: 'fixtures/cail2018/dev.json',
  model: {
    type: 'cmtl',
    embedder: { tokens: { type: 'embedding', embedding_dim: 40 } },
    encoder: { type: 'cnn', filters: 24 },
    architecture: { type: 'recurrent_cnn', hidden_size: 60 },
    label_transfer: { type: 'lstm', label_dim: 20 },
    label_sampler: { type: 'scheduled', gold_epochs: 4, 'then': { type: 'gumbel', temperature: 0.05 } },
    tasks: [
      { type: 'single_label_classification', name: 'article' },
      { type: 'single_label_classification', name: 'charge' },
      { type: 'single_label_classification', name: 'term' },
    ],
  },
  data_loader: { batch_size: 16 },
  trainer: {
    num_epochs: 10,
    choose_from_epoch: 5,
    optimizer: { type: 'adam', lr: 3e-3 },
    validation_metric: ['+article/macro_f1', '+charge/macro_f1', '+term/macro_f1'],
  },
  random_seed: 13370,
}
