(import '../base/webnlg.libsonnet') + (import '../base/models/hmtl_lt.libsonnet') + { dataset:: 'webnlg_star' }
