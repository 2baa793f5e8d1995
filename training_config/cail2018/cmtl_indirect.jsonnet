// CMTL (indirect): labels reach the states of later tasks only.
(import 'cmtl.jsonnet') + { model+: { paths: 'indirect' } }
