(import '../base/scierc.libsonnet') + (import '../base/models/hmtl_lt.libsonnet')
