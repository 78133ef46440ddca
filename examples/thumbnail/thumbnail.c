/*
 * Makes a PNG smaller: {"image": "<base64>", "size": 64} gives {"image": "<base64>", "width": 64,
 * "height": 43}. libspng and zlib do the format, this file the resizing.
 */

#include <wow/action.h>

#include <spng.h>

enum { CHANNELS = 4, PIXELS_MAX = 16 << 20, THUMBNAIL_MAX = 1024 };

struct image {
    uint32_t width, height;
    uint8_t *pixels; /* RGBA, row by row */
};

/* Fills image and returns NULL, or says why not. */
static const char *decode(const uint8_t *png, size_t size, struct image *image)
{
    spng_ctx *ctx = spng_ctx_new(0);
    struct spng_ihdr header;
    size_t bytes;
    int r = ctx ? spng_set_png_buffer(ctx, png, size) : SPNG_EMEM;

    if (r == 0)
        r = spng_get_ihdr(ctx, &header);
    if (r == 0 && (uint64_t)header.width * header.height > PIXELS_MAX)
        return "it has more than 16 million pixels";
    if (r == 0)
        r = spng_decoded_image_size(ctx, SPNG_FMT_RGBA8, &bytes);
    if (r != 0)
        return spng_strerror(r);
    image->width = header.width;
    image->height = header.height;
    image->pixels = wow_alloc(bytes);
    r = spng_decode_image(ctx, image->pixels, bytes, SPNG_FMT_RGBA8, SPNG_DECODE_TRNS);
    return r == 0 ? NULL : spng_strerror(r);
}

static const char *encode(const struct image *image, void **png, size_t *size)
{
    spng_ctx *ctx = spng_ctx_new(SPNG_CTX_ENCODER);
    struct spng_ihdr header = {.width = image->width,
                               .height = image->height,
                               .bit_depth = 8,
                               .color_type = SPNG_COLOR_TYPE_TRUECOLOR_ALPHA};
    size_t bytes = (size_t)image->width * image->height * CHANNELS;
    int r = ctx ? spng_set_option(ctx, SPNG_ENCODE_TO_BUFFER, 1) : SPNG_EMEM;

    if (r == 0)
        r = spng_set_ihdr(ctx, &header);
    if (r == 0)
        r = spng_encode_image(ctx, image->pixels, bytes, SPNG_FMT_PNG, SPNG_ENCODE_FINALIZE);
    *png = r == 0 ? spng_get_png_buffer(ctx, size, &r) : NULL;
    return r == 0 ? NULL : spng_strerror(r);
}

/* The mean colour of a rectangle; what is transparent counts for less. */
static void mean(const struct image *from, const uint32_t x[2], const uint32_t y[2], uint8_t *to)
{
    uint64_t sum[CHANNELS] = {0}, count = (uint64_t)(x[1] - x[0]) * (y[1] - y[0]);

    for (uint32_t row = y[0]; row < y[1]; row++) {
        const uint8_t *at = from->pixels + ((size_t)row * from->width + x[0]) * CHANNELS;
        for (uint32_t column = x[0]; column < x[1]; column++, at += CHANNELS) {
            for (int c = 0; c < 3; c++)
                sum[c] += (uint64_t)at[c] * at[3];
            sum[3] += at[3];
        }
    }
    for (int c = 0; c < 3; c++)
        to[c] = sum[3] ? (uint8_t)((sum[c] + sum[3] / 2) / sum[3]) : 0;
    to[3] = (uint8_t)((sum[3] + count / 2) / count);
}

/* Which of `from` pixels the one at `at` of `to` stands for: first and behind the last. */
static void range(uint32_t at, uint32_t from, uint32_t to, uint32_t out[2])
{
    out[0] = (uint32_t)((uint64_t)at * from / to);
    out[1] = (uint32_t)((uint64_t)(at + 1) * from / to);
}

/* Into a square of that size, never larger than it is. */
static struct image shrink(const struct image *from, uint32_t size)
{
    uint32_t longer = from->width > from->height ? from->width : from->height;
    struct image to = *from;
    uint32_t x[2], y[2];

    if (longer <= size)
        return to;
    to.width = (uint32_t)(((uint64_t)from->width * size + longer / 2) / longer);
    to.height = (uint32_t)(((uint64_t)from->height * size + longer / 2) / longer);
    to.width += to.width == 0;
    to.height += to.height == 0;
    to.pixels = wow_alloc((size_t)to.width * to.height * CHANNELS);
    for (uint32_t row = 0; row < to.height; row++) {
        range(row, from->height, to.height, y);
        for (uint32_t column = 0; column < to.width; column++) {
            range(column, from->width, to.width, x);
            mean(from, x, y, to.pixels + ((size_t)row * to.width + column) * CHANNELS);
        }
    }
    return to;
}

static struct json *thumbnail(const struct json *args, struct wow_error *err)
{
    size_t size;
    const uint8_t *png = wow_bytes(args, "image", &size, err);
    uint64_t longest = wow_uint_or(args, "size", 64, err);
    struct image image = {0}, small;
    const char *trouble;
    void *out;

    if (wow_failed(err))
        return NULL;
    if (longest < 1 || longest > THUMBNAIL_MAX)
        return wow_fail(err, "parameter 'size' must be between 1 and 1024");
    if ((trouble = decode(png, size, &image)))
        return wow_failf(err, "parameter 'image' cannot be used: %s", trouble);
    small = shrink(&image, (uint32_t)longest);
    if ((trouble = encode(&small, &out, &size)))
        return wow_failf(err, "the thumbnail cannot be written: %s", trouble);

    struct json *result = json_object();
    json_set(result, "image", json_bytes(out, size));
    json_set(result, "width", json_uint(small.width));
    json_set(result, "height", json_uint(small.height));
    return result;
}

WOW_ACTION(thumbnail)
