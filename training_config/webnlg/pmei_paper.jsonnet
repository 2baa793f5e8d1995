(import '../base/webnlg.libsonnet') + (import '../base/models/pmei_paper.libsonnet') + { dataset:: 'webnlg' }
