// PMEI's "MTL" with GloVe: mentions are single words, so exact and partial match are the same.
(import '../base/webnlg.libsonnet') + { dataset:: 'webnlg_star' }
