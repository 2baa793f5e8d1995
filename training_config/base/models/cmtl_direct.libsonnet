// CMTL (direct): labels reach heads only.
(import 'cmtl.libsonnet') + { model+: { paths: 'direct' } }
