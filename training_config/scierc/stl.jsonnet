(import '../base/scierc.libsonnet') + (import '../base/models/stl.libsonnet')
