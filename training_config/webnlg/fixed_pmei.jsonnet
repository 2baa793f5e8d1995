(import 'pmei.jsonnet') + (import '../base/fixed.libsonnet')
