// No labels are transferred.
(import '../base/synthetic.libsonnet') + (import '../base/models/hmtl.libsonnet')
