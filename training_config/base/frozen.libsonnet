// A frozen transformer in place of the word vectors; characters stay, as many transformers do not see upper case.
// Its folder or name on the Hugging Face hub is the environment variable TRANSFORMER.
local transformer = { type: 'pretrained_transformer', model_name: std.extVar('TRANSFORMER') };

{
  dataset_reader+: { token_indexers+: { tokens:: null, pieces: transformer } },
  model+: { embedder+: { tokens:: null, pieces: transformer { layers: 'all', pooling: 'mean' } } },
}
