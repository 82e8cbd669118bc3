import pytest

from scalargrad import Value, to_graphviz


def test_a_graph_is_a_digraph_whose_attributes_can_be_changed():
    graphviz = pytest.importorskip("graphviz")
    x = Value("2", "x")
    y = (x * x + x).named("y")
    y.backward()
    picture = to_graphviz(y)
    assert isinstance(picture, graphviz.Digraph)
    picture.attr(rankdir="TB")
    assert picture.source.count(" -> ") == 4  # x twice in the product, x and the product in the sum
    assert "∂ 5" in picture.source
    assert "rankdir=TB" in picture.source


def test_what_is_no_value_is_refused():
    with pytest.raises(TypeError, match=r"takes a Value; got int 3"):
        to_graphviz(3)
