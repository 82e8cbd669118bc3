"""Derivations of networks as lecturers have them: read back, as text and as LaTeX, and set."""

import math
import re
import shutil
from fractions import Fraction

import pytest
from reading_tex import set_by_pdflatex

from scalargrad import derive, partial, program
from scalargrad.lectures import LECTURES

NETS = {
    "an LSTM cell": "x=1; h0=0.5; c0=0.2; wf=0.5; uf=0.1; wi=0.3; ui=0.2; wo=0.7; uo=-0.1; wg=0.4\n"
    "ug=0.6; f=σ(wf x + uf h0); i=σ(wi x + ui h0); o=σ(wo x + uo h0); g=tanh(wg x + ug h0)\n"
    "c = f c0 + i g; h = o tanh(c); L=½(h − 1)²",
    "attention": "q=1; k=[0.5,1]; v=[2,-1]; d=1; s=q*k/√d; a=softmax(s); o=a·v; L=(o − 1)²",
    "layer norm": "x=[1,2,4]; γ=2; β=0.5; μ=mean(x); v=mean((x − μ)²); z=(x − μ)/√(v + 0.01)\n"
    "y=γ z + β; L=y1² + y2 − y3",
    "huber": "w=2; x=[1,2]; y=[1,9]; L=huber(w x, y, 1)",
    "hinge and L2": "w=[0.5,-1]; b=0.1; x=[1,2]; y=-1; λ=0.1; s=wᵀx + b\n"
    "L=max(0, 1 − y s) + λ/2 ‖w‖²",
    "a softmax with a temperature": "z=[1,2]; T=2; p=softmax(z/T); L=-ln p2",
    "softmax and cross-entropy": "z=[1,2,3]; p=softmax(z); y=[0,1,0]; L=-Σ_i y_i ln p_i",
    "an autoencoder": "x=[1,0.5]; W=[[0.3,-0.2]]; V=[[0.4],[0.1]]; h=tanh(W x); x̂=V h; L=½‖x − x̂‖²",
    "a neuron with cross-entropy": "x=2; y=1; w1=0.5; b1=0.1; w2=-0.3; b2=0.2; h=relu(w1 x + b1)\n"
    "z=w2 h + b2; p=σ(z); L=-y*ln p − (1 − y)*ln(1 − p)",
    "Poisson": "x=2; y=3; w=0.5; λ=exp(w x); L=λ − y*ln λ",
    "Gauss": "x=2; μ=1; σ=2; L=½ ln(2π σ²) + (x − μ)²/(2σ²)",
    "a GRU cell": "x=1; h0=0.5; z=σ(0.3 x + 0.2 h0); r=σ(0.1 x − 0.4 h0)\n"
    "n=tanh(0.5 x + 0.6 r h0); h=(1 − z)n + z h0; L=h²",
    "leaky": "x=-2; w=0.5; a=leaky_relu(w x, 0.1); b=elu(a); L=(b+1)²",
    "a gelu": "x=0.5; w=0.5; a=gelu(w x); L=(a − 1)²",
    "logistic": "w=[1,-1]; x=[1,2]; y=1; L=ln(1 + e^(-y (w·x)))",
    "a skip": "x=1; w=2; h=relu(w x); y=h + x; z=relu(w y) + y; L=z²",
    "examples": "x=[1,2,3,4]; t=[2,4,6,7]; w=1; b=0.5; y=w x + b; L=mean((y − t)²)",
    "a tie": "a=2; b=2; m=max(a, b); L=m²",
    **{lecture.name: lecture.text for lecture in LECTURES},
}


def derivations(text):
    p = program(text)
    for name in p.inputs:
        yield p, p[name], derive(p.output, name) if p.output.parents else None


def right_sides(found):
    """The right sides that are formulas or numbers, as text and as LaTeX."""
    for line in found.lines:
        if not re.search("[∂Σ⋯δ⋮]|_direct", line.right.text) and found.paths:
            yield line.sign, line.right.text
            if r"\mathrm{if}" not in line.right.math:
                yield line.sign, line.right.math


@pytest.mark.parametrize("text", NETS.values(), ids=NETS)
def test_what_is_printed_is_read_back_to_the_gradient(text):
    read = 0
    for p, node, found in derivations(text):
        true = float(partial(p.output, node))
        names = {name: value.data for name, value in p.items()}
        for sign, right in right_sides(found):
            used = {name: number for name, number in names.items() if name != "result"}
            value = _value(right, used)
            size = max([1, *(float(n) for n in re.findall(r"\d+(?:\.\d+)?", right))])
            near = {"rel": 1e-9, "abs": 1e-9} if sign == "=" else {"rel": 0.02, "abs": size / 100}
            assert value == pytest.approx(true, **near), right
            read += 1
    assert read >= 2


def _value(right, names):
    """The number of a right side over the names of its program."""
    from scalargrad.errors import ProgramError

    while True:
        try:
            return float(program(f"result_ = {right}", names).output.data)
        except ProgramError as error:
            unused = re.search(r"has no input '(\w+)'", str(error))
            if unused is None:
                raise
            del names[unused[1]]


@pytest.mark.skipif(not shutil.which("pdflatex"), reason="needs a TeX")
def test_a_plain_latex_sets_every_derivation(tmp_path):
    bodies = [found.latex for text in NETS.values() for _, _, found in derivations(text)]
    bodies += [
        derive(p, name).latex
        for p in map(program, NETS.values())
        for name in p.vectors
        if len(p.outputs) == 1
    ]
    set_by_pdflatex(bodies, tmp_path)
    assert len(bodies) > 100


def test_a_wrong_factor_is_caught():
    p = program(NETS["Gauss"])
    names = {name: value.data for name, value in p.items()}
    assert _value("1/σ − (x − μ)²/σ³", dict(names)) == pytest.approx(3 / 8)
    assert _value("1/σ − (x − μ)²/σ²", dict(names)) != pytest.approx(3 / 8)
    assert Fraction(3, 8) == derive(p.output, "σ").gradient or math.isclose(
        3 / 8, derive(p.output, "σ").gradient
    )
