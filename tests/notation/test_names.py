import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.mathtext import MathTextParser

from scalargrad.notation.names import NotAName, canonical, mathtext, typeset

NAMES = {
    "x": "x", "yhat": "ŷ", "w2": "w₂", "w_2": "w₂", "w11_2": "w₁₁⁽²⁾", "h10": "h₁₀",
    "theta": "θ", "lambda": "λ", "Sigma": "Σ", "thetahat": "θ\u0302", "xbar": "x̄", "xdot": "ẋ",
    "ntilde": "ñ", "yhat2": "ŷ₂", "loss": "ℓ", "loss2": "ℓ₂", "bias": "bias", "hat": "hat",
    "crossbar": "crossbar", "dot": "dot", "bias2": "bias₂", "w2x": "w2x", "": "", "2": "2",
    "ŷ": "ŷ", "w₂": "w₂", "a b": "a b", "w2_": "w2_", "_1": "_1", "x_i": "xᵢ", "hatx": "hatx",
    "epsilon": "ε", "pi": "π", "$x$": "x",
    "$\\theta_{12}$": "θ₁₂", "$W_h$": "Wₕ", "loss function": "loss function",
}  # fmt: skip


@pytest.mark.parametrize(("name", "expected"), NAMES.items(), ids=[n or "empty" for n in NAMES])
def test_a_name_is_written_as_mathematics_writes_it(name, expected):
    assert typeset(name) == expected


@pytest.mark.parametrize("name", NAMES)
def test_a_name_in_typography_stays_as_it_is(name):
    assert typeset(typeset(name)) == typeset(name)


@given(st.text(max_size=30).filter(lambda text: "$" not in text))
def test_any_text_can_be_typeset_and_typeset_again(text):
    assert typeset(typeset(text)) == typeset(text)


TEX = {
    "yhat": r"\hat{y}", "ŷ": r"\hat{y}", "w2": "w_{2}", "w₂": "w_{2}", "w11_2": "w_{11}^{(2)}",
    "theta": r"\theta", "θ": r"\theta", "Sigma": r"\Sigma", "loss": r"\ell", "ℓ": r"\ell",
    "loss_train": r"\ell_{\mathrm{train}}", "total_loss": r"\mathrm{total}_{\mathrm{loss}}",
    "bias": r"\mathrm{bias}", "w_out": r"w_{\mathrm{out}}", "xbar2": r"\bar{x}_{2}",
    "$W_h$": "W_h", "a b": "", "": "", "w{": "", "x^2": "", "\\alpha": r"\alpha", "&": "",
}  # fmt: skip


@pytest.mark.parametrize(("name", "expected"), TEX.items(), ids=[n or "empty" for n in TEX])
def test_a_name_is_written_in_tex(name, expected):
    assert mathtext(name) == expected


GREEK = [
    *("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa"),
    *("lambda", "mu", "nu", "xi", "pi", "rho", "sigma", "tau", "upsilon", "phi", "chi", "psi"),
    *("omega", "Gamma", "Delta", "Theta", "Lambda", "Xi", "Pi", "Sigma", "Phi", "Psi", "Omega"),
]


@pytest.mark.parametrize("name", [*NAMES, *GREEK, "muhat2_1", "sigma_x"])
def test_matplotlib_can_set_the_tex_of_every_name(name):
    tex = mathtext(name)
    if tex:
        assert MathTextParser("path").parse(f"${tex}$").width > 0
    else:
        assert not name.isascii() or not name.isidentifier()


@given(st.text(max_size=30).filter(lambda text: "$" not in text))
def test_the_tex_of_any_text_holds_no_special_character_of_it(text):
    tex = mathtext(text)
    assert not set(tex) & set('#%&~$<>"\n')
    assert tex.count("{") == tex.count("}")


# One name in all its spellings: (canonical, Unicode, TeX, other spellings).
SPELLINGS = [
    ("yhat", "ŷ", r"\hat{y}", ("y_hat", r"\hat y", "y\u0302")),
    ("w2", "w₂", "w_{2}", ("w_2", "w_{2}")),
    ("w11_2", "w₁₁⁽²⁾", "w_{11}^{(2)}", ("w_{11}^{[2]}", "w₁₁_(2)", "w_{11}^[2]")),
    ("W__1", "W⁽¹⁾", "W^{(1)}", ("W_(1)", "W^[1]", "W^{(1)}")),
    ("h__l", "h⁽ˡ⁾", "h^{(l)}", ("h^{(l)}",)),
    ("W1__12", "W₁,₁₂", "W_{1,12}", ("W_{1, 12}",)),
    ("h_tminus1", "hₜ₋₁", "h_{t-1}", ("h_{t−1}",)),
    ("h_tplus1", "hₜ₊₁", "h_{t+1}", ()),
    ("H1_net", "H₁ₙₑₜ", r"H_{1,\mathrm{net}}", ("H_1_net",)),
    ("net_h1", "netₕ₁", r"\mathrm{net}_{h_{1}}", (r"\mathrm{net}_{h1}",)),
    ("xprime", "x′", "x'", ("x'", "x_prime", r"x^\prime", r"x^{\prime}")),
    ("hprimeprime2", "h′′₂", "h''_{2}", ("h″₂", "h₂″", "h_2''")),
    ("theta12", "θ₁₂", r"\theta_{12}", (r"\theta_{12}",)),
    ("loss2", "ℓ₂", r"\ell_{2}", (r"\ell_2",)),
    ("Deltax", "Δx", r"\Delta x", (r"Δx",)),
    ("alphabeta", "αβ", r"\alpha \beta", ()),
    ("sigma_beta", "σᵦ", r"\sigma_{\beta}", ()),
    ("E_total", "Eₜₒₜₐₗ", r"E_{\mathrm{total}}", (r"E_{\mathrm{total}}", r"E_{\text{total}}")),
    ("b_hid", "b_hid", r"b_{\mathrm{hid}}", ("b_{hid}",)),
    ("learning_rate", "learning_rate", r"\mathrm{learning}_{\mathrm{rate}}", ()),
    ("权重2", "权重₂", "", ("权重_2",)),
    ("größe", "größe", "", ("gro\u0308ße",)),
]


@pytest.mark.parametrize(
    ("plain", "text", "tex", "others"), SPELLINGS, ids=[row[0] for row in SPELLINGS]
)
def test_a_name_is_the_same_in_all_its_spellings(plain, text, tex, others):
    for spelled in (plain, text, *filter(None, [tex]), *others):
        assert canonical(spelled) == plain
        assert (typeset(spelled), mathtext(spelled)) == (text, tex)
    assert plain.isidentifier()


@given(st.from_regex(r"[a-zA-Z]{1,5}[0-9]{0,2}(_[a-z0-9]{1,4}){0,2}", fullmatch=True))
def test_what_is_printed_of_a_name_is_read_as_that_name(name):
    plain = canonical(name)
    assert canonical(plain) == plain
    assert canonical(typeset(name)) == plain
    assert typeset(plain) == typeset(name)


@given(st.from_regex(r"[a-zα-ω]{1,2}[₀-₉]{0,2}(⁽[⁰¹²]⁾)?′?", fullmatch=True))
def test_a_name_from_a_board_has_one_spelling(name):
    try:
        plain = canonical(name)
    except NotAName:
        return
    assert canonical(typeset(plain)) == plain
    assert plain.isidentifier()


@pytest.mark.parametrize(
    "name",
    ["", "2", "2x", "a b", "x²", "w⁽²", "⁽²⁾", "a-b", "a\n", "😀", "ｘ", "wа", "Α", "x٣", "wν"],
)
def test_what_is_no_name_is_refused(name):
    with pytest.raises(NotAName):
        canonical(name)
    assert typeset(name) == name
