// CMTL as printed: words only, 150 a direction (H is n × 300), label embeddings of 300, relations on the last word of a
// mention with an inner bias and no output bias (eq. 14), batches of 32, 5e-4, at most 80 epochs, patience 10, no
// clipping. The paper's word vectors have 300 dimensions; those at hand have 100.
local root = std.extVar('CAUSAL_MTL_DATA');

(import 'cmtl.libsonnet') + {
  dataset_reader+: { token_indexers: { tokens: { type: 'single_id' } } },
  model+: {
    embedder: {
      tokens: {
        type: 'embedding',
        embedding_dim: 100,
        pretrained_file: root + '/glove/glove.6B.100d.subset.txt.gz',
      },
    },
    encoder: { type: 'bilstm', hidden_size: 150 },
    label_transfer: { type: 'lstm', label_dim: 300 },
    embedding_dropout: 0.0,
    encoder_dropout: 0.0,
    tasks: [
      { type: 'sequence_tagging', name: 'entities', scheme: 'BIOUL', prior_bias: false },
      {
        type: 'relation_extraction',
        name: 'relations',
        mentions: 'entities',
        anchor: 'last',
        inner_bias: true,
        output_bias: false,
        prior_bias: false,
        metrics: ['exact', 'partial', 'last_token'],
      },
    ],
  },
  data_loader: { batch_size: 32 },
  trainer+: {
    num_epochs: 80,
    patience: 10,
    optimizer: { type: 'adam', lr: 5e-4 },
    lr_scheduler: null,
    grad_norm: null,
    validation_metric: '+relations/exact_f1',
  },
}
