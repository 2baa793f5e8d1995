(import '../base/scierc.libsonnet') + (import '../base/models/cmtl.libsonnet')
