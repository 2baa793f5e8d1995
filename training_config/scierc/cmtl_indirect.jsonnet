(import '../base/scierc.libsonnet') + (import '../base/models/cmtl_indirect.libsonnet')
