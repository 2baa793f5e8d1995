// Legal judgment prediction on a small sample of CAIL2018: law article, charge, prison term. Words start at random and
// texts are read by a CNN with windows of 2 to 5 words, as in the CMTL paper. Its word segmenter was THULAC
// (`tokenizer: 'thulac'`), which takes a minute to read this sample; jieba takes two seconds.
local root = std.extVar('CAUSAL_MTL_DATA');
local data = root + '/cail2018_small';

{
  dataset_reader: {
    type: 'cail2018',
    tokenizer: 'jieba',
    token_indexers: { tokens: { type: 'single_id' } },
    min_count: 10,
    count_in: data + '/train.json',
  },
  train_data_path: data + '/train.json',
  validation_data_path: data + '/dev.json',
  vocabulary: { min_count: { tokens: 2 } },
  model: {
    type: 'mtl',
    embedder: { tokens: { type: 'embedding', embedding_dim: 200, word_dropout: 0.05 } },
    encoder: { type: 'cnn' },
    tasks: [
      { type: 'single_label_classification', name: 'article' },
      { type: 'single_label_classification', name: 'charge' },
      { type: 'single_label_classification', name: 'term' },
    ],
    embedding_dropout: 0.5,
    encoder_dropout: 0.3,
  },
  // Half of the texts have at most 177 tokens and one has 6,783: 32 like that one would take gigabytes.
  data_loader: { batch_size: 32, max_tokens: 16384 },
  trainer: {
    num_epochs: 10,
    optimizer: { type: 'adam', lr: 1e-3 },
    grad_norm: 5.0,
    validation_metric: ['+article/macro_f1', '+charge/macro_f1', '+term/macro_f1'],
  },
  random_seed: 13370,
}
