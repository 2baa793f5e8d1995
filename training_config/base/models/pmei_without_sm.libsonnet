// PMEI w/o SM: a deterministic cell in place of the stochastic map.
(import 'pmei.libsonnet') + { model+: { stochastic_map: { type: 'deterministic_gru' } } }
