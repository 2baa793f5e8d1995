// PMEI: early predictions of all tasks, stochastic maps. α = e⁻², β = e⁻⁶ (the paper's best for exact match on NYT).
{ model+: { type: 'pmei', stochastic_map: { type: 'gru' }, alpha: std.exp(-2), beta: std.exp(-6) } }
