// A first model in about a minute on two cores: run it from the root of the repository.
//   causal-mtl train training_config/quickstart.jsonnet -s runs/quickstart
(import 'base/mtl.libsonnet') + {
  train_data_path: 'fixtures/triples/train.json',
  validation_data_path: 'fixtures/triples/dev.json',
  data_loader: { batch_size: 16 },
  trainer+: { num_epochs: 40, optimizer+: { lr: 3e-3 }, lr_scheduler: { type: 'linear_with_warmup' } },
}
