(import '../base/webnlg.libsonnet') + (import '../base/models/cmtl_paper.libsonnet') + { dataset:: 'webnlg' }
