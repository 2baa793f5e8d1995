// HMTL: stacked encoders, no labels are transferred.
(import 'cmtl.libsonnet') + { model+: { label_transfer: { type: 'none' } } }
