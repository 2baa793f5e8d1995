// Entities with types, then the relations between them: CMTL on a small set in the format of CoNLL04.
(import '../base/mtl.libsonnet') + (import '../base/models/cmtl.libsonnet') + (import 'small.libsonnet') + {
  dataset_reader+: { type: 'conll04' },
  train_data_path: 'fixtures/conll04/train.txt',
  validation_data_path: 'fixtures/conll04/dev.txt',
  model+: {
    tasks: [
      { type: 'sequence_tagging', name: 'entities', scheme: 'BIOUL' },
      { type: 'relation_extraction', name: 'relations', mentions: 'entities', anchor: 'last', metrics: ['strict'] },
    ],
  },
  trainer+: { validation_metric: ['+entities/f1', '+relations/strict_f1'] },
}
