/* Names of images: [REGISTRY/][PREFIX/]NAME[:TAG][@DIGEST]. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "docker/priv.h"

static int invalid(struct err *err)
{
    return err_set(err, ERR_INVALID, "invalid reference format");
}

static int check(const char *image, struct err *err)
{
    size_t n = image_name_size(image);

    for (size_t i = 0; i < n; i++) {
        if (isupper((unsigned char)image[i]))
            return err_set(err, ERR_INVALID,
                           "invalid reference format: repository name (%.*s) must be lowercase",
                           (int)(n < 200 ? n : 200), image);
        if (!isalnum((unsigned char)image[i]) && !strchr("._-/:", image[i]))
            return invalid(err);
    }
    for (const char *p = image + n; *p; p++)
        if (!isalnum((unsigned char)*p) && !strchr("._-:@", *p))
            return invalid(err);
    bool is_whole = n > 0 && image[n - 1] != '/' && (image[n] == '\0' || image[n + 1] != '\0');
    return is_whole ? 0 : invalid(err);
}

/* The length of the prefix of ours that the image begins with; 0: none. */
static size_t prefix(const char *images, const char *image)
{
    while (*images) {
        size_t n = strcspn(images, ",");
        if (n > 0 && strncmp(images, image, n) == 0)
            return n;
        images += n + (images[n] == ',');
    }
    return 0;
}

int image_profile(const struct docker *d, const char *image, char profile[PROFILE_MAX],
                  struct err *err)
{
    if (check(image, err) < 0)
        return -1;
    size_t n = prefix(d->settings.images, image), name = strcspn(image + n, ":@");
    if (n == 0 || name == 0 || name >= PROFILE_MAX || memchr(image + n, '/', name))
        return 0;
    snprintf(profile, PROFILE_MAX, "%.*s", (int)name, image + n);
    return 1;
}

void image_config(const char *profile, struct container_config *config)
{
    static const struct {
        const char *word, *kind;
    } kinds[] = {{"wasm", NULL}, {"js", "js:wasm"}, {"python", "python:wasm"}};
    size_t n = strcspn(profile, "-");

    config->profile = profile;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strlen(kinds[i].word) == n && strncmp(kinds[i].word, profile, n) == 0) {
            config->kind = kinds[i].kind;
            if (profile[n] == '\0')
                config->profile = NULL;
        }
}

size_t image_name_size(const char *image)
{
    const char *slash = strrchr(image, '/');
    size_t n = slash ? (size_t)(slash - image) : 0;

    return n + strcspn(image + n, ":@");
}
