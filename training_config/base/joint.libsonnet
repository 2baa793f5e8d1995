// Joint entity and relation extraction with typed mentions, as in the CMTL paper: BIOUL tags, relations on the last words
// of two mentions, strict, boundaries and last-token scores. Needs `dataset` and the reader of its format.
local root = std.extVar('CAUSAL_MTL_DATA');

(import 'mtl.libsonnet') + {
  local data = root + '/' + $.dataset,
  dataset:: error 'Must override `dataset`: the folder of the data below CAUSAL_MTL_DATA',
  files:: { train: 'train.json', dev: 'dev.json' },
  train_data_path: data + '/' + $.files.train,
  validation_data_path: data + '/' + $.files.dev,
  model+: {
    embedder+: {
      tokens+: { embedding_dim: 100, pretrained_file: root + '/glove/glove.6B.100d.subset.txt.gz' },
      characters+: { embedding_dim: 30, num_filters: 50 },
    },
    encoder+: { hidden_size: 100 },
    tasks: [
      { type: 'sequence_tagging', name: 'entities', scheme: 'BIOUL' },
      {
        type: 'relation_extraction',
        name: 'relations',
        mentions: 'entities',
        anchor: 'last',
        metrics: ['strict', 'boundaries', 'last_token'],
      },
    ],
    embedding_dropout: 0.5,
    encoder_dropout: 0.3,
  },
  data_loader: { batch_size: 16 },
  trainer+: {
    num_epochs: 40,
    optimizer: { type: 'adam', lr: 2e-3 },
    lr_scheduler: { type: 'linear_with_warmup', num_warmup_steps: 0 },
    validation_metric: ['+entities/f1', '+relations/strict_f1'],
  },
}
