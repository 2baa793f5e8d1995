// FSMTL and PMEI's "MTL": one encoder for all tasks.
import '../base/semeval14.libsonnet'
