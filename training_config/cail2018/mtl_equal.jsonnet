// "MTL with as many parameters" as CMTL: more filters of each width.
(import 'mtl.jsonnet') + { model+: { encoder+: { filters: 740 } } }
