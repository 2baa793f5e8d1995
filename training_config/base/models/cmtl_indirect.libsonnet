// CMTL (indirect): labels reach encoders only.
(import 'cmtl.libsonnet') + { model+: { paths: 'indirect' } }
