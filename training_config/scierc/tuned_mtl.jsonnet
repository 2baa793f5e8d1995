(import 'mtl.jsonnet') + (import '../base/tuned.libsonnet')
