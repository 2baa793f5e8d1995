// CoNLL04: persons, places, organizations and five relations between them.
(import 'joint.libsonnet') + {
  dataset:: 'conll04',
  files:: { train: 'train.txt', dev: 'dev.txt' },
  dataset_reader+: { type: 'conll04' },
}
