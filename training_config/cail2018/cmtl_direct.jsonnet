// CMTL (direct): labels reach heads only.
(import 'cmtl.jsonnet') + { model+: { paths: 'direct' } }
