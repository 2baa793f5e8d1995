(import '../base/scierc.libsonnet') + (import '../base/models/hmtl.libsonnet')
