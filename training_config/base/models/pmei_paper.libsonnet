// PMEI as printed: words only, dropout on them only, no token is paired with itself (eq. 11), Adam at 1e-3 without a
// schedule or clipping. Biases do not start at the labels' priors: that of the tags starts at random, that of the relations
// at 0. α = e⁻² and β = e⁻⁷ are what figure 3 holds one of the two at while it moves the other, read as powers of e.
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
    beta: std.exp(-7),
    encoder_dropout: 0.0,
    tasks: [
      { type: 'sequence_tagging', name: 'entities', scheme: 'BIOES', prior_bias: false },
      { type: 'relation_extraction', name: 'relations', mentions: 'entities', diagonal: false, prior_bias: false },
    ],
  },
  trainer+: { optimizer: { type: 'adam', lr: 1e-3 }, lr_scheduler: null, grad_norm: null },
}
