// CMTL as the paper trains it on this task: 5 epochs with gold labels, then 5 with sampled ones. Only an epoch with
// sampled labels can be chosen.
local overlay = (import '../base/models/cmtl.libsonnet') + (import 'recurrent.libsonnet');

(import '../base/cail2018.libsonnet') + overlay + {
  model+: { label_sampler: { type: 'scheduled', gold_epochs: 5, 'then': overlay.model.label_sampler } },
  trainer+: { choose_from_epoch: 6 },
}
