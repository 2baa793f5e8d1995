(import 'cmtl.jsonnet') + (import '../base/frozen.libsonnet')
