(import 'mtl_glove.jsonnet') + (import '../base/frozen.libsonnet')
