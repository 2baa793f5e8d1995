// HMTL: the rating's encoder stands on that of the last aspect, and no labels are transferred.
(import '../base/cebab.libsonnet') + (import '../base/models/hmtl.libsonnet')
