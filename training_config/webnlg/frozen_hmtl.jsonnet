(import 'hmtl.jsonnet') + (import '../base/frozen.libsonnet')
