// FSMTL and PMEI's "MTL": one encoder for all tasks.
import '../base/conll04.libsonnet'
