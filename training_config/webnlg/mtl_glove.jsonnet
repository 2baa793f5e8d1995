// PMEI's "MTL" with GloVe: full mentions.
(import '../base/webnlg.libsonnet') + { dataset:: 'webnlg' }
