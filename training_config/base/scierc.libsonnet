// SciERC: scientific terms of six types and seven relations between them.
(import 'joint.libsonnet') + {
  dataset:: 'scierc',
  dataset_reader+: { type: 'spert' },
  trainer+: { validation_metric: ['+entities/f1', '+relations/boundaries_f1'] },
}
