// The plain model on data of triples: entities, then the relations between them. An experiment is a short overlay:
//
//   (import '../base/mtl.libsonnet') + {
//     train_data_path: '…', validation_data_path: '…',
//     model+: { encoder+: { hidden_size: 200 } },
//   }
{
  dataset_reader: {
    type: 'triples',
    token_indexers: {
      tokens: { type: 'single_id' },
      characters: { type: 'characters', min_padding_length: 3, max_length: 30 },
    },
  },
  train_data_path: error 'Must override `train_data_path`',
  validation_data_path: error 'Must override `validation_data_path`',
  model: {
    type: 'mtl',
    embedder: {
      tokens: { type: 'embedding', embedding_dim: 100, word_dropout: 0.05 },
      characters: { type: 'character_cnn' },
    },
    encoder: { type: 'bilstm', hidden_size: 100 },
    tasks: [
      { type: 'sequence_tagging', name: 'entities' },
      { type: 'relation_extraction', name: 'relations', mentions: 'entities' },
    ],
    embedding_dropout: 0.3,
    encoder_dropout: 0.3,
  },
  data_loader: { batch_size: 32 },
  trainer: {
    num_epochs: error 'Must override `trainer.num_epochs`',
    optimizer: { type: 'adam', lr: 1e-3 },
    grad_norm: 5.0,
    validation_metric: '+relations/exact_f1',
  },
  random_seed: 13370,
}
