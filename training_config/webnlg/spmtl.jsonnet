(import '../base/webnlg.libsonnet') + (import '../base/models/spmtl.libsonnet') + { dataset:: 'webnlg' }
