// Single task: an embedder and an encoder per task, nothing is shared ("STL").
(import 'cmtl.libsonnet') + { model+: { architecture: { type: 'single_task' }, label_transfer: { type: 'none' } } }
