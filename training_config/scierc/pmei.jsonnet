(import '../base/scierc.libsonnet') + (import '../base/models/pmei.libsonnet')
