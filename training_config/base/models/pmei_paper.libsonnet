// PMEI as printed: words only, dropout on them only, no token is paired with itself (eq. 11), biases start at random,
// Adam at 1e-3 without a schedule. α and β as in the study of figure 3, read as powers of e.
local root = std.extVar('CAUSAL_MTL_DATA');

(import 'pmei.libsonnet') + {
  dataset_reader+: { token_indexers: { tokens: { type: 'single_id' } } },
  model+: {
    embedder: {
      tokens: {
        type: 'embedding',
        embedding_dim: 100,
        pretrained_file: root + '/glove/glove.6B.100d.subset.txt.gz',
      },
    },
    encoder_dropout: 0.0,
    tasks: [
      { type: 'sequence_tagging', name: 'entities', scheme: 'BIOES', prior_bias: false },
      { type: 'relation_extraction', name: 'relations', mentions: 'entities', diagonal: false, prior_bias: false },
    ],
  },
  trainer+: { optimizer: { type: 'adam', lr: 1e-3 }, lr_scheduler: null },
}
