// CMTL's architecture for long texts: a CNN per task and one LSTM whose state goes from task to task (eq. 5-6).
{ model+: { architecture: { type: 'recurrent_cnn' } } }
