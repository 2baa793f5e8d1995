(import '../base/conll04.libsonnet') + (import '../base/models/hmtl_lt.libsonnet')
