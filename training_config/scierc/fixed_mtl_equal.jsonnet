// "MTL with as many parameters" as fixed_pmei: a BiLSTM between the states and the heads.
(import 'fixed_mtl.jsonnet') + { model+: { encoder: { type: 'bilstm', hidden_size: 624 } } }
