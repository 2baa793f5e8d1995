(import 'mtl_glove.jsonnet') + (import '../base/fixed.libsonnet')
