// SPMTL: an encoder per task beside one that all share.
(import 'cmtl.libsonnet') + { model+: { architecture: { type: 'shared_private' }, label_transfer: { type: 'none' } } }
