// PMEI w/o interaction: each task sees its own early prediction only.
(import 'pmei.libsonnet') + { model+: { interaction: 'own' } }
