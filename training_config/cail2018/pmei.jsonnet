// PMEI: early predictions of all tasks, stochastic maps.
(import '../base/cail2018.libsonnet') + (import '../base/models/pmei.libsonnet')
