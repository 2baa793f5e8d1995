"""Two processes on this machine, with the environment that torchrun gives them."""

import os
import socket
import subprocess


def free_port():
    """A port that nobody listens to now."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return str(free.getsockname()[1])


def run_two(command, timeout=600):
    """What `command` prints to standard error in each of two processes; both must succeed."""
    common = {
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": free_port(),
        "WORLD_SIZE": "2",
        "LOCAL_WORLD_SIZE": "2",
    }
    workers = [
        subprocess.Popen(
            command,
            env=os.environ | common | {"RANK": str(rank), "LOCAL_RANK": str(rank), "OMP_NUM_THREADS": "1"},
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(2)
    ]
    errors = [worker.communicate(timeout=timeout)[1] for worker in workers]
    assert [worker.returncode for worker in workers] == [0, 0], errors
    return errors
