(import '../base/conll04.libsonnet') + (import '../base/models/spmtl.libsonnet')
