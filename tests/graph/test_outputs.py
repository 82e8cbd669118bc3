"""Several outputs: a program, or several Values, in derive, table and compile."""

import math

import pytest

from scalargrad import Value, compile, derive, partial, program, table
from scalargrad.nn.layers import MLP

LAYER = "x = [1, 2]; W = [[1, 2], [3, 4]]; z = W x"
SOFTMAX = "z = [1, 2, 3]; p = softmax(z)"


def test_each_output_is_derived_and_is_0_where_nothing_leads_to_it():
    rule = derive(program(LAYER), "W21")
    assert rule.gradient == (0, 1)
    assert rule.text == "∂z₁/∂W₂₁ = 0\n∂z₂/∂W₂₁ = x₁\n         = 1"
    assert rule.latex.count(r"\frac{\partial z_{") == 2
    assert rule.line.text == "∂z₁/∂W₂₁ = 0; ∂z₂/∂W₂₁ = x₁ = 1"


def test_a_program_and_its_outputs_are_the_same():
    p = program(SOFTMAX)
    assert derive(p, "z2").text == derive(p.outputs, "z₂").text == derive(p, p["z2"]).text
    assert table(p).rows == table(p.outputs).rows
    one = program("x = 3; y = x^2")
    assert derive(one, "x").text == derive(one.output, "x").text


def test_the_derivatives_of_all_outputs_are_those_of_each():
    p = program(SOFTMAX)
    assert derive(p, "z1").gradient == tuple(partial(out, p["z1"]) for out in p.outputs)
    assert sum(derive(p, "z1").gradient) == pytest.approx(0, abs=1e-15)
    assert derive(p, "z1", order=2).gradient == tuple(
        derive(out, "z1", order=2).gradient for out in p.outputs
    )


def test_several_outputs_are_derived_by_each_element_of_a_vector():
    p = program(LAYER)
    rule = derive(p, "x")
    assert rule.gradient == tuple(partial(z, x) for z in p.outputs for x in p.vectors["x"])
    assert rule.text.splitlines()[::2] == [
        "∂z₁/∂x₁ = W₁₁", "∂z₁/∂x₂ = W₁₂", "∂z₂/∂x₁ = W₂₁", "∂z₂/∂x₂ = W₂₂",
    ]  # fmt: skip


def test_a_table_has_a_column_for_each_output_and_touches_no_gradient():
    p = program(LAYER)
    shown = table(p)
    assert shown.header == ("name", "value", "∂z₁/∂…", "∂z₂/∂…")
    for name, *_, first, second in shown.rows:
        node = p[name]
        assert [first, second] == [str(partial(out, node)) for out in p.outputs]
    assert all(node.grad is None for node in p.values())
    assert shown.markdown.splitlines()[1] == "| --- | --- | --- | --- |"


def test_of_several_outputs_the_last_is_compiled_with_its_gradients_and_the_others_beside_it():
    p = program(SOFTMAX)
    run = compile(p, backend="python")
    value, gradients = run()
    assert value == pytest.approx(float(p.output.data))
    assert gradients["z1"] == pytest.approx(float(partial(p.output, p["z1"])))
    last, others = run.outputs(z1=0, z2=0, z3=0)
    assert [last, *others] == pytest.approx([1 / 3] * 3)


def test_a_network_with_a_softmax_has_outputs_for_all_of_them():
    from scalargrad.nn import softmax

    outputs = MLP(2, [2, 2], seed=1, output=softmax)([1.0, -1.0])
    last, others = compile(outputs, backend="python").outputs()
    assert math.isclose(sum([last, *others]), 1)
    assert sum(derive(outputs, "w11_2").gradient) == pytest.approx(0, abs=1e-15)


@pytest.mark.parametrize("takes", [table, compile, lambda what: derive(what, "x")])
@pytest.mark.parametrize("what", [3, [], [Value(1), 2], "y"])
def test_what_is_no_output_is_refused_in_one_line(takes, what):
    with pytest.raises(TypeError, match="a Value, Values or a program; got"):
        takes(what)
