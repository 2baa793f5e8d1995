// SPMTL: an encoder per task beside one that all share.
(import 'hmtl.libsonnet') + { model+: { architecture: { type: 'shared_private' } } }
