// As bottleneck_marginal, with label embeddings side by side in place of an LSTM over them: what each aspect adds to the
// logits of the rating does not depend on the others.
(import 'bottleneck_marginal.jsonnet') + { model+: { label_transfer: { type: 'concat', label_dim: 100 } } }
