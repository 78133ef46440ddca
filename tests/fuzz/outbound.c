/*
 * A guest's request on its way out: its method in the first line, its headers in the others; and
 * the first line as a pattern of hosts, an address, a network.
 */
#include "fuzz.h"
#include "grant/hosts.h"
#include "net/fields.h"

static void as_host(const char *text)
{
    struct hosts hosts = {0};
    struct target to = {false, "example.org", 80};
    struct network network;
    struct address address;
    char again[ADDRESS_TEXT];
    struct err err;

    if (hosts_add(&hosts, text, &err) == 0) {
        hosts_have(&hosts, &to, NULL);
        assert(!hosts_missing(&hosts, &hosts)); /* a list has all that it asks for */
    }
    hosts_done(&hosts);
    if (address_parse(text, &address)) {
        struct address same;
        address_text(&address, again);
        assert(address_parse(again, &same) && address_equal(&address, &same));
        address_special(&address);
    }
    if (network_parse(text, &network))
        assert(network_has(&network, &network.base));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *end = size ? memchr(data, '\n', size) : NULL;
    struct curl_slist *fields = NULL;
    char line[300];
    struct err err;
    size_t n = end ? (size_t)(end - data) : size;

    if (n >= sizeof line)
        return 0;
    if (n > 0)
        memcpy(line, data, n);
    line[n] = '\0';
    fields_good_method(line);
    as_host(line);
    if (end && fields_read((const char *)end + 1, size - n - 1, &fields, &err) == 0) {
        for (const struct curl_slist *f = fields; f; f = f->next)
            assert(!strpbrk(f->data, "\r\n")); /* a header stays one */
        fields = fields_without(fields, true, true);
        fields_have(fields, "authorization");
    }
    curl_slist_free_all(fields);
    return 0;
}
