(import '../base/webnlg.libsonnet') + (import '../base/models/stl.libsonnet') + { dataset:: 'webnlg_star' }
