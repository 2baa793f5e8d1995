(import '../base/semeval14.libsonnet') + (import '../base/models/hmtl_lt.libsonnet')
