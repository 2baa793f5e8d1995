// Aspects of a restaurant review and its rating: gold aspects are handed to the rating in training.
local aspect(name) = { type: 'single_label_classification', name: name, parents: [] };
local aspects = ['food', 'ambiance', 'service', 'noise'];

{
  dataset_reader: { type: 'cebab', tokenizer: 'spacy', no_majority: 'median' },
  train_data_path: 'fixtures/cebab/train.json',
  validation_data_path: 'fixtures/cebab/dev.json',
  model: {
    type: 'cmtl',
    embedder: { tokens: { type: 'embedding', embedding_dim: 24 } },
    encoder: { type: 'cnn', windows: [1, 2], filters: 16 },
    label_transfer: { type: 'lstm', label_dim: 16 },
    label_sampler: 'gold',
    tasks: [aspect(name) for name in aspects] + [
      { type: 'single_label_classification', name: 'rating', parents: aspects },
    ],
  },
  data_loader: { batch_size: 16 },
  trainer: {
    num_epochs: 15,
    optimizer: { type: 'adam', lr: 5e-3 },
    validation_metric: '-loss',
  },
  random_seed: 13370,
}
