# %% [markdown]
# # 8 · Check your own work: worksheets for a class
#
# One small program is the example on the slide, the worksheet, its key and the marking scheme. This
# notebook makes a sheet, lets a student fill it in, marks it fairly, and then marks a class.
#
# *To run it:* in a clone of scalargrad, `pip install . jupyterlab`, then `jupyter lab notebooks`.
# On a hosted notebook such as Colab, upload the clone and run `%pip install .` inside it.
# To read it you need nothing: all outputs are kept.

# %% [markdown]
# ## A sheet
#
# `worksheet` takes the text of a program and what to ask for: here the factors of the chain from w₂
# to the loss, and their product. The sheet is Markdown: it can be printed, mailed, or put into a
# course page.

# %%
from scalargrad import check, worksheet

text = """
x = 2; y = 1; w1 = 0.3; w2 = 0.8; w3 = 0.4; w4 = 0.1
h1 = relu(w1*x)
h2 = relu(w2*x)
yhat = w3*h1 + w4*h2
loss = (yhat - y)^2
"""
sheet = worksheet(text, ask="path:w2")
print(sheet.markdown())

# %% [markdown]
# The key is the same sheet with the answers. Nobody has typed them, so they cannot be out of step
# with the numbers above. As CSV it fits a spreadsheet:

# %%
print(sheet.csv(answers=True))

# %% [markdown]
# ## Other numbers for everyone
#
# A seed draws new inputs, of the same size and with as many digits, so that the work is as hard but
# copying does not help. It avoids the coincidences that hide mistakes, such as an input that equals
# the 2 of the power rule.

# %%
from scalargrad.sheets.worksheet import read_sheet

for seed in (1, 2, 3):
    variant = worksheet(text, ask="path:w2", seed=seed)
    print(f"seed {seed}:", variant.text.splitlines()[0])

# %% [markdown]
# ## A student's sheet
#
# **Exercise 1.** Fill in the answers, between the bars, and run the cell. Decimals and fractions
# are both right: −0.5 or −1/2.

# %%
mine = """
| quantity | answer |
| --- | --- |
| ∂ℓ/∂ŷ |  |
| ∂ŷ/∂h₂ |  |
| ∂h₂/∂w₂ |  |
| ∂ℓ/∂w₂ |  |
"""
filled = read_sheet(mine, text)
check(filled.program, filled.answers, solutions=False)

# %% [markdown]
# <details><summary>One solution</summary>
#
# From top to bottom −1.2, 0.1, 2 and −0.24. The key says so too: `sheet.markdown(answers=True)` is
# read back and marked like any other sheet.
#
# </details>
#
# ## Marked by follow-through
#
# This student lost the inner derivative x in the third line. The fourth line is *right for someone
# who has that third line*, so it is not marked wrong a second time: one mistake costs one line.
# Each line is recomputed from the student's own earlier lines.

# %%
answers = {"dl/dyhat": "-1.2", "dyhat/dh2": "0.1", "dh2/dw2": "1", "dl/dw2": "-0.12"}
report = check(text, answers)

print("first wrong:", report.first_wrong)
print("looks like: ", *report.mistakes)
print(f"score:       {report.score:.0%}, without follow-through {report.strict_score:.0%}")
report

# %% [markdown]
# ## What about rounding?
#
# A number is read as it was written. 0.33 stands for everything that rounds to it, 1/3 is exact.
# Who rounds at every step drifts a little, and is not punished for it; a wrong last digit is.

# %%
rounding = "a = 1; b = 3; c = a/b; d = c*c; e = 7*d"
for written in ({"c": "0.33", "d": "0.11", "e": "0.77"}, {"c": "1/3", "d": "0.111", "e": "0.79"}):
    print(check(rounding, written))
    print()

# %% [markdown]
# ## The hidden twin
#
# **Exercise 2.** A student hands in nothing but ∂ℓ/∂w₂ = 0.24. The number is right and the sign is
# not. Find a *wrong factor* that explains it: change one answer so that the last line follows from
# the student's own lines.

# %%
twin = {"dl/dyhat": "-1.2", "dyhat/dh2": "0.1", "dh2/dw2": "2", "dl/dw2": "0.24"}  # your turn
found = check(text, twin)
follows = found.lines[-1].follows is not None
print("right" if follows else "not yet: the last line does not follow from the others")

# %% [markdown]
# <details><summary>One solution</summary>
#
# (y − ŷ) instead of (ŷ − y), the usual slip, makes the first factor 1.2:
# `twin["dl/dyhat"] = "1.2"`. Then one line is wrong, and the last one follows from it.
#
# </details>
#
# ## A class
#
# Submissions are files in a folder. `grade` marks them all against the key; a file that cannot be
# read gets a remark and stops nobody else. Here nine students, one of whom drew a picture instead.

# %%
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from scalargrad.sheets.grading import grade
from scalargrad.sheets.submissions import submissions_in

handed_in = {
    "ada": ("-1.2", "0.1", "2", "-0.24"),
    "ben": ("-1.2", "0.1", "1", "-0.12"),
    "cem": ("-0.6", "0.1", "2", "-0.12"),
    "dai": ("1.2", "0.1", "2", "0.24"),
    "eva": ("-6/5", "1/10", "2", "-6/25"),
    "gus": ("-1.2", "0.1", "1", "-0.12"),
    "hal": ("-0.6", "0.1", "2", "-.12"),
    "ida": ("-1.20", "0.1", "1", "-0.120"),
}
names = ("∂ℓ/∂ŷ", "∂ŷ/∂h₂", "∂h₂/∂w₂", "∂ℓ/∂w₂")

with tempfile.TemporaryDirectory() as place:
    folder = Path(place)
    (folder / "key.md").write_text(sheet.markdown(answers=True), encoding="utf-8")
    (folder / "class").mkdir()
    for student, numbers in handed_in.items():
        rows = [f"| {name} | {number} |" for name, number in zip(names, numbers, strict=True)]
        table = "\n".join(["| quantity | answer |", "|---|---|", *rows])
        (folder / "class" / f"{student}.md").write_text(table, encoding="utf-8")
    (folder / "class" / "fay.md").write_text("(a nice drawing)", encoding="utf-8")

    with ThreadPoolExecutor() as pool:
        book = grade(folder / "key.md", submissions_in(folder / "class"), executor=pool)

for result in book.results:
    print(f"{result.name:7} {result.score:5.0%}  {result.problem or ', '.join(result.mistakes)}")

# %% [markdown]
# ## What to talk about next week
#
# The names of the mistakes, counted, are the plan of the next lecture.

# %%
from collections import Counter

import matplotlib.pyplot as plt

counted = Counter(mistake for result in book.results for mistake in result.mistakes)
mistakes, counts = zip(*reversed(counted.most_common()), strict=True)

fig, ax = plt.subplots(figsize=(8, 0.6 * len(counts) + 1.2), dpi=110, layout="constrained")
ax.barh(mistakes, counts, color="#0072B2")
ax.set_xlabel("students")
ax.xaxis.get_major_locator().set_params(integer=True)
plt.show()

# %% [markdown]
# **What to take away.** Everything here has a command as well: `scalargrad worksheet`, `scalargrad
# check`, and for a class `scalargrad grade key.md submissions -o gradebook.csv`. And a sheet with
# its answers is a test: `pytest slides/` checks every line of each `*.sheet.md`.
