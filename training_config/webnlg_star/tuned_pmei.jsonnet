(import 'pmei.jsonnet') + (import '../base/tuned.libsonnet')
