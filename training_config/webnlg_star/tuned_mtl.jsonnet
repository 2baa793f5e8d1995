(import 'mtl_glove.jsonnet') + (import '../base/tuned.libsonnet')
