// Gumbel-sampled labels.
(import '../base/synthetic.libsonnet') + (import '../base/models/cmtl.libsonnet') + {
  model+: { label_transfer+: { label_dim: 16 } },
}
