(import '../base/webnlg.libsonnet') + (import '../base/models/pmei.libsonnet') + { dataset:: 'webnlg' }
