// MPBFN (Yang et al. 2019), without its word collocation attention: forward prediction, backward verification.
(import '../base/cail2018.libsonnet') + { model+: { type: 'mpbfn' } }
