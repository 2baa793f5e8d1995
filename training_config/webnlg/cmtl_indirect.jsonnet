(import '../base/webnlg.libsonnet') + (import '../base/models/cmtl_indirect.libsonnet') + { dataset:: 'webnlg' }
