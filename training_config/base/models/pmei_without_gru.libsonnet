// PMEI w/o GRU: MLPs in place of the cells.
(import 'pmei.libsonnet') + { model+: { stochastic_map: { type: 'mlp' } } }
