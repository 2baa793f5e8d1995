// CEBaB: four aspects of a restaurant review, each by itself, and the rating, which depends on them. Training sees the
// observational reviews; the development data holds reviews and their human edits.
local root = std.extVar('CAUSAL_MTL_DATA');
local data = root + '/cebab';
local aspect(name) = { type: 'single_label_classification', name: name, parents: [] };

(import 'mtl.libsonnet') + {
  dataset_reader+: {
    type: 'cebab',
    no_majority: 'median',
    token_indexers: { tokens: { type: 'single_id', lowercase_tokens: true } },
  },
  train_data_path: data + '/train.json',
  validation_data_path: data + '/dev.json',
  model+: {
    embedder: {
      tokens: { type: 'embedding', embedding_dim: 100, word_dropout: 0.05,
                pretrained_file: root + '/glove/glove.6B.100d.subset.txt.gz' },
    },
    encoder+: { hidden_size: 64 },
    tasks: [aspect('food'), aspect('ambiance'), aspect('service'), aspect('noise')] + [
      { type: 'single_label_classification', name: 'rating', parents: ['food', 'ambiance', 'service', 'noise'] },
    ],
    embedding_dropout: 0.5,
    encoder_dropout: 0.3,
  },
  trainer+: {
    num_epochs: 15,
    validation_metric: ['+%s/accuracy' % name for name in ['food', 'ambiance', 'service', 'noise', 'rating']],
  },
}
