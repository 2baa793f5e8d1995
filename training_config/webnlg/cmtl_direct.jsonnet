(import '../base/webnlg.libsonnet') + (import '../base/models/cmtl_direct.libsonnet') + { dataset:: 'webnlg' }
