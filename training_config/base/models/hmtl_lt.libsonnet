// HMTL+LT: gold labels are transferred in training, predicted ones in evaluation.
(import 'cmtl.libsonnet') + { model+: { label_sampler: { type: 'gold' } } }
