// HMTL: stacked encoders, no labels are transferred, so none are sampled.
(import 'cmtl.libsonnet') + { model+: { label_transfer: { type: 'none' }, label_sampler:: null } }
