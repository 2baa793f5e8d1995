// Gold labels are handed on in training.
(import '../base/synthetic.libsonnet') + (import '../base/models/hmtl_lt.libsonnet') + {
  model+: { label_transfer+: { label_dim: 16 } },
}
