// Single task: an embedder and a CNN per task, nothing is shared.
(import '../base/cail2018.libsonnet') + (import '../base/models/stl.libsonnet')
