// As bottleneck, with aspects that are not annotated summed over in training, and all labels in inference.
(import 'bottleneck.jsonnet') + {
  model+: { label_sampler: { type: 'gold', missing: 'marginal' }, inference: { type: 'marginal' } },
}
