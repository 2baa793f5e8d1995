// The rating's head sees the labels of the aspects and nothing of the text.
(import 'gold.jsonnet') + { model+: { architecture: { type: 'label_bottleneck' }, paths: 'direct' } }
