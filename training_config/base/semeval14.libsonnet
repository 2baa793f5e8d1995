// SemEval-2014 restaurants: aspect terms, then the aspect categories of the sentence. The file has no split: 15% are kept
// for development, as in the CMTL paper, by the ids of the sentences.
local root = std.extVar('CAUSAL_MTL_DATA');
local part(name) = { name: name, shares: { train: 0.85, dev: 0.15 } };

(import 'mtl.libsonnet') + {
  dataset_reader+: { type: 'semeval14', part: part('train') },
  validation_dataset_reader: $.dataset_reader { part: part('dev') },
  train_data_path: root + '/semeval14/Restaurants_Train.xml',
  validation_data_path: self.train_data_path,
  model+: {
    embedder+: {
      tokens+: { embedding_dim: 100, pretrained_file: root + '/glove/glove.6B.100d.subset.txt.gz' },
      characters+: { embedding_dim: 30, num_filters: 50 },
    },
    encoder+: { hidden_size: 100 },
    tasks: [
      { type: 'sequence_tagging', name: 'aspect_terms', scheme: 'BIO' },
      { type: 'multi_label_classification', name: 'aspect_categories' },
    ],
    embedding_dropout: 0.5,
    encoder_dropout: 0.3,
  },
  data_loader: { batch_size: 32 },
  trainer+: {
    num_epochs: 20,
    optimizer: { type: 'adam', lr: 1e-3 },
    lr_scheduler: { type: 'linear_with_warmup', num_warmup_steps: 0 },
    validation_metric: ['+aspect_terms/f1', '+aspect_categories/f1'],
  },
}
