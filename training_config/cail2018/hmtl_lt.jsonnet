// HMTL+LT: gold labels are transferred in training, predicted ones in evaluation.
(import '../base/cail2018.libsonnet') + (import '../base/models/hmtl_lt.libsonnet') + (import 'recurrent.libsonnet')
