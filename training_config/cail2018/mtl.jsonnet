// One CNN for all three tasks, one head per task ("FSMTL").
import '../base/cail2018.libsonnet'
