// PMEI w/o SM: a deterministic cell in place of the stochastic map, so there is no KL to weigh.
(import 'pmei.libsonnet') + { model+: { stochastic_map: { type: 'deterministic_gru' }, beta:: null } }
