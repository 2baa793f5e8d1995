(import 'stl.jsonnet') + (import '../base/frozen.libsonnet')
