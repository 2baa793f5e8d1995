(import 'mtl.jsonnet') + (import '../base/frozen.libsonnet')
