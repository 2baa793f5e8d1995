// CMTL with Gumbel sampling, as its paper trains.
(import '../base/cebab.libsonnet') + (import '../base/models/cmtl.libsonnet')
