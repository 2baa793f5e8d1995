// What the demos share: a model that trains on the bundled fixtures in seconds.
{
  model+: {
    embedder+: {
      tokens+: { embedding_dim: 50 },
      characters+: { embedding_dim: 16, num_filters: 32 },
    },
    encoder+: { hidden_size: 40 },
    label_transfer+: { label_dim: 20 },
  },
  data_loader: { batch_size: 16 },
  trainer+: { num_epochs: 25, optimizer+: { lr: 5e-3 }, lr_scheduler: { type: 'linear_with_warmup' } },
}
