(import '../base/conll04.libsonnet') + (import '../base/models/cmtl_direct.libsonnet')
