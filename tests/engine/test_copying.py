"""Copies and pickles of graphs from several threads, and of Values of Values."""

import pickle
import threading
from typing import Any

import pytest

from scalargrad import Value, topological_order


def chain(length: int, start: Value) -> Value:
    """Return a chain of operations."""
    for _ in range(length):
        start = start * 1
    return start


def test_threads_that_pickle_one_graph_get_the_pickle_of_one_thread() -> None:
    output = chain(3000, Value(2))
    alone = pickle.dumps(output)
    pickles: list[bytes] = []
    start = threading.Barrier(4)

    def work() -> None:
        start.wait()
        pickles.extend(pickle.dumps(output) for _ in range(3))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert pickles == [alone] * 12


def test_a_pickle_within_a_pickle_finds_its_own_way() -> None:
    class Nested:
        def __reduce__(self) -> tuple[type, tuple[bytes]]:
            return bytes, (pickle.dumps(output),)

    output = chain(50, Value(2))
    both = pickle.loads(pickle.dumps([Nested(), output, Nested()]))
    twins = [pickle.loads(both[0]), both[1], pickle.loads(both[2])]
    assert [len(topological_order(twin)) for twin in twins] == [52 + 49] * 3


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_values_of_values_are_pickled_with_what_they_share(protocol: int) -> None:
    x = Value(Value(3, "inner"), "outer")
    y = x * x * x
    y.backward()
    twin, grad = pickle.loads(pickle.dumps((y, x.grad), protocol))
    leaf = next(node for node in topological_order(twin) if node.label == "outer")
    assert leaf.grad is grad
    grad.backward()
    assert (float(twin.data), float(grad), leaf.data.grad) == (27, 27, 18)


@pytest.mark.parametrize("levels", [1, 2])
def test_pickles_of_values_of_values_grow_in_proportion(levels: int) -> None:
    def size(length: int) -> int:
        output: Any = 2.0
        for _ in range(levels + 1):
            output = Value(output)
        output = chain(length, output)
        output.backward()
        return len(pickle.dumps(output))

    assert size(400) < 5 * size(100)
