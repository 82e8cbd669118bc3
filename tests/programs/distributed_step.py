"""One process of two: steps of DistributedDataParallel on its half of a batch, printed as JSON.

Run by test_torch.py as `distributed_step.py FOLDER RANK`; the two meet at a file in the folder.
"""

import json
import os
import sys
from datetime import timedelta
from pathlib import Path

import torch
import torch.distributed as dist

from scalargrad import from_torch, nn, to_torch
from scalargrad.train.optim import gradient, theta

if sys.platform.startswith("linux"):  # the loopback: a name of this machine may not resolve
    os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")


def gradients(model):
    return list(gradient(from_torch(model).parameters()).values())


def main(folder, rank):
    job = json.loads((folder / "job.json").read_text())
    net = nn.MLP(2, [4, 1])
    net.load_state(job["state"])
    dist.init_process_group(
        "gloo", init_method=f"file://{folder / 'meeting'}", rank=rank, world_size=2,
        timeout=timedelta(seconds=60),
    )  # fmt: skip
    rows = torch.tensor(job["rows"], dtype=torch.float64)[rank::2]
    labels = torch.tensor(job["labels"], dtype=torch.float64)[rank::2]
    criterion = torch.nn.BCEWithLogitsLoss()
    alone = to_torch(net)
    criterion(alone(rows)[:, 0], labels).backward()
    twin = torch.nn.parallel.DistributedDataParallel(to_torch(net))
    optimizer = torch.optim.SGD(twin.parameters(), lr=job["rate"])
    found = []
    for _ in range(job["steps"]):
        optimizer.zero_grad()
        criterion(twin(rows)[:, 0], labels).backward()
        found.append(gradients(twin.module))
        optimizer.step()
    dist.destroy_process_group()
    parameters = list(theta(from_torch(twin.module).parameters()).values())
    print(json.dumps({
        "examples": len(rows), "own gradients": gradients(alone), "gradients": found,
        "parameters": parameters,
    }))  # fmt: skip


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
