(import '../base/webnlg.libsonnet') + (import '../base/models/pmei_without_interaction.libsonnet') + { dataset:: 'webnlg_star' }
