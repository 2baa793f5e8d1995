// CMTL: label transfer along both paths, Gumbel sampling.
{
  model+: {
    type: 'cmtl',
    architecture: { type: 'hierarchical' },
    label_transfer: { type: 'lstm', label_dim: 100 },
    label_sampler: { type: 'gumbel', temperature: 0.05 },
  },
}
