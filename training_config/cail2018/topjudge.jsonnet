// TopJudge (Zhong et al. 2018): an LSTM cell per task, whose state comes from the tasks that it depends on. 64 filters of
// each width and a state as wide as the feature, as in its paper.
(import '../base/cail2018.libsonnet') + (import '../base/models/hmtl.libsonnet') + {
  model+: { architecture: { type: 'topjudge' }, encoder+: { filters: 64 } },
}
