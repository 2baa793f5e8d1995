// Single task: an embedder and an encoder per task, nothing is shared ("STL").
(import 'hmtl.libsonnet') + { model+: { architecture: { type: 'single_task' } } }
