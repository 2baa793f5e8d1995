(import '../base/scierc.libsonnet') + (import '../base/models/cmtl_direct.libsonnet')
