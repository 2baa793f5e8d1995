// As bottleneck, with two numbers of the text beside the labels.
(import 'bottleneck.jsonnet') + { model+: { architecture+: { residual: 2 } } }
