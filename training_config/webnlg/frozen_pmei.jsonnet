(import 'pmei.jsonnet') + (import '../base/frozen.libsonnet')
