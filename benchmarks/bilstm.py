"""Packed sequences against two plain LSTMs: forward and backward of one batch, side by side on this machine.

python benchmarks/bilstm.py
"""

from __future__ import annotations

import time
from collections.abc import Callable

import machine
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from causal_mtl.nn.encoders import BiLSTM

BATCH, TOKENS, INPUT, HIDDEN, REPEATS = 50, 25, 150, 100, 20


def seconds(function: Callable[[], Tensor]) -> float:
    """Median time of a forward and backward pass."""
    times = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        function().sum().backward()
        times.append(time.perf_counter() - began)
    return sorted(times)[REPEATS // 2]


def main() -> None:
    options = machine.parser(__doc__, "bilstm").parse_args()
    here = machine.describe(options.threads)
    torch.manual_seed(0)
    lengths = torch.randint(TOKENS - 2, TOKENS + 1, (BATCH,))
    lengths[0] = TOKENS
    mask = torch.arange(TOKENS) < lengths.unsqueeze(1)
    inputs = torch.randn(BATCH, TOKENS, INPUT, requires_grad=True)
    packed_lstm = nn.LSTM(INPUT, HIDDEN, batch_first=True, bidirectional=True)
    plain_lstms = BiLSTM(INPUT, HIDDEN)

    def packed() -> Tensor:
        sequence = pack_padded_sequence(inputs, lengths, batch_first=True, enforce_sorted=False)
        return pad_packed_sequence(packed_lstm(sequence)[0], batch_first=True)[0]

    slow, fast = seconds(packed), seconds(lambda: plain_lstms(inputs, mask))
    print(f"{BATCH} sentences of up to {TOKENS} tokens, {INPUT} → 2×{HIDDEN}")
    print(
        f"packed {1000 * slow:.1f} ms, two plain LSTMs {1000 * fast:.1f} ms: {slow / fast:.1f} times as fast"
    )
    machine.write(options.output, here, {"packed_seconds": slow, "plain_seconds": fast, "ratio": slow / fast})


if __name__ == "__main__":
    main()
