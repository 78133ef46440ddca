/*
 * Numbers to and from decimal text, exactly. The way through large integers is the plain one of
 * the textbooks: small code, and slow only for doubles with many digits or far exponents.
 */

#include "internal.h"

#include <string.h>

/* Kept out of its callers, whose stack would otherwise grow by some pages for nothing. */
#define SLOW __attribute__((noinline, cold))

/* ---- Large integers, limbs from the least on, no leading zero limb. */

/* Room for both sides of the longest division there is: 10^(DIGITS_MAX + 330) and as much again
 * in bits to line the two up. */
enum { DIGITS_MAX = 800, LIMBS = 124 };

struct big {
    size_t size;
    uint32_t limb[LIMBS];
};

static void big_set(struct big *b, uint64_t value)
{
    *b = (struct big){.limb = {(uint32_t)value, (uint32_t)(value >> 32)}};
    b->size = (size_t)(value > 0) + (value > UINT32_MAX);
}

/* b = b * factor + more */
static void big_mul(struct big *b, uint32_t factor, uint32_t more)
{
    uint64_t carry = more;

    for (size_t i = 0; i < b->size; i++) {
        carry += (uint64_t)b->limb[i] * factor;
        b->limb[i] = (uint32_t)carry;
        carry >>= 32;
    }
    if (carry)
        b->limb[b->size++] = (uint32_t)carry;
}

static void big_mul_pow10(struct big *b, int64_t exponent)
{
    for (; exponent >= 9; exponent -= 9)
        big_mul(b, 1000000000, 0);
    for (; exponent > 0; exponent--)
        big_mul(b, 10, 0);
}

static void big_shift(struct big *b, int64_t bits)
{
    size_t limbs = (size_t)bits / 32;

    if (b->size == 0)
        return;
    big_mul(b, (uint32_t)1 << (bits % 32), 0);
    memmove(b->limb + limbs, b->limb, b->size * sizeof b->limb[0]);
    memset(b->limb, 0, limbs * sizeof b->limb[0]);
    b->size += limbs;
}

static int64_t big_bits(const struct big *b)
{
    return (int64_t)b->size * 32 - __builtin_clz(b->limb[b->size - 1]);
}

static int big_compare(const struct big *a, const struct big *b)
{
    if (a->size != b->size)
        return a->size < b->size ? -1 : 1;
    for (size_t i = a->size; i-- > 0;)
        if (a->limb[i] != b->limb[i])
            return a->limb[i] < b->limb[i] ? -1 : 1;
    return 0;
}

/* a = a - b, which must not be larger */
static void big_sub(struct big *a, const struct big *b)
{
    uint64_t borrow = 0;

    for (size_t i = 0; i < a->size; i++) {
        uint64_t limb = (uint64_t)a->limb[i] - (i < b->size ? b->limb[i] : 0) - borrow;
        a->limb[i] = (uint32_t)limb;
        borrow = limb >> 63;
    }
    while (a->size > 0 && a->limb[a->size - 1] == 0)
        a->size--;
}

/* a + b compared with c */
static int big_compare_sum(const struct big *a, const struct big *b, const struct big *c)
{
    struct big rest = *c;

    if (big_compare(a, c) > 0)
        return 1;
    big_sub(&rest, a);
    return big_compare(b, &rest);
}

/* ---- Reading */

/* 0.d1d2..dn * 10^point, where neither d1 nor dn is 0; n is `count`, and `digits` where d1 stands,
 * with perhaps the decimal point further on. Zero has no digits. */
struct decimal {
    bool negative;
    const char *digits;
    size_t count;
    int64_t point;
};

static void decimal_read(struct decimal *d, const char *text, size_t size)
{
    const char *end = text + size;
    bool fraction = false, down;
    int64_t exponent = 0;
    size_t count = 0;

    *d = (struct decimal){.negative = *text == '-'};
    for (text += d->negative; text < end && (*text | 0x20) != 'e'; text++) {
        if (*text == '.') {
            fraction = true;
        } else if (count == 0 && *text == '0') {
            d->point -= fraction;
        } else {
            if (count++ == 0)
                d->digits = text;
            if (*text != '0')
                d->count = count;
            d->point += !fraction;
        }
    }
    if (text == end)
        return;
    down = *++text == '-';
    for (text += down || *text == '+'; text < end; text++)
        if (exponent < INT64_MAX / 100)
            exponent = exponent * 10 + (*text - '0');
    d->point += down ? -exponent : exponent;
}

/* The digit at *at, which moves on to the next. */
static unsigned digit_next(const char **at)
{
    *at += **at == '.';
    return (unsigned)(*(*at)++ - '0');
}

enum json_fit json_read_integer(const char *text, size_t size, bool *negative, uint64_t *out)
{
    struct decimal d;
    uint64_t magnitude = 0;
    bool large = false;

    decimal_read(&d, text, size);
    for (size_t i = 0; i < d.count; i++) {
        unsigned digit = digit_next(&d.digits);

        if ((int64_t)i < d.point)
            large = large || __builtin_mul_overflow(magnitude, 10, &magnitude) ||
                    __builtin_add_overflow(magnitude, digit, &magnitude);
        else if (digit != 0)
            return JSON_NOT_INTEGER;
    }
    if (d.count > 0 && d.point > (int64_t)d.count)
        for (int64_t i = (int64_t)d.count; i < d.point && !large; i++)
            large = __builtin_mul_overflow(magnitude, 10, &magnitude);
    *negative = d.negative;
    *out = magnitude;
    return large ? JSON_TOO_LARGE : JSON_FITS;
}

/* The bits of the double nearest to top / bottom, even if infinite; both are used up. */
static uint64_t divide(struct big *top, struct big *bottom)
{
    enum { PRECISION = 53, LEAST = -1074 };
    int64_t scale = big_bits(top) - big_bits(bottom), bits;
    uint64_t mantissa = 0;
    int half;

    /* Make the quotient one of [1/2, 1), to be multiplied by 2^scale. */
    if (scale >= 0)
        big_shift(bottom, scale);
    else
        big_shift(top, -scale);
    if (big_compare(top, bottom) >= 0) {
        big_shift(bottom, 1);
        scale++;
    }
    bits = scale - LEAST < PRECISION ? scale - LEAST : PRECISION;
    if (bits < 0)
        return 0;
    for (int64_t i = 0; i < bits; i++) {
        big_shift(top, 1);
        mantissa <<= 1;
        if (big_compare(top, bottom) >= 0) {
            big_sub(top, bottom);
            mantissa |= 1;
        }
    }
    big_shift(top, 1);
    half = big_compare(top, bottom);
    mantissa += half > 0 || (half == 0 && (mantissa & 1));

    /* What rounding carries over runs into the exponent, as it should. */
    return bits < PRECISION ? mantissa : mantissa + ((uint64_t)(scale - PRECISION - LEAST) << 52);
}

SLOW static uint64_t read_slowly(const struct decimal *d)
{
    struct big top, bottom;
    const char *at = d->digits;
    size_t count = d->count < DIGITS_MAX ? d->count : DIGITS_MAX;

    big_set(&top, 0);
    big_set(&bottom, 1);
    for (size_t i = 0; i < count; i++)
        big_mul(&top, 10, digit_next(&at));

    /* No double, and no middle between two, has that many; it is enough to know of the rest. */
    if (count < d->count) {
        big_mul(&top, 10, 1);
        count++;
    }
    if (d->point >= (int64_t)count)
        big_mul_pow10(&top, d->point - (int64_t)count);
    else
        big_mul_pow10(&bottom, (int64_t)count - d->point);
    return divide(&top, &bottom);
}

/* Exact if it is true: both parts are doubles, and there is one rounding. */
static bool read_fast(const struct decimal *d, double *out)
{
    enum { DIGITS = 15, EXACT_POWER = 22 };
    int64_t exponent = d->point - (int64_t)d->count;
    const char *at = d->digits;
    uint64_t mantissa = 0;
    double power = 1;

    if (d->count > DIGITS || exponent < -EXACT_POWER || exponent > EXACT_POWER)
        return false;
    for (size_t i = 0; i < d->count; i++)
        mantissa = mantissa * 10 + digit_next(&at);
    for (int64_t i = exponent < 0 ? -exponent : exponent; i > 0; i--)
        power *= 10;
    *out = exponent < 0 ? (double)mantissa / power : (double)mantissa * power;
    return true;
}

bool json_read_double(const char *text, size_t size, double *out)
{
    enum { POINT_MAX = 310, POINT_MIN = -330 };
    const uint64_t infinite = (uint64_t)0x7ff << 52;
    struct decimal d;
    double value = 0;

    decimal_read(&d, text, size);
    if (d.count > 0 && d.point > POINT_MAX)
        return false;
    if (d.count > 0 && d.point >= POINT_MIN && !read_fast(&d, &value)) {
        uint64_t bits = read_slowly(&d);
        if (bits >= infinite)
            return false;
        memcpy(&value, &bits, sizeof value);
    }
    *out = d.negative ? -value : value;
    return true;
}

/* ---- Writing */

size_t json_write_integer(char *out, bool negative, uint64_t magnitude)
{
    char digits[20];
    size_t at = sizeof digits;

    do
        digits[--at] = (char)('0' + magnitude % 10);
    while (magnitude /= 10);
    if (negative)
        *out++ = '-';
    memcpy(out, digits + at, sizeof digits - at);
    return negative + sizeof digits - at;
}

static void times_ten(struct big *a, struct big *b, struct big *c)
{
    big_mul(a, 10, 0);
    big_mul(b, 10, 0);
    big_mul(c, 10, 0);
}

/* Of all decimals nearer to mantissa * 2^exponent than to any other double, the digits of the
 * shortest; *point as in struct decimal. `lower` is whether the next double below is only half as
 * far away as the next above. (Steele and White, Dragon4.) */
SLOW static size_t shortest(char *digits, uint64_t mantissa, int64_t exponent, bool lower,
                            int64_t *point)
{
    struct big rest, scale, above, below; /* all in units of 1 / scale */
    bool even = mantissa % 2 == 0, low, high;
    size_t count = 0;

    big_set(&rest, mantissa);
    big_set(&scale, 1);
    big_set(&below, 1);
    big_shift(&rest, 1 + lower + (exponent > 0 ? exponent : 0));
    big_shift(&scale, 1 + lower + (exponent < 0 ? -exponent : 0));
    big_shift(&below, exponent > 0 ? exponent : 0);
    above = below;
    big_shift(&above, lower);

    /* 2^32 log10(2); the power of ten is the right one or one too small. */
    *point = (((63 - __builtin_clzll(mantissa) + exponent) * 1292913986) >> 32) + 1;
    big_mul_pow10(&scale, *point);
    big_mul_pow10(&rest, -*point);
    big_mul_pow10(&above, -*point);
    big_mul_pow10(&below, -*point);
    if (big_compare_sum(&rest, &above, &scale) >= !even)
        ++*point;
    else
        times_ten(&rest, &above, &below);
    for (;;) {
        digits[count] = '0';
        for (; big_compare(&rest, &scale) >= 0; big_sub(&rest, &scale))
            digits[count]++;
        low = big_compare(&rest, &below) < even;
        high = big_compare_sum(&rest, &above, &scale) >= !even;
        if (low || high)
            break;
        count++;
        times_ten(&rest, &above, &below);
    }

    /* If both neighbours will do, the nearer one, in the middle the even one. */
    if (high && (!low || big_compare_sum(&rest, &rest, &scale) >= (digits[count] % 2 == 0)))
        digits[count]++;
    return count + 1;
}

/* 0.<digits> * 10^point as JavaScript would write it. */
static size_t layout(char *out, const char *digits, size_t count, int64_t point)
{
    enum { PLAIN_MAX = 21, PLAIN_MIN = -6 };
    char *start = out;

    if (point > PLAIN_MAX || point <= PLAIN_MIN) {
        *out++ = *digits++;
        if (count > 1) {
            *out++ = '.';
            memcpy(out, digits, count - 1);
            out += count - 1;
        }
        *out++ = 'e';
        point--;
        out += json_write_integer(out, point < 0, (uint64_t)(point < 0 ? -point : point));
        return (size_t)(out - start);
    }
    if (point <= 0) {
        memcpy(out, "0.000000", 8);
        memcpy(out + 2 - point, digits, count);
        return (size_t)(2 - point) + count;
    }
    for (int64_t i = 0; i < point || i < (int64_t)count; i++) {
        if (i == point)
            *out++ = '.';
        *out++ = i < (int64_t)count ? digits[i] : '0';
    }
    return (size_t)(out - start);
}

size_t json_write_double(char *out, double finite)
{
    const uint64_t hidden = (uint64_t)1 << 52;
    const double exact = (double)(hidden * 2);
    char digits[20];
    uint64_t bits, mantissa;
    int64_t exponent, point;
    bool negative;
    size_t count;

    memcpy(&bits, &finite, sizeof bits);
    negative = bits >> 63;
    exponent = (int64_t)(bits >> 52 & 0x7ff);
    mantissa = bits & (hidden - 1);
    if (exponent == 0 && mantissa == 0)
        return json_write_integer(out, negative, 0);
    if (finite > -exact && finite < exact && finite == (double)(int64_t)finite)
        return json_write_integer(out, negative, (uint64_t)(int64_t)(negative ? -finite : finite));
    if (negative)
        *out++ = '-';
    bool lower = mantissa == 0 && exponent > 1;
    if (exponent > 0) {
        mantissa |= hidden;
        exponent--;
    }
    count = shortest(digits, mantissa, exponent - 1074, lower, &point);
    return negative + layout(out, digits, count, point);
}
