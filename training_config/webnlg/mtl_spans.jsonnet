(import '../base/webnlg.libsonnet') + (import '../base/models/mtl_spans.libsonnet') + { dataset:: 'webnlg' }
