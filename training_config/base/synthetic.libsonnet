// The world of `causal-mtl synthesize $CAUSAL_MTL_DATA/synthetic`: text → A, (text, A) → B, and C, which A does not touch.
local data = std.extVar('CAUSAL_MTL_DATA') + '/synthetic';
local task(name, parents) = { type: 'single_label_classification', name: name, parents: parents };

{
  dataset_reader: { type: 'jsonl', tokenizer: 'whitespace' },
  train_data_path: data + '/train.jsonl',
  validation_data_path: data + '/dev.jsonl',
  model: {
    type: 'mtl',
    embedder: { tokens: { type: 'embedding', embedding_dim: 16 } },
    encoder: { type: 'cnn', windows: [1], filters: 24 },
    tasks: [task('A', []), task('B', ['A']), task('C', ['A'])],
  },
  data_loader: { batch_size: 64 },
  trainer: {
    num_epochs: 6,
    optimizer: { type: 'adam', lr: 1e-2 },
    lr_scheduler: { type: 'linear_with_warmup', num_warmup_steps: 0 },
    grad_norm: 5.0,
    validation_metric: '-loss',
  },
  random_seed: 13370,
}
