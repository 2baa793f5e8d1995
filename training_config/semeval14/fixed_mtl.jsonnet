(import 'mtl.jsonnet') + (import '../base/fixed.libsonnet')
