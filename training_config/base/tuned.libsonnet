// A transformer that is tuned, in place of embedders and encoder: heads and maps read its states, as in the PMEI paper.
// Its folder or name on the Hugging Face hub is the environment variable TRANSFORMER.
local transformer = { type: 'pretrained_transformer', model_name: std.extVar('TRANSFORMER') };

{
  dataset_reader+: { token_indexers: { pieces: transformer } },
  model+: {
    embedder: { pieces: transformer { trainable: true } },
    encoder: { type: 'pass_through' },
    embedding_dropout: 0.1,
    encoder_dropout: 0.1,
  },
  data_loader: { batch_size: 16 },
  trainer+: {
    num_epochs: 15,
    optimizer: { type: 'adamw', lr: 1e-3 },
    parameter_groups: [{ regexes: ['\\.transformer\\.'], lr: 1e-4, layer_decay: 0.9, num_warmup_steps: 100 }],
    lr_scheduler: { type: 'linear_with_warmup', num_warmup_steps: 0 },
  },
}
