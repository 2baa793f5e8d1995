(import '../base/webnlg.libsonnet') + (import '../base/models/pmei_without_sm.libsonnet') + { dataset:: 'webnlg' }
