(import '../base/webnlg.libsonnet') + (import '../base/models/hmtl.libsonnet') + { dataset:: 'webnlg' }
