(import '../base/webnlg.libsonnet') + (import '../base/models/mtl_sm.libsonnet') + { dataset:: 'webnlg_star' }
