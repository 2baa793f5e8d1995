(import '../base/webnlg.libsonnet') + (import '../base/models/cmtl.libsonnet') + { dataset:: 'webnlg' }
