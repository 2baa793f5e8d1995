// "MTL with SM": each task draws its own representation, no early predictions.
{ model+: { type: 'pmei', interaction: 'none' } }
