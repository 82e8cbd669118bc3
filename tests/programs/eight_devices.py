"""One gradient step with the lanes sharded over 8 devices, beside the step on one device."""

import os

os.environ["XLA_FLAGS"] = "--xla_force_host_platform_device_count=8"

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from scalargrad.nn.layers import MLP
from scalargrad.nn.losses import binary_cross_entropy_with_logits
from scalargrad.train.data import two_moons

jax.config.update("jax_enable_x64", True)
model = MLP(2, [4, 1])
step = model.compile(binary_cross_entropy_with_logits, backend="jax")
parameters = {name: p.data for name, p in model.named_parameters().items()}
(x1, x2), y = two_moons(64).lanes()


@jax.jit
def updated(parameters, x1, x2, y):
    loss, gradients = step(x1, x2, y, **parameters)
    return {name: p - 0.1 * gradients[name] for name, p in parameters.items()}, loss


one, loss = updated(parameters, x1, x2, y)
devices = jax.devices()
assert len(devices) == 8, devices
mesh = Mesh(np.array(devices), ("examples",))
shards = NamedSharding(mesh, PartitionSpec("examples"))
many, same = updated(parameters, *(jax.device_put(column, shards) for column in (x1, x2, y)))
assert abs(float(loss) - float(same)) < 1e-14
for name, number in one.items():
    assert abs(float(number) - float(many[name])) < 1e-14, name
print(f"{len(devices)} devices, the same update")
