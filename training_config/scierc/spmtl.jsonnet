(import '../base/scierc.libsonnet') + (import '../base/models/spmtl.libsonnet')
