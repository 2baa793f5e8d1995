// SPMTL: a CNN per task beside one that all share.
(import '../base/cail2018.libsonnet') + (import '../base/models/spmtl.libsonnet')
