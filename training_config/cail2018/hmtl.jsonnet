// HMTL: states go from task to task, labels do not.
(import '../base/cail2018.libsonnet') + (import '../base/models/hmtl.libsonnet') + (import 'recurrent.libsonnet')
