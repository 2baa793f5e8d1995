// What all experiments on `webnlg` and `webnlg_star` share: GloVe and character features, one budget.
// The root of the data is the environment variable CAUSAL_MTL_DATA (default: ../shared/data, if it is there).
local root = std.extVar('CAUSAL_MTL_DATA');

(import 'mtl.libsonnet') + {
  local data = root + '/' + $.dataset,
  dataset:: error 'Must override `dataset`: the folder of the data below CAUSAL_MTL_DATA',
  train_data_path: data + '/train.json',
  validation_data_path: data + '/dev.json',
  model+: {
    embedder+: {
      tokens+: { embedding_dim: 100, pretrained_file: root + '/glove/glove.6B.100d.subset.txt.gz' },
      characters+: { embedding_dim: 30, num_filters: 50 },
    },
    encoder+: { hidden_size: 100 },
    embedding_dropout: 0.5,
    encoder_dropout: 0.2,
  },
  data_loader: { batch_size: 50 },
  trainer+: {
    num_epochs: 30,
    optimizer: { type: 'adam', lr: 2e-3 },
    lr_scheduler: { type: 'linear_with_warmup', num_warmup_steps: 0 },
  },
}
