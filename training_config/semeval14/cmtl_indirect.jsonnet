(import '../base/semeval14.libsonnet') + (import '../base/models/cmtl_indirect.libsonnet')
