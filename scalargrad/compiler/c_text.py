"""The C text around the statements of a program, for registers of as many lanes as fit."""

from __future__ import annotations

# A straight line takes longer to compile at -O2, and is no faster; loops are twice as fast.
OPTIMIZED = '#pragma GCC optimize ("O2")\n'

HEAD = """\
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* As many doubles side by side as a vector register holds. */
#if defined __AVX512F__
#define LANES 8
#elif defined __AVX__
#define LANES 4
#else
#define LANES 2
#endif
typedef double real __attribute__((vector_size(8 * LANES)));
typedef long long mask __attribute__((vector_size(8 * LANES)));

static inline real lanes(double a)
{
    real r;
    for (int k = 0; k < LANES; k++) r[k] = a;
    return r;
}

static inline mask masks(int c) { return (mask){0} - (long long)c; }

static inline real where(mask c, real a, real b)
{
    return (real)((c & (mask)a) | (~c & (mask)b));
}

#define CALLED static __attribute__((noinline)) /* compiled once, not wherever it is called */

CALLED real loaded_rest(const double *column, long rest)
{
    real r;
    for (int k = 0; k < LANES; k++) r[k] = column[k < rest ? k : 0];
    return r;
}

CALLED void stored_rest(double *row, long rest, real r)
{
    for (long k = 0; k < rest; k++) row[k] = r[k];
}

/* The lanes from i on; a first block of fewer, of `rest` lanes, begins before 0. */
static inline real loaded(const double *column, long i, long rest)
{
    real r;
    if (i < 0) return loaded_rest(column, rest);
    memcpy(&r, column + i, sizeof r);
    return r;
}

static inline double summed(real s)
{
    double sum = 0;
    for (int k = 0; k < LANES; k++) sum += s[k];
    return sum;
}

static inline void stored(double *row, long i, long rest, real r)
{
    if (i < 0) stored_rest(row, rest, r);
    else memcpy(row + i, &r, sizeof r);
}
"""

EACH = """\
static inline real {op}_lanes(real a)
{{
    real r;
    for (int k = 0; k < LANES; k++) r[k] = {name}(a[k]);
    return r;
}}
"""

POWER = """\
static inline real power_lanes(real a, real b)
{
    real r;
    for (int k = 0; k < LANES; k++) r[k] = pow(a[k], b[k]);
    return r;
}
"""

# sum_ is added up over the lanes, same_ are outputs that no lane changes; wide_ (registers of
# lanes) and single_ (doubles) are what loops read and write, and what a part leaves for the next.
PASSED = "n_, i_, rest_, numbers_, columns_, sum_, wide_, single_, same_, rows_"

PART = """\
static void part{number}(
    long n_, long i_, long rest_, const double *restrict numbers_, const double *columns_,
    real *restrict sum_, real *restrict wide_, double *restrict single_, double *restrict same_,
    double *rows_)
{{
    (void)n_, (void)i_, (void)rest_, (void)numbers_, (void)columns_;
    (void)sum_, (void)wide_, (void)single_, (void)same_, (void)rows_;
{body}
}}
"""

TILE = """\
/* A few of the rows of `outer`, from the row j on and two registers of columns side by side. */
static inline void tile{count}(
    const real *restrict memory, long blocks, const real *restrict across, long wide, long a,
    long step, long columns, double *restrict sums, long row)
{{
    for (long k = 0; k < wide; k += 2) {{
        real {zeros};
        for (long i = 0; i < blocks; i++) {{
            const double *const from = (const double *)(memory + i * WIDE + a);
            for (int l = 0; l < LANES; l++) {{
                const real *const x = across + (i * LANES + l) * wide + k;
                {adds}
            }}
        }}
        {ends}
    }}
}}
"""

OUTER = """\
static inline void added(double *sums, long count, real s)
{{{{
    if (count < LANES) {{{{
        for (long l = 0; l < count; l++) sums[l] += s[l];
        return;
    }}}}
    real r;
    memcpy(&r, sums, sizeof r);
    r += s;
    memcpy(sums, &r, sizeof r);
}}}}

{tiles}
/* Adds the product of each of `rows` registers, from a on, and each of `columns`, from b on, over
   all lanes. What stands in lanes side by side is first brought below one another: across. */
static void outer(
    const real *restrict memory, long blocks, real *restrict across, long rows, long a,
    long a_step, long columns, long b, long b_step, double *restrict sums, long row)
{{{{
    const long wide = 2 * ((columns + 2 * LANES - 1) / (2 * LANES));
    double *const to = (double *)across;
    for (long i = 0; i < blocks; i++)
        for (long k = 0; k < wide * LANES; k++)
            for (int l = 0; l < LANES; l++)
                to[(i * LANES + l) * wide * LANES + k] =
                    k < columns ? memory[i * WIDE + b + k * b_step][l] : 0;
    long j = 0;
    for (; j + 4 <= rows; j += 4)
        tile4(memory, blocks, across, wide, a + j * a_step, a_step, columns, sums + j * row, row);
    for (; j < rows; j++)
        tile1(memory, blocks, across, wide, a + j * a_step, a_step, columns, sums + j * row, row);
}}}}
"""

PRODUCTS = """\
static void products(
    long blocks_, real *restrict across_, const real *restrict memory_, double *restrict sums_)
{{
    (void)across_;
    {loops}
}}
"""

KERNEL = """\
int kernel(long n_, const double *numbers_, const double *columns_, double *sums_)
{{
    double *const rows_ = sums_ + {all_sums};
    real *const sum_ = aligned_alloc(
        sizeof(real), ({sums} + BLOCKS * WIDE + {across} * LANES + 1) * sizeof(real));
    double *const single_ = malloc(({single} + {same} + 1) * sizeof(double));
    if (!sum_ || !single_) {{
        free(sum_);
        free(single_);
        return 1;
    }}
    real *const memory_ = sum_ + {sums};
    double *const same_ = single_ + {single};
    memset(sum_, 0, {sums} * sizeof(real));
    memset(sums_, 0, {all_sums} * sizeof(double));
    const long rest_ = n_ % LANES;
    for (long i_ = rest_ ? rest_ - LANES : 0; i_ < n_;) {{
        long block_ = 0;
        for (; i_ < n_ && block_ < BLOCKS; i_ += LANES, block_++) {{
            real *const wide_ = memory_ + block_ * WIDE;
            {calls}
            if (i_ < 0) /* what lies beyond the rest does not count */
                for (long k = rest_; k < LANES; k++) {{
                    for (int j = 0; j < {sums}; j++) sum_[j][k] = 0;
                    for (int j = 0; j < {cleared}; j++) wide_[j][k] = 0;
                }}
        }}
        {products}
    }}
    {handed}
    free(sum_);
    free(single_);
    return 0;
}}
"""
