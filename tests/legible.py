"""How legible pictures are on a slide: `make legible` prints it, tests/view/test_legible.py bounds.

A picture is measured as it is painted, from its scene: nothing is asked of the layout.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, pairwise
from math import dist, hypot
from pathlib import Path

from scalargrad import draw, program
from scalargrad.view.drawing import Drawing
from scalargrad.view.layout import crossings, search
from scalargrad.view.scene import Arrow, Circle, Rectangle, Scene, Text, measured

BODY = (886.0, 403.0)  # of a slide under its title, in points
INDEX = 0.7  # of the size of the text around it
Area = tuple[float, float, float, float]


# Geometry ----------------------------------------------------------------------------------------


def box_of(text: Text) -> Area:
    """Left, top, right, bottom of a text."""
    size = measured(text)
    left = text.x - {"start": 0.0, "middle": 0.5, "end": 1.0}[text.anchor] * size.width
    return left, text.y - size.above, left + size.width, text.y + size.below


def outline_of(shape: Rectangle | Circle) -> Area:
    """The same of a node."""
    if isinstance(shape, Circle):
        r = shape.radius
        return shape.x - r, shape.y - r, shape.x + r, shape.y + r
    return shape.x, shape.y, shape.x + shape.width, shape.y + shape.height


def texts_of(scene: Scene) -> list[Text]:
    """What is written."""
    return [s for s in scene.shapes if isinstance(s, Text) and s.text.strip()]


def nodes_of(scene: Scene) -> list[Rectangle | Circle]:
    """The cards: what has an outline."""
    return [s for s in scene.shapes if isinstance(s, Rectangle | Circle) and s.stroke and s.key]


def links_of(scene: Scene) -> list[Arrow]:
    """The arrows between cards; brackets and crosses have no head."""
    return [s for s in scene.shapes if isinstance(s, Arrow) and s.head]


def labels_of(scene: Scene) -> list[Area]:
    """Where lines end for the labels on them."""
    return [gap for link in links_of(scene) for gap in link.gaps]


def way(arrow: Arrow, steps: int = 14) -> Iterator[tuple[float, float]]:
    """Yield points along a line, as every format draws it."""
    for (x0, y0), (x1, y1) in pairwise(arrow.points):
        for k in range(steps + 1):
            t = k / steps
            s = 3 * t * t - 2 * t**3 if arrow.curved else t  # an end coordinate of the cubic
            m = 1.5 * t * (1 - t) + t**3 if arrow.curved else t  # one whose tangent runs along
            yield (
                x0 + (m if arrow.curved == "x" else s) * (x1 - x0),
                y0 + (m if arrow.curved == "y" else s) * (y1 - y0),
            )


def meet(a: Area, b: Area, room: float = 0.05) -> bool:
    """Whether two areas overlap."""
    return a[0] + room < b[2] and b[0] + room < a[2] and a[1] + room < b[3] and b[1] + room < a[3]


def within(inner: Area, outer: Area, room: float = 0.05) -> bool:
    """Whether an area is in another."""
    return (
        inner[0] >= outer[0] - room and inner[1] >= outer[1] - room
        and inner[2] <= outer[2] + room and inner[3] <= outer[3] + room
    )  # fmt: skip


def holds(area: Area, point: tuple[float, float], room: float = 0.0) -> bool:
    """Whether a point is in an area."""
    x, y = point
    return area[0] + room < x < area[2] - room and area[1] + room < y < area[3] - room


def gap(area: Area, arrow: Arrow) -> float:
    """From an area to a line; 0 where it runs through."""
    line = way(arrow, 40) if arrow.curved else arrow.points
    return min(_far(area, a, b) for a, b in pairwise(line))


def _far(area: Area, a: tuple[float, float], b: tuple[float, float]) -> float:
    """From an area to a piece of a line: along it the distance falls and rises, by thirds."""

    def far(t: float) -> float:
        x, y = a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1])
        return hypot(max(area[0] - x, x - area[2], 0.0), max(area[1] - y, y - area[3], 0.0))

    low, high = 0.0, 1.0
    for _ in range(40):
        first, second = (2 * low + high) / 3, (low + 2 * high) / 3
        if far(first) <= far(second):
            high = second
        else:
            low = first
    return min(far(low), far(high))


def flaws(scene: Scene) -> list[str]:
    """What a lecturer would have to retouch, in words."""
    texts, links, nodes = texts_of(scene), links_of(scene), nodes_of(scene)
    frame = (0.0, 0.0, scene.width, scene.height)
    boxes, outlines, labels = (
        [box_of(text) for text in texts], [outline_of(node) for node in nodes], labels_of(scene)
    )  # fmt: skip
    both = list(zip(texts, boxes, strict=True))
    found = [f"outside: {text.text}" for text, box in both if not within(box, frame)]
    found += ["node outside" for outline in outlines if not within(outline, frame)]
    for (i, a), (j, b) in combinations(enumerate(boxes), 2):
        if meet(a, b, 0.3):
            found.append(f"texts meet: {texts[i].text!r} and {texts[j].text!r}")
    found += ["nodes meet" for a, b in combinations(outlines, 2) if meet(a, b)]
    for text, box in both:
        for outline in outlines:
            if meet(box, outline, 0.5) and not within(box, outline, 0.5):
                found.append(f"text on an outline: {text.text}")
    found += ["label on a node" for a in labels for b in outlines if meet(a, b)]
    found += ["labels meet" for a, b in combinations(labels, 2) if meet(a, b)]
    for link in links:
        points = list(way(link))
        for x, y in points:
            if not (0 <= x <= scene.width and 0 <= y <= scene.height):
                found.append("line outside")
        for text, box in both:
            cut = [label for label in labels if within(box, label, 1.5)]
            if not cut and any(holds(box, point) for point in points):
                found.append(f"line through {text.text!r}")
        for node, outline in zip(nodes, outlines, strict=True):
            for point in points:
                if isinstance(node, Circle):
                    if dist(point, (node.x, node.y)) < node.radius - 0.6:
                        found.append("line in a circle")
                elif holds(outline, point, 0.6):
                    found.append("line in a box")
    return found + doubts(scene)


def doubts(scene: Scene) -> list[str]:
    """The labels that another line is not clearly farther from than their own."""
    links = links_of(scene)
    found = []
    for label in labels_of(scene):
        gaps = sorted(gap(label, link) for link in links)
        if len(gaps) > 1 and gaps[1] < 1.45 * gaps[0] + 1e-6:
            found.append(f"label between two lines at {label[0]:.0f}, {label[1]:.0f}")
    return found


# Measures ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Legibility:
    """The measures of a picture on a slide.

    Attributes:
        smallest: size of the smallest text, in points.
        fill: the share of the body that texts cover.
        crossings: pairs of lines that cross.
        flaws: what would have to be retouched.
        seconds: processor time of the layout and the painting.
    """

    smallest: float
    fill: float
    crossings: int
    flaws: tuple[str, ...]
    seconds: float


def legibility(drawing: Drawing) -> Legibility:
    """The measures of a drawing."""
    search.arranged.cache_clear()
    crossings.orders.cache_clear()
    start = time.process_time()
    scene = drawing.scene
    seconds = time.process_time() - start
    scale = min(BODY[0] / scene.width, BODY[1] / scene.height)
    texts = texts_of(scene)
    covered = sum(measured(t).width * max(t.size, measured(t).height) for t in texts)
    return Legibility(
        scale * min(text.size for text in texts),
        scale**2 * covered / (BODY[0] * BODY[1]),
        sum(_cross(a, b) for a, b in combinations(links_of(scene), 2)),
        tuple(flaws(scene)),
        seconds,
    )


def _cross(a: Arrow, b: Arrow) -> bool:
    """Whether two lines cross, but where they meet at a card."""
    return any(
        _sides(p, q, r) * _sides(p, q, s) < 0 and _sides(r, s, p) * _sides(r, s, q) < 0
        for p, q in pairwise(way(a, 6))
        for r, s in pairwise(way(b, 6))
    )


def _sides(p: tuple[float, float], q: tuple[float, float], r: tuple[float, float]) -> float:
    return (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0])


# Programs ----------------------------------------------------------------------------------------

LSTM = """
x=1; h0=0.5; c0=0.2; y=1
w_f=0.4; u_f=0.1; b_f=1; w_i=0.3; u_i=-0.2; b_i=0
w_g=0.5; u_g=0.3; b_g=0.1; w_o=0.6; u_o=0.2; b_o=0
f = sigmoid(w_f*x + u_f*h0 + b_f); i = sigmoid(w_i*x + u_i*h0 + b_i)
g = tanh(w_g*x + u_g*h0 + b_g); o = sigmoid(w_o*x + u_o*h0 + b_o)
c = f*c0 + i*g; h = o*tanh(c); loss = (h - y)^2
"""
ATTENTION = """
x1=1; x2=-0.5; y=1; wq=0.5; wk=0.8; wv=1.2
q1=wq*x1; q2=wq*x2; k1=wk*x1; k2=wk*x2; v1=wv*x1; v2=wv*x2
s1=q2*k1; s2=q2*k2
a1=exp(s1)/(exp(s1)+exp(s2)); a2=exp(s2)/(exp(s1)+exp(s2))
o=a1*v1+a2*v2; loss=(o-y)^2
"""
LOGISTIC = """
w=0.5; b=-0.25; x1=1; x2=2; x3=-1; y1=1; y2=1; y3=0
p1=sigmoid(w*x1+b); p2=sigmoid(w*x2+b); p3=sigmoid(w*x3+b)
l1=-(y1*log(p1)+(1-y1)*log(1-p1)); l2=-(y2*log(p2)+(1-y2)*log(1-p2))
l3=-(y3*log(p3)+(1-y3)*log(1-p3)); loss=(l1+l2+l3)/3
"""
XOR = """
x1=1; x2=0; y=1; w11=0.5; w12=-0.4; w21=0.3; w22=0.8; b1=0.1; b2=-0.1; v1=0.7; v2=-0.6; c=0.2
h1=tanh(w11*x1+w21*x2+b1); h2=tanh(w12*x1+w22*x2+b2)
yhat=sigmoid(v1*h1+v2*h2+c); loss=(yhat-y)^2
"""
AUTOENCODER = """
x1=1; x2=0.5; w1=0.4; w2=0.3; v1=0.6; v2=-0.2
h=tanh(w1*x1+w2*x2); xhat1=v1*h; xhat2=v2*h; loss=(xhat1-x1)^2+(xhat2-x2)^2
"""
CONVOLUTION = """
x1=1; x2=0.5; x3=-1; x4=2; k1=0.3; k2=-0.6; y=1
c1=relu(k1*x1+k2*x2); c2=relu(k1*x2+k2*x3); c3=relu(k1*x3+k2*x4); p=max(c1,c2,c3); loss=(p-y)^2
"""
LECTURE = """
x=2; y=1; w1=0.3; w2=0.8; w3=0.4; w4=0.1
h1=relu(w1*x); h2=relu(w2*x); yhat=w3*h1+w4*h2; loss=(yhat-y)^2
"""
BIASES = """
x=2; y=1; w1=0.3; w2=0.8; w3=0.4; w4=0.1; b1=0.1; b2=-0.2; b3=0.5
h1=relu(w1*x+b1); h2=relu(w2*x+b2); yhat=w3*h1+w4*h2+b3; loss=(yhat-y)^2
"""
DEEP = "x=1; y=0.5; w1=0.5; w2=0.6; w3=0.7; w4=0.8\nh1=tanh(w1*x); h2=tanh(w2*h1)\n" + (
    "h3=tanh(w3*h2); yhat=w4*h3; loss=(yhat-y)^2"
)
UNITS = (
    "x=1; y=0.5; "
    + "; ".join(f"w{i}=0.{i + 1}; b{i}=0.{i}" for i in range(1, 9))
    + "\n"
    + (
        "\n".join(f"h{i} = tanh(w{i}*{'x' if i == 1 else f'h{i - 1}'} + b{i})" for i in range(1, 9))
        + "\nloss = (h8-y)^2"
    )
)
CHAIN = "h0=1.5\n" + "\n".join(
    f"h{i} = tanh(h{i - 1})" if i % 2 else f"h{i} = 0.9*h{i - 1}" for i in range(1, 31)
)
GRU = """
x=1; h0=0.4; y=0.5; w_z=0.5; u_z=0.2; w_r=-0.3; u_r=0.6; w_h=0.8; u_h=0.4
z=sigmoid(w_z*x+u_z*h0); r=sigmoid(w_r*x+u_r*h0); g=tanh(w_h*x+u_h*(r*h0))
h=(1-z)*h0+z*g; loss=(h-y)^2
"""
HINGE = "x1=1; x2=-2; y=1; w1=0.5; w2=0.3; b=0.1\ns=w1*x1+w2*x2+b; m=1-y*s; loss=max(0, m)"
HUBER = "x=2; y=1; w=0.8; b=0.1; yhat=w*x+b; r=yhat-y; loss=sqrt(1+r^2)-1"
RNN5 = (
    "h0=0; w=0.5; u=0.8; y=1; "
    + "; ".join(f"x{i}=0.{i}" for i in range(1, 6))
    + "\n"
    + ("\n".join(f"h{i} = tanh(w*h{i - 1} + u*x{i})" for i in range(1, 6)) + "\nloss = (h5-y)^2")
)
QUOTIENT = "x=3; y=-4; s=sigmoid(y); t=x+s; u=sigmoid(x); v=(x+y)^2; n=u+v; f=t/n"
LONG_NAMES = """
temperature=20; humidity=0.6; weight_t=0.05; weight_h=-0.4; bias_comfort=0.2
comfort = sigmoid(weight_t*temperature + weight_h*humidity + bias_comfort)
loss = (comfort - 1)^2
"""
TEMPERATURE = """
x=1; w1=0.5; w2=-0.3; w3=0.8; T=2
z1=w1*x/T; z2=w2*x/T; z3=w3*x/T; loss = logsumexp(z1, z2, z3) - z1
"""
LAYER_NORM = """
x1=1; x2=3; gamma=2; beta=0.5
mu=(x1+x2)/2; var=((x1-mu)^2+(x2-mu)^2)/2; s=sqrt(var+0.00001)
n1=(x1-mu)/s; n2=(x2-mu)/s; y1=gamma*n1+beta; y2=gamma*n2+beta; loss=y1^2-y2
"""
MASKED = """
x1=1; x2=2; m1=1; m2=0; w1=0.5; w2=0.8; v1=0.3; v2=0.6; y=1
h1=relu(w1*x1); h2=relu(w2*x2); d1=m1*h1; d2=m2*h2; yhat=v1*d1+v2*d2; loss=(yhat-y)^2
"""
RESIDUALS = """
x=1; y=2; w1=0.5; w2=0.4; w3=0.3
h1=relu(w1*x); r1=h1+x; h2=relu(w2*r1); r2=h2+r1; h3=relu(w3*r2); r3=h3+r2; loss=(r3-y)^2
"""
UNET = """
x=1; y=0.5; w1=0.6; w2=0.5; w3=0.8; w4=0.4; s=0.3
d1=relu(w1*x); d2=relu(w2*d1); b=relu(w3*d2); u1=relu(w4*b + s*d2); u2=u1+d1; loss=(u2-y)^2
"""
TWO_HEADS = """
x1=1; x2=2; y=1; q1=0.5; k1=0.3; v1=0.8; q2=-0.4; k2=0.6; v2=0.2
s1=q1*x1*k1*x2; s2=q2*x1*k2*x2; a1=sigmoid(s1); a2=sigmoid(s2); o1=a1*v1; o2=a2*v2
o=o1+o2; loss=(o-y)^2
"""
PID = """
e0=1; e1=0.6; e2=0.3; Kp=2; Ki=0.5; Kd=0.1; r=1
P=Kp*e2; I=Ki*(e0+e1+e2); D=Kd*(e2-e1); u=P+I+D; loss=(u-r)^2
"""
VARIATIONAL = """
x=1; w_mu=0.5; w_s=0.3; eps=0.7; v=0.9
mu=w_mu*x; s=exp(w_s*x); z=mu+s*eps; xhat=v*z; rec=(xhat-x)^2; kl=(s^2+mu^2-1)/2-log(s)
loss=rec+kl
"""
TWO_OUTPUTS = """
x1=0.5; x2=1; w11=0.1; w12=0.2; w21=0.3; w22=0.4; b1=0.1; b2=-0.1; t1=1; t2=0
v11=0.5; v12=0.6; v21=-0.7; v22=0.8; c1=0; c2=0.1
h1=tanh(w11*x1+w21*x2+b1); h2=tanh(w12*x1+w22*x2+b2); o1=v11*h1+v21*h2+c1; o2=v12*h1+v22*h2+c2
loss=(o1-t1)^2+(o2-t2)^2
"""


def dense(*sizes: int) -> str:
    """The program of a network of ReLU units."""
    lines, last = [], [f"x{i + 1}" for i in range(sizes[0])]
    lines += [f"{x} = {0.5 * (i + 1)}" for i, x in enumerate(last)]
    for layer, size in enumerate(sizes[1:], 1):
        is_last = layer == len(sizes) - 1
        units = [f"yhat{j + 1}" if is_last else f"h{j + 1}_{layer}" for j in range(size)]
        for j, unit in enumerate(units):
            names = [f"w{i + 1}{j + 1}_{layer}" for i in range(len(last))]
            lines += [
                f"{n} = {((7 * i + 3 * j + layer) % 9 - 4) / 10}" for i, n in enumerate(names)
            ]
            products = " + ".join(f"{n}*{u}" for n, u in zip(names, last, strict=True))
            lines.append(f"{unit} = {products if is_last else f'relu({products})'}")
        last = units
    lines.append("loss = " + " + ".join(f"({unit} - {k})^2" for k, unit in enumerate(last)))
    return "\n".join(lines)


# A class, a program, what is drawn of it, and the least size of its smallest text.
PROGRAMS: dict[str, tuple[str, str, dict[str, object], float]] = {
    "lecture": ("A", LECTURE, {"wrt": "w2"}, 22),
    "lecture with biases": ("A", BIASES, {"wrt": "b2"}, 18),
    "xor": ("A", XOR, {"wrt": "v1"}, 18),
    "autoencoder": ("A", AUTOENCODER, {"wrt": "w1"}, 18),
    "hinge": ("A", HINGE, {"wrt": "w1"}, 18),
    "huber": ("A", HUBER, {"wrt": "w"}, 18),
    "long names": ("A", LONG_NAMES, {"wrt": "weight_t"}, 18),
    "softmax with temperature": ("A", TEMPERATURE, {"wrt": "w1"}, 16),
    "deep": ("A", DEEP, {"wrt": "w1"}, 18),
    "convolution": ("B", CONVOLUTION, {"wrt": "k1"}, 16),
    "logistic": ("B", LOGISTIC, {"wrt": "w"}, 14),
    "masks": ("B", MASKED, {"wrt": "w1"}, 16),
    "residual chain": ("B", RESIDUALS, {}, 14),
    "rnn of five steps": ("B", RNN5, {}, 12),
    "2-3-2": ("B", dense(2, 3, 2), {}, 16),
    "two outputs with biases": ("B", TWO_OUTPUTS, {"wrt": "w11"}, 16),
    "two heads": ("B", TWO_HEADS, {"wrt": "q1"}, 16),
    "skip of a u-net": ("B", UNET, {"wrt": "w1"}, 14),
    "variational autoencoder": ("B", VARIATIONAL, {"wrt": "w_mu"}, 16),
    "lstm": ("C", LSTM, {"wrt": "w_f"}, 14),
    "gru": ("C", GRU, {"wrt": "u_r"}, 14),
    "attention": ("C", ATTENTION, {"wrt": "wq"}, 12),
    "3-4-2": ("D", dense(3, 4, 2), {}, 13),
    "2-3-3-2": ("D", dense(2, 3, 3, 2), {}, 13),
    "4-5-3": ("D", dense(4, 5, 3), {}, 13),
    "quotient": ("E", QUOTIENT, {}, 14),
    "pid controller": ("E", PID, {"wrt": "Kp"}, 18),
    "chain of thirty": ("F", CHAIN, {}, 14),
    "eight units": ("F", UNITS, {}, 13),
    "layer norm": ("G", LAYER_NORM, {"wrt": "x1"}, 11.5),
}  # fmt: skip


NUMBERS = ("digits", "fractions")  # options of a case that `.numbers` takes


def drawn(text: str, options: dict[str, object]) -> Drawing:
    """The drawing of a program after backward."""
    output = program(text).output
    output.backward()
    how = {name: options[name] for name in NUMBERS if name in options}
    rest = {name: options[name] for name in options if name not in NUMBERS}
    return draw(output, **rest).numbers(**how)  # type: ignore[arg-type]


def main(cases: Path | None) -> None:
    """Print the measures of the programs here, and of a file of cases."""
    rows = [(k, f"{name}", text, opts, least) for name, (k, text, opts, least) in PROGRAMS.items()]
    if cases:
        for line in cases.read_text(encoding="utf-8").splitlines():
            case = json.loads(line)
            rows.append(("", case["name"], case["program"], case["draw"], 0.0))
    print("      pt  index   fill  cross   ms  flaws")
    for kind, name, text, options, least in rows:
        drawn(text, options).scene  # noqa: B018  texts are measured once
        seen = legibility(drawn(text, options))
        mark = " " if seen.smallest >= least and not seen.flaws else "!"
        print(
            f"{mark}{kind:2} {seen.smallest:5.1f}  {INDEX * seen.smallest:5.1f}  {seen.fill:5.2f}  "
            f"{seen.crossings:5}  {1000 * seen.seconds:4.0f}  {name}"
            + "".join(f"\n      {flaw}" for flaw in seen.flaws[:4])
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
