r"""What people type, and what it means: the table that tests and documentation are made of.

The numbers are worked out here by hand or by Python's own arithmetic, never by the language.
"""

from __future__ import annotations

from fractions import Fraction
from math import asin, atan, cos, erf, exp, log, log1p, pi, sin, tan, tanh
from typing import Any, NamedTuple


class Spelling(NamedTuple):
    """A program, and the value of its output, or of its outputs, or what the answer must say."""

    typed: str
    means: Any = None
    answer: str = ""


def _sigmoid(z: float) -> float:
    return 1 / (1 + exp(-z))


def _read(*rows: tuple[str, Any]) -> list[Spelling]:
    return [Spelling(typed, means) for typed, means in rows]


def _answered(*rows: tuple[str, str]) -> list[Spelling]:
    return [Spelling(typed, answer=answer) for typed, answer in rows]


_BELOW = 3 * exp(-1) + 4 * exp(-2)

SPELLINGS: dict[str, list[Spelling]] = {
    "Names": _read(
        ("w_{11} = 1; y = w_{11}*2", 2),
        ("w₁₁⁽²⁾ = 3; y = w₁₁⁽²⁾*2", 6),
        ("w_{11}^{(2)} = 3; y = 2 w11_2", 6),
        ("W_(1) = 5; y = W⁽¹⁾ + 1", 6),
        ("a^[2] = 5; y = a⁽²⁾ + 1", 6),
        ("x=1; w[1]=2; y=w[1]*x", 2),
        ("w_2 = 7; y = w₂ + w2", 14),
        ("E_o1=1; E_o2=2; E_total=E_o1+E_o2", 3),
        ("i1=0.05; y=i1*2", Fraction(1, 10)),
        ("x=1; x' = 2*x", 2),
        ("x′=1; y=x′*2", 2),
        ("h = 3; h′ = h/0.5; o = 2h′", 12),
        ("h_{t-1} = 2; h_t = 3 h_{t-1}", 6),
        ("权重=1; y=权重*2", 2),
        ("größe=1; y=größe*2", 2),
        ("вес = 4; y = вес/2", 2),
        ("z̄=1; y=z̄*2", 2),
        (r"\hat{y} = 3; y = 1; L = (\hat y - y)^2", 4),
        (r"\theta_1 = 3; y = θ₁ + theta1", 6),
        (r"\mathbf{x} = 2; y = x^2", 4),
        (r"E_{o_1} = 1; E_{o_{2}} = 2; y = E_{o_{1}} + E_o2", 3),
        (r"W_{\mathrm{hh}} = 2; y = W_{hh} + 1", 3),
        ("lambda=0.1; w=2; R=lambda*w^2", Fraction(2, 5)),
        ("mean=2; y=mean*3", 6),
        ("dot=2; y=dot*3", 6),
        ("abs=2; y=abs*3", 6),
        ("where=2", 2),
        ("pow=2", 2),
        ("min=2;y=min*2", 4),
        ("log=2;y=log*2", 4),
        ("mul=2;y=mul*2", 4),
        ("var = 4; norm = 2; s = var/norm", 2),
        ("e = 2; y = e^2", 4),
    )
    + _answered(
        ("x=1; y=x'", "x′"),
        ("😀=1; y=😀*2", "letter"),
        ("z=0; y=σ′(z)", "derivatives are derived"),
        ("w=2; w⁽²⁾=3; y=w^(2)", "two readings"),
        ("max=2; y=max(1, 3)", "is a function, and here a node too"),
        ("a-b = 2", "one '=' follows the name"),
    ),
    "Numbers": _read(
        ("a=1e-3; b=2.5E4; c=a*b", 25),
        ("y = 2E1 + 1", 21),
        ("y = −3 + 5", 2),
        ("y = 5 – 3", 2),
        ("x=2; y=½*x", 1),
        ("x=8; y=¾x", 6),
        ("y = ~0.5 + 1", 1.5),
        ("x=1; y=π*x", pi),
        ("y = 2pi", 2 * pi),
    )
    + _answered(
        ("a=0,5; b=2*a", "0.5"),
        ("p = 50%", "0.5"),
        ("y = 1 000", "an operator is missing"),
        ("y = 1_000", "an operator is missing"),
        ("y = ∞", "~inf"),
    ),
    "Products and powers": _read(
        ("x=3; y=2x", 6),
        ("w=2; x=3; b=1; z = w x + b", 7),
        ("y=1; p=3; L = ½(p − y)²", 2),
        ("x=2; y=1/2 x^2", 2),
        ("a=3; b=1; L = 1/2 (a − b)^2", 2),
        ("x=2; y=2\\cdot x", 4),
        ("x=2; y=3 × x · x", 12),
        ("x=2; y=(x+1)(x-1)", 3),
        ("x=3; y=x(x + 1)", 12),
        ("x=2; y=2 x² − 3x + 1", 3),
        ("x=2; y=-x^2", -4),
        ("x=2; y=x**3", 8),
        ("x=2; y=x⁻¹ + 10⁻²", Fraction(51, 100)),
        ("x=1; y=1/(1+e^-x)", _sigmoid(1)),
        ("x=1; y=2^-1 x", Fraction(1, 2)),
        ("x=2; y=e^{-x}", exp(-2)),
        (r"x=2; y=\frac{x+1}{x-1} x", 6),
        (r"x=2; y=\left(x + 1\right)^{2}", 9),
        ("x=2; y=3; z=4; f = (x + y)z", 20),
    )
    + _answered(
        ("x=2; y=1/2x", "1/(2*x) or (1/2)*x"),
        ("a=1; b=2; y=a/2b", "two readings"),
        ("a=1; b=2; c=3; y=a/b c", "a/(b*c) or (a/b)*c"),
        ("a=1; b=2; y=1/(a)(b)", "two readings"),
        ("x=2; y=e^2x", "e^(2*x) or e^2 * x"),
        ("x=2; y=x 2", "x*2"),
        ("w=1; x=2; y=wx", "no value is given for wx"),
    ),
    "Functions": _read(
        ("z=0; a=σ(z)", 0.5),
        ("z=0; a=sigma(z)", 0.5),
        ("z=0; a=logistic(z) + Sigmoid(z)", 1),
        ("p=0.25; H=log(p,2)", -2),
        ("x=8; y=log2(x) + log10(100)", 5),
        ("x=2; s=arctan(x)", atan(2)),
        ("x=2; s=atan(x)", atan(2)),
        ("x=2; s=tan⁻¹(x)", atan(2)),
        ("x=0.5; y=asin(x)", asin(0.5)),
        ("x=0.5; y=sin^{-1} x", asin(0.5)),
        ("x=3; y=4; n=norm(x,y)", 5),
        ("a=1;b=2; L=sum(a,b)", 3),
        ("a=1;b=2; m=average(a,b)", 1.5),
        ("a=1;b=2; m=dot(a,b)", 2),
        ("a=1;b=2; m=prod(a,b)", 2),
        ("a=1; m=clip(a,0,1)", 1),
        ("x=3; y=pow(x,2)", 9),
        ("x=-1; y=|x|", 1),
        ("x=3; y=2|x − 5| + 1", 5),
        ("x=4; y=√x", 2),
        ("x=9; y=√(x + 16)", 5),
        ("x=2; y=ln(x)", log(2)),
        ("x=2; y=ln x", log(2)),
        ("x=2; y=sin x", sin(2)),
        ("x=2; y=exp -x", exp(-2)),
        ("x=2; y=sin²x + cos²(x)", 1),
        ("x=1; y=sin x cos x", sin(1) * cos(1)),
        ("x=3; y=np.exp(x)", exp(3)),
        ("x=3; y=torch.relu(-x) + F.softplus(x)", log1p(exp(3))),
        ("x=3; y=Tanh(x)", tanh(3)),
        ("x=-2; y=ReLU(x) + LeakyReLU(x, 0.5)", -1),
        ("x=-3; h=max{0, x + 5}", 2),
        (r"x=-3; h=\max\{0, x + 5\}", 2),
        (r"x=2; y=\log(x) + \exp(x)", log(2) + exp(2)),
        ("y=1; p=0.25; L=bce(p, y)", -log(0.25)),
        ("y=1; s=0.25; L=hinge(s, y)", 0.75),
        ("x=0.5; y=erf(x) + tan(x)", erf(0.5) + tan(0.5)),
        ("p=0.5; y=1; L = -y log p - (1 - y) log(1 - p)", log(2)),
    )
    + _answered(
        ("a=1.5; m=floor(a)", "derivative"),
        ("a=1.5; m=round(a)", "derivative"),
        ("v=[1,2]; m=argmax(v)", "no derivative"),
        ("x=2; y=sin 2x", "sin(2*x) or sin(2)*x"),
        ("x=2; y=ln x^2", "two readings"),
        ("x=2; y=tnah(x)", "did you mean 'tanh'"),
        ("x=2; y=sin", "is called as sin(…)"),
        ("x=2; y=x.relu()", "relu(…)"),
        ("x=2; y=||x||", "norm(w)"),
        ("x=2; y=| |x| |", "bars may not nest"),
        ("x=2; h=dropout(x)", "chance"),
        ("h=relu(w*x)", "no value is given"),
    ),
    "Conditions": _read(
        ("x=1; y=where(x>0,x,0)", 1),
        ("x=1; y=where(x ≤ 0, 5, 7)", 7),
        ("x=1; y = 1[x>0]", 1),
        ("x=1; y = 3·1[x >= 2] + 2 1[x < 2]", 2),
        (r"x=1; y = \mathbf{1}[x > 0] + 1", 2),
        ("x=-2; y=step(x) + sign(x)", -1),
        (r"x=-3; y=\begin{cases} x & x > 0 \\ 0 & \text{otherwise} \end{cases} + 1", 1),
        (
            r"x=-3; y=\begin{cases} x, & \text{if } x > 0 \\ 2x, & \text{if } x \le 0 \end{cases}",
            -6,
        ),
        (r"x=2; y=3\begin{cases} 5 & x < 0 \\ 7 & x < 4 \\ 9 & \mathrm{else} \end{cases}", 21),
    )
    + _answered(
        ("x=1; y=x if x > 0 else 0", "where("),
        ("x=1; y=x > 0 ? x : 0", "where("),
        (r"x=1; y=\begin{cases} x & x > 0 \\ 0 & x < 0 \end{cases}", "end with otherwise"),
        ("x=1; y=where(x==1, 2, 3)", "not compared for equality"),
        ("x=1; y=x > 0", "nowhere else"),
        ("x=1; y=where(0 < x < 2, 1, 0)", "one comparison"),
    ),
    "Vectors and matrices": _read(
        ("p1, p2 = softmax(1, 2)", _sigmoid(1)),
        ("W=[[1,2],[3,4]]; x=[1,2]; z=W@x", (5, 11)),
        ("W=[[1,2],[3,4]]; x=[1,2]; b=[1,-20]; h=relu(W x + b)", (6, 0)),
        ("W=[[1,2],[3,4]]; x=[1,2]; z=Wᵀx", (7, 10)),
        ("W=[[1,2],[3,4]]; x=[1,2]; z=W^T x", (7, 10)),
        ("W=[[1,2],[3,4]]; x=[1,2]; z=W.T @ x", (7, 10)),
        ("W=[[1,2],[3,4]]; y=W[2,1] + W₁₂", 5),
        ("x=[1,2]; w=[3,4]; y=w·x", 11),
        ("x=[1,2]; w=[3,4]; b=1; y=wᵀx + b", 12),
        ("x=[1,2]; w=[3,4]; y=dot(w, x)", 11),
        ("x=[1,2]; w=[3,4]; y=w*x", (3, 8)),
        ("d=[1,2]; x=[3,4]; G=d xᵀ", (3, 4, 6, 8)),
        ("A=[[1,2],[3,4]]; B=[[0,1],[1,0]]; C=A B", (2, 1, 4, 3)),
        ("w=[3,4]; R=0.1/2 ‖w‖²", Fraction(5, 4)),
        ("w=[3,4]; n=‖w‖ + norm(w)", 10),
        ("w=[3,4]; s=sum(w) + mean(w) + max(w)", Fraction(29, 2)),
        ("w=[3,-4]; h=max(0, w)", (3, 0)),
        ("w=[1,2]; v=2w + 1", (3, 5)),
        ("f=[1,2,3]; p=softmax(f); y=[0,1,0]; L=-sum(y*ln(p))", log(exp(-1) + 1 + exp(1))),
        ("p=[0.25,0.75]; y=[0,1]; L=cross_entropy(p, y)", -log(0.75)),
        ("x1, x2 = 1, 2; y=x1 - x2", -1),
        ("a=1; b=2\na + 1, b", (2, 2)),
        ("x=[1,2]; y=mse(x, [3,5])", Fraction(13, 2)),
        ("h_1 = [1, 2]; y = h_1[2] + h₁,₁", 3),
        (r"\mathbf{W}^{(1)} = [[1,2]]; \mathbf{x} = [3,4]; z = \mathbf{W}^{(1)}\mathbf{x}", (11,)),
    )
    + _answered(
        ("x=[1,2]; y=x[0]", "indices begin at 1"),
        ("x=[1,2]; y=x[3]", "a vector of 2"),
        ("x=[1,2]; x1=3", "assigned twice"),
        ("x=[1,2]; w=[1,2]; y=w x", "two readings"),
        ("x=[1,2]; w=[1,2,3]; y=w·x", "a vector of 3 and a vector of 2"),
        ("W=[[1,2],[3,4]]; x=[1,2,3]; z=W x", "a 2×2 matrix and a vector of 3"),
        ("W=[[1,2],[3,4]]; x=[1,2]; z=W*x", "W x"),
        ("W=[[1,2],[3]]", "rows of one length"),
        ("p, q = softmax(1, 2, 3)", "got a vector of 3"),
    ),
    "Definitions and sums": _read(
        ("w=3; L(w) = (w-1)^2", 4),
        ("w=2; b=1; f(x) = relu(w x + b); y = f(3) − f(-3)", 7),
        (
            "x=[1,2,3]; y=[1,3,5]; w=2\nf(a) = w a\nl(p, t) = (p − t)²\n"
            "L = mean(l(f(x[i]), y[i]) for i = 1..3)",
            1,
        ),
        ("x=[1,2,3]; L=1/2 Σ(x_i² for i = 1..3)", 7),
        ("x=[1,2,3]; n=3; L=sum(xᵢ x[i] for i in 1..n)", 14),
        ("W=[[1,2],[3,4]]; L=sum(W_ij^2 for i = 1..2, j = 1..2)", 30),
        ("W=[[1,2],[3,4]]; L=sum(prod(W[i,j] for j = 1..i) for i = 1..2)", 13),
        ("y=sum(i*e^-i for i = 1..2) + e^-1 + 2e^-2", _BELOW - exp(-1)),
        ("x1=1; x2=2; y=sum(x[i] for i = 1..2)", 3),
    )
    + _answered(
        ("x=1; f(x) = x^2; y=f(2)", "cannot be a parameter"),
        ("i=1; y=sum(i for i = 1..3)", "cannot be an index"),
        ("f(x) = f(x) + 1; y=f(1)", "defined by itself"),
        ("f(x) = x^2; y=f(1, 2)", "f takes 1 operand; got 2"),
        ("y=sum(1 for i = 1..10^9)", "ends there"),
        ("y=sum(1 for i = 1..999999999)", "at most"),
        ("y=sum(1 for i in range(3))", "1..3"),
        ("y=sum(1 for", "1..3"),
        ("y=[]", "at least one element"),
        ("y=1 + []", "at least one element"),
    ),
    "Lines": _read(
        ("x := 1; y := 2*x", 2),
        ("x=1, y=2, z=x*y", 2),
        ("x=2; a=x^2; b=x^3", 8),
        ("x=1\ny=(x\n+ 1)", 2),
        ("x=1\ny=x +\n 1", 2),
        ("x=1\ny=x \\\n+ 1", 2),
        ("x = 2  # a comment; y = 3", 2),
    )
    + _answered(
        ("$x=1$; y=x", "without $"),
        ("x=1; x=2", "call the new one x_new"),
        ("w=1; w -= 0.1*w", "call the new one w_new"),
        ("w=1; w ← w − 0.1", "call the new one w_new"),
        ("x=1 // a comment", "begins with #"),
        ("% a comment\nx=1", "begins with #"),
        ("x=1\ny=x\n+ 1", "two readings"),
        ("y = 'a'", "without quotes"),
        ("def f(x): return x", "f(x) ="),
    ),
    "Bishop, Goodfellow and Prince": _read(
        (r"w0=1; w1=2; x=3; t=5; E(w) = \frac12 \{w_0 + w_1 x - t\}^2", 2),
        (r"x=[1,2,3]; t=[2,4,6]; w=1; E = \frac{1}{2} \sum_{n=1}^{3} (w x_n - t_n)^2", 7),
        (r"x=[1,2,3]; t=[2,4,6]; w=1; N=3; E = ½ \sum_{n=1}^N \{w x_n - t_n\}^2", 7),
        (r"p=[.5,.5]; H = - \sum_j p_j \log p_j", log(2)),
        (r"w=[1,2]; x=[3,4]; y = \mathbf{w}^{\mathrm{T}} \mathbf{x}", 11),
        (r"w=[1,2]; x=[3,4]; y = \sigma\left(\mathbf{w}^{\top}\mathbf{x}\right)", _sigmoid(11)),
        (r"λ=0.1; w=[1,2]; R = \frac{\lambda}{2}\|w\|^2", Fraction(1, 4)),
        (r"λ=0.1; w=[1,2]; R = \frac{\lambda}{2}\lVert w\rVert_2^2", Fraction(1, 4)),
        (r"λ=0.1; w=[1,-2]; R = λ‖w‖_1", Fraction(3, 10)),
        (r"W=[[1,2],[3,4]]; x=[1,2]; h = \max\{0, W^\top x + 1\}", (8, 11)),
        (r"z=[1,2]; p_1 = \frac{\exp(z_1)}{\sum_j \exp(z_j)}", _sigmoid(-1)),
        (r"z=[1,2]; y=[0,1]; L = \ln \sum_j e^{z_j} - y^T z", log1p(exp(-1))),
        (
            r"x=2; μ=1; \sigma=2; p=\frac{1}{\sqrt{2\pi\sigma^2}} e^{-\frac{(x-\mu)^2}{2\sigma^2}}",
            exp(-1 / 8) / (2 * (2 * pi) ** 0.5),
        ),
        (r"x=8; y=\sqrt[3]{x} + \sqrt{x + 1}", 5),
    )
    + _answered(
        ("x=2; a = g(x)", "define it, as in g(z) = relu(z)"),
        (r"x=2; p=\mathcal{N}(x)", "in letters"),
        (r"x=1; y = \begin{cases} x & x > 0 \end{cases}", "where(c, a, b)"),
        ("x=[1,2]; E = Σ_{j≠1} x_j", "Σ_{i=1}^{3}"),
        ("x=[1,2]; E = Σ_k x_1", "k is no index in it"),
        ("x=[1,2]; t=[1,2,3]; E = Σ_n x_n t_n", "vectors of 2 and of 3"),
        ("x=2; y=(x)_+", "relu(x)"),
    ),
    "CS231n, d2l and Nielsen": _read(
        ("x=[1,2]; W=[[1,2],[3,4]]; f = np.maximum(0, np.dot(W, x))", (5, 11)),
        (
            "w0=2; x0=-1; w1=-3; x1=-2; w2=-3\nf = 1.0 / (1 + math.exp(-(w0*x0 + w1*x1 + w2)))",
            _sigmoid(1),
        ),
        (
            "s=[3.2,5.1,-1.7]; L = max(0, s[2] - s[1] + 1) + max(0, s[3] - s[1] + 1)",
            Fraction(29, 10),
        ),
        (
            r"w=3; x=2; b=1; \hat{y} = w x + b; y=6; l = \frac{1}{2} \left(\hat{y} - y\right)^2",
            Fraction(1, 2),
        ),
        (r"o=[1,2]; \hat{\mathbf{y}} = \mathrm{softmax}(\mathbf{o})", (_sigmoid(-1), _sigmoid(1))),
        (
            r"W_{xh}=2; W_{hh}=3; H_{t-1}=1; X_t=1; H_t = \tanh(X_t W_{xh} + H_{t-1} W_{hh})",
            tanh(5),
        ),
        ("a=0.25; y=1; n=1; C = -1/n [y ln a + (1-y) ln(1-a)]", log(4)),
        (r"y=1; a=0.5; C = \frac{1}{2}\|y - a\|^2", Fraction(1, 8)),
    )
    + _answered(
        ("x=[1,2]; W=[[1,2],[3,4]]; f = W.dot(x)", "dot(…)"),
        ("z=1; a^L = relu(z)", "a layer is typed a_(2)"),
        ("w^2_{11} = 2", "a layer is typed w_(2)"),
        ("z=[1,2]; L = F.cross_entropy(z, [0,1])", "softmax_cross_entropy(z, y)"),
        ("z=[1,2]; L = cross_entropy(z, 1)", "such as [0, 1]"),
        ("p=[.5,.5]; L = kl_divergence(p, p)", "two readings"),
    ),
    "Statistics": _read(
        ("x=[1,2,6]; n=3; m=1/n sum(x)", 3),
        ("x=[1,2,6]; n=3; m=1/n Σ(x_i for i = 1..3)", 3),
        ("x=[1,2,6]; n=3; m=1/n Σ_{i=1}^n x_i", 3),
        ("x=[1,2,6]; n=3; m=1/n Σᵢ₌₁³ xᵢ", 3),
        ("x=[1,2,6]; y=[1,1,1]; n=3; E=1/(2n) Σᵢ (xᵢ − yᵢ)²", Fraction(13, 3)),
        ("x=[1,2,6]; E = Σᵢ xᵢ + 1", 10),
        ("v=[3,4]; m=2; s=1/m ‖v‖²", Fraction(25, 2)),
        ("v=[3,4]; n=2; s=-1/n (v1 + v2) + 1", Fraction(-5, 2)),
        ("W=[[1,2],[3,4]]; x=[1,2]; y = Σ_i Σ_j W_ij x_j + Σ_{i,j} W_ij²", 46),
        ("x=[2,3]; y = ∏_i x_i", 6),
        ("x=[1,2,3]; x̄ = mean(x); s2 = 1/2 sum((x − x̄)²)", 1),
        ("β_0=1; β_1=2; x=3; ŷ = β_0 + β_1 x", 7),
        ("X=[[1,2],[1,3]]; β=[1,2]; y=[5,6]; RSS = (y − X β)ᵀ(y − X β)", 1),
        (
            "x=2; μ=1; σ=2; z=(x − μ)/σ; p=1/(σ √(2π)) e^(−z²/2)",
            exp(-1 / 8) / (2 * (2 * pi) ** 0.5),
        ),
        ("x=2; y=1_{x>0} + 𝟙{x<0}", 1),
    )
    + _answered(
        ("s² = 2", "a power is not assigned to"),
        ("X=[[1,2],[1,3]]; β=[1,2]; ŷ = Xβ", "a product is written X β"),
        ("a=3; n=2; x=4; s=a/n x", "a/(n*x) or (a/n)*x"),
        ("x=[1,2]; n=2; m=1 / n sum(x)", "two readings"),
        ("x=2; y=1(x>0)", "1[x > 0]"),
    ),
    "Physics, and other languages": _read(
        ("m=2; v=3; T = ½ m v²", 9),
        ("ħ=1; m=2; k=3; E = ħ² k²/(2m)", Fraction(9, 4)),
        ("ω=2; t=1; φ=0; x = cos(ω t + φ)", cos(2)),
        (r"\vec{v}=[1,2]; y=\vec v \cdot \vec v", 5),
        ("x=2; y=1.5×10⁻³ x", Fraction(3, 1000)),
        ("x=2; y=(1 + e⁻ˣ)⁻¹", _sigmoid(2)),
        ("x=2; y=3ˣ", 9),
        ("x=2; n=3; y=xⁿ⁺¹ + x²ⁿ", 2**4 + 2**6),
        ("x=1; y=tg x + arctg(x) + sh x + ch x + th x", tan(1) + atan(1) + exp(1) + tanh(1)),
        ("soll=1; ist=3; fehler = (soll − ist)²", 4),
        ("coût=1; y=2 coût", 2),
        ("x=0.5; y=erfc(x)", 1 - erf(0.5)),
        ("x ≔ 2; y ≔ x", 2),
        (r"\sigma=2; y=\sigma {e}^{2}", 2 * exp(2)),
    )
    + _answered(
        ("m=2; v=3; T=½mv²", "a product is written m v"),
        ("x=8; y=∛x", "x^(1/3)"),
        ("x=[1;2]", "elements are parted by ,"),
        ("x=2; y=ctg(x)", "1/tan(x)"),
        ("x=2; y=x·3,5", "3.5"),
        ("let x = 2; y = x", "name = expression"),
        ("x=2 ⇒ y=3x", "parted by ;"),
        ("x∈R; y=x", "stands in a sum"),
    ),
    "Copied from a LaTeX slide": _read(
        (r"W = \begin{bmatrix} 1 & 2 \\ 3 & 4 \end{bmatrix}; x = [1,2]; z = W x", (5, 11)),
        (r"x = \begin{pmatrix} 1 \\ 2 \end{pmatrix}; z = x1 + x2", 3),
        (r"x = \begin{pmatrix} 1 & 2 \end{pmatrix}; z = x x^T", (5,)),
        (r"\begin{align} x &= 2 \\ y &= 3x \end{align}", 6),
        (r"\[ x=2; y=\dfrac x2 \]", 1),
        (r"x=2; y=x^{-1} + x^{1/2}\,x", 0.5 + 2 * 2**0.5),
        (r"x=[1,2]; y=\sum\limits_{i=1}^{2} x_i^2", 5),
        (r"y = \begin{bmatrix} 1 \\ 2 \end{bmatrix}^\top \begin{bmatrix} 3 \\ 4 \end{bmatrix}", 11),
        (
            r"\begin{align*} w &= 1; x &= 2; y &= 1 \\ z &= w x \\ a &= \sigma(z) \\"
            r"L &= \tfrac{1}{2}(a-y)^2 \end{align*}",
            (_sigmoid(2) - 1) ** 2 / 2,
        ),
        (
            r"n=2; y=[1,0]; p=[0.5,0.25]; "
            r"L = -\frac{1}{n}\sum_{i=1}^{n} \left[ y_i \log p_i + (1-y_i)\log(1-p_i) \right]",
            -(log(0.5) + log(0.75)) / 2,
        ),
    ),
}

_ROWS = [row for rows in SPELLINGS.values() for row in rows]
READ = [row for row in _ROWS if not row.answer]
ANSWERED = [row for row in _ROWS if row.answer]
