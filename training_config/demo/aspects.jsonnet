// Aspect terms, then the aspect categories of the sentence: CMTL on a small set in the format of SemEval-2014.
(import '../base/mtl.libsonnet') + (import '../base/models/cmtl.libsonnet') + (import 'small.libsonnet') + {
  dataset_reader+: { type: 'semeval14' },
  train_data_path: 'fixtures/semeval14/train.xml',
  validation_data_path: 'fixtures/semeval14/dev.xml',
  model+: {
    tasks: [
      { type: 'sequence_tagging', name: 'aspect_terms', scheme: 'BIO' },
      { type: 'multi_label_classification', name: 'aspect_categories' },
    ],
  },
  trainer+: { validation_metric: ['+aspect_terms/f1', '+aspect_categories/f1'] },
}
