(import '../base/webnlg.libsonnet') + (import '../base/models/pmei_without_gru.libsonnet') + { dataset:: 'webnlg' }
