// "MTL with as many parameters" as CMTL: two layers of 132 in place of one of 100.
(import 'mtl.jsonnet') + { model+: { encoder+: { num_layers: 2, hidden_size: 132 } } }
