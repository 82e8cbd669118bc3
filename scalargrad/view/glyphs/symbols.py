r"""What the commands of mathematics stand for: \alpha for α, \leq for ≤, and how each is set."""

from __future__ import annotations


def _commands(listed: str) -> dict[str, str]:
    words = listed.split()
    return {f"\\{name}": symbol for name, symbol in zip(words[::2], words[1::2], strict=True)}


def _names(listed: str) -> list[str]:
    return [f"\\{name}" for name in listed.split()]


# As mathtext and LaTeX call the letters: epsilon is the rounded one, phi the straight one.
_GREEK = _commands(
    """alpha α beta β gamma γ delta δ epsilon ε zeta ζ eta η theta θ iota ι kappa κ lambda λ mu μ
    nu ν xi ξ pi π rho ρ sigma σ tau τ upsilon υ phi ϕ chi χ psi ψ omega ω varepsilon ε vartheta ϑ
    varkappa ϰ varpi ϖ varrho ϱ varsigma ς varphi φ
    Gamma Γ Delta Δ Theta Θ Lambda Λ Xi Ξ Pi Π Sigma Σ Upsilon Υ Phi Φ Psi Ψ Omega Ω"""
)

# Set with space around them, except at the beginning.
BINARY = _commands(
    r"""times × div ÷ pm ± mp ∓ cdot ⋅ ast ∗ star ⋆ circ ∘ bullet ∙ oplus ⊕ ominus ⊖ otimes ⊗
    oslash ⊘ odot ⊙ wedge ∧ vee ∨ cap ∩ cup ∪ setminus ∖ dagger † ddagger ‡ uplus ⊎ sqcap ⊓
    sqcup ⊔ diamond ⋄ wr ≀ bigcirc ○"""
) | {"+": "+", "-": "−", "−": "−", "*": "*"}

# Set with space around them: relations and arrows.
RELATIONS = _commands(
    r"""approx ≈ equiv ≡ sim ∼ simeq ≃ cong ≅ propto ∝ neq ≠ ne ≠ leq ≤ le ≤ geq ≥ ge ≥ ll ≪ gg ≫
    in ∈ notin ∉ ni ∋ subset ⊂ supset ⊃ subseteq ⊆ supseteq ⊇ perp ⟂ mid ∣ parallel ∥ prec ≺ succ ≻
    doteq ≐ asymp ≍ models ⊧ vdash ⊢ dashv ⊣ top ⊤ bot ⊥ therefore ∴ because ∵ triangleq ≜
    coloneq ≔ lesssim ≲ gtrsim ≳ nless ≮ ngtr ≯ nleq ≰ ngeq ≱ dots …
    to → rightarrow → leftarrow ← leftrightarrow ↔ Rightarrow ⇒ Leftarrow ⇐ Leftrightarrow ⇔
    uparrow ↑ downarrow ↓ updownarrow ↕ Uparrow ⇑ Downarrow ⇓ mapsto ↦ longrightarrow ⟶
    longleftarrow ⟵ longleftrightarrow ⟷ Longrightarrow ⟹ Longleftarrow ⟸ longmapsto ⟼
    nearrow ↗ searrow ↘ swarrow ↙ nwarrow ↖ hookrightarrow ↪ rightleftharpoons ⇌ leadsto ⇝"""
) | {sign: sign for sign in "=<>:"}

# Set with space after them.
PUNCTUATION = {sign: sign for sign in ",;.!"} | {r"\cdotp": "·"}

# Their limits stand above and below.
LARGE = _commands(
    "sum ∑ prod ∏ coprod ∐ bigcap ⋂ bigcup ⋃ bigvee ⋁ bigwedge ⋀ bigodot ⨀ bigotimes ⨂ bigoplus ⨁"
)

# Sloping and tall: what is raised stands far to the right of what is lowered.
INTEGRALS = _commands("int ∫ oint ∮ iint ∬ iiint ∭")

ORDINARY = _GREEK | _commands(
    r"""ell ℓ partial ∂ nabla ∇ infty ∞ hbar ħ hslash ℏ imath ı jmath ȷ Re ℜ Im ℑ aleph ℵ wp ℘
    emptyset ∅ varnothing ∅ forall ∀ exists ∃ nexists ∄ neg ¬ angle ∠ degree ° prime ′ complement ∁
    ldots … cdots ⋯ vdots ⋮ ddots ⋱ vert | Vert ‖ | ‖ backslash \ flat ♭ sharp ♯ natural ♮
    lfloor ⌊ rfloor ⌋ lceil ⌈ rceil ⌉ langle ⟨ rangle ⟩ lbrace { rbrace } lbrack [ rbrack ]
    { { } } % % $ $ # # & & _ _"""
)

SYMBOLS = ORDINARY | BINARY | RELATIONS | PUNCTUATION | LARGE | INTEGRALS

# Each a character that is put above.
ACCENTS = _commands(
    "hat \u0302 bar \u0304 tilde \u0303 dot \u0307 ddot \u0308 vec \u20d7 acute \u0301 "
    "grave \u0300 breve \u0306"
)
WIDE_ACCENTS = _commands("widehat \u0302 widetilde \u0303")

SPACES = {  # in ems
    r"\,": 1 / 6, r"\:": 2 / 9, r"\>": 2 / 9, r"\;": 5 / 18, r"\ ": 1 / 3, "~": 1 / 3,
    r"\enspace": 0.5, r"\quad": 1.0, r"\qquad": 2.0, r"\!": -1 / 6,
}  # fmt: skip

FUNCTIONS = frozenset(
    _names(
        """arccos arcsin arctan arg cos cosh cot coth csc deg det dim exp gcd hom inf ker lg lim
        liminf limsup ln log max min Pr sec sin sinh sup tan tanh"""
    )
)
LIMITS = frozenset(_names("lim liminf limsup sup max min"))  # theirs stand below them

_FENCES = _names(
    "{ } | vert Vert lfloor rfloor lceil rceil langle rangle lbrace rbrace lbrack rbrack backslash"
)
DELIMITERS = {sign: sign for sign in "()[]|/"} | {"<": "⟨", ">": "⟩", ".": ""}
DELIMITERS |= {name: ORDINARY[name] for name in _FENCES}

CHARACTERS = "".join({*SYMBOLS.values(), *ACCENTS.values(), *DELIMITERS.values()})
