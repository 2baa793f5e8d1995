// A frozen transformer and nothing above it but heads and maps: models with fixed BERT parameters in the PMEI paper.
// Everything else is as in `tuned.libsonnet`.
(import 'tuned.libsonnet') + {
  model+: { embedder+: { pieces+: { trainable: false } } },
  trainer+: { parameter_groups: [] },
}
