/* Patterns of hosts, sorts of addresses, and what a policy makes of them. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "grant/ask.h"
#include "test.h"

static struct hosts list(const char *patterns)
{
    struct hosts h = {0};
    char text[300], *at = text;
    struct err err;

    snprintf(text, sizeof text, "%s", patterns);
    for (char *one; (one = strsep(&at, " "));)
        if (*one)
            CHECK_INT(hosts_add(&h, one, &err), 0);
    return h;
}

TEST(a_pattern_has_what_it_says)
{
    static const struct {
        const char *patterns, *name;
        unsigned port;
        bool tls, has, named;
    } rows[] = {
        {"https://api.example.com", "api.example.com", 443, true, true, false},
        {"https://api.example.com", "API.Example.Com.", 443, true, true, false},
        {"https://api.example.com", "api.example.com", 80, false, false, false},
        {"https://api.example.com", "api.example.com", 8443, true, false, false},
        {"https://api.example.com", "xapi.example.com", 443, true, false, false},
        {"https://api.example.com", "api.example.com.evil.org", 443, true, false, false},
        {"HTTPS://Api.Example.com/", "api.example.com", 443, true, true, false},
        {"api.example.com", "api.example.com", 80, false, true, false},
        {"api.example.com", "api.example.com", 443, true, true, false},
        {"api.example.com:81", "api.example.com", 81, false, true, false},
        {"api.example.com:81", "api.example.com", 80, false, false, false},
        {"https://a.com:*", "a.com", 1, true, true, false},
        {"https://a.com:*", "a.com", 1, false, false, false},
        {"*.example.org", "a.example.org", 80, false, true, false},
        {"*.example.org", "a.b.example.org", 443, true, true, false},
        {"*.example.org", "example.org", 80, false, false, false},
        {"*.example.org", ".example.org", 80, false, false, false},
        {"*.example.org", "badexample.org", 80, false, false, false},
        {"*", "anything", 80, false, true, false},
        {"*", "anything", 81, false, false, false},
        {"*", "10.0.0.1", 80, false, true, false},
        {"*:*", "anything", 81, false, true, false},
        {"https://*", "anything", 80, false, false, false},
        {"http://127.0.0.1:8080", "127.0.0.1", 8080, false, true, true},
        {"http://127.0.0.1:8080", "::ffff:127.0.0.1", 8080, false, true, true},
        {"http://127.0.0.1:8080", "127.0.0.2", 8080, false, false, false},
        {"http://127.0.0.1:8080", "127.0.0.1", 8081, false, false, false},
        {"http://[::1]:8080", "::1", 8080, false, true, true},
        {"http://[::1]:8080", "0:0:0:0:0:0:0:1", 8080, false, true, true},
        {"* http://127.0.0.1", "127.0.0.1", 80, false, true, true},
        {"b.com a.com", "a.com", 80, false, true, false},
        {"", "a.com", 80, false, false, false},
        {"*", "", 80, false, false, false},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct hosts h = list(rows[i].patterns);
        struct target to = {rows[i].tls, rows[i].name, rows[i].port};
        bool named = false;
        if (!CHECK_INT(hosts_have(&h, &to, &named), rows[i].has) ||
            !CHECK_INT(named, rows[i].named))
            printf("  %s and %s:%u\n", rows[i].patterns, rows[i].name, rows[i].port);
        hosts_done(&h);
    }
}

TEST(what_is_no_pattern_is_refused)
{
    static const char *const rows[] = {
        "",           "ftp://a.com", "https://",
        "https:///",  "a..b",        ".a",
        "a b",        "a.com:0",     "a.com:65536",
        "a.com:",     "a.com:x",     "a.com/path",
        "u@a.com",    "a.com?x",     "*.",
        "*a.com",     "a.*.com",     "*.*",
        "2130706433", "0x7f000001",  "127.1",
        "0177.0.0.1", "::1",         "[::1",
        "[a.com]",    "[127.0.0.1]", "[*]",
        "[::1%lo]",   "\xc3\xa4.de", "1.2.3",
        "*.10",       "256.0.0.1",   "https://a:80:81",
        "http:a.com", "[]",          "a.com:-1",
    };
    struct hosts h = {0};
    struct err err;

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (!CHECK_INT(hosts_add(&h, rows[i], &err), -ERR_INVALID))
            printf("  '%s'\n", rows[i]);
    CHECK_INT(h.n, 0);
    for (unsigned i = 0; i < HOSTS_MAX; i++)
        CHECK_INT(hosts_add(&h, "a.com", &err), 0);
    CHECK_INT(hosts_add(&h, "a.com", &err), -ERR_INVALID);
    hosts_done(&h);
}

TEST(what_is_asked_must_lie_within_what_is_granted)
{
    static const struct {
        const char *granted, *asked, *missing;
    } rows[] = {
        {"https://a.com", "https://a.com", NULL},
        {"a.com", "https://a.com http://a.com a.com", NULL},
        {"https://a.com", "a.com", "a.com"},
        {"https://a.com http://a.com", "a.com", NULL},
        {"*.a.com", "b.a.com *.b.a.com *.a.com", NULL},
        {"*.a.com", "a.com", "a.com"},
        {"*.a.com", "*.com", "*.com"},
        {"*", "a.com *.b.com * 127.0.0.1", NULL},
        {"*", "a.com:81", "a.com:81"},
        {"*", "*:*", "*:*"},
        {"*:*", "*:* a.com:81", NULL},
        {"https://*", "*", "*"},
        {"a.com:80", "http://a.com", NULL},
        {"http://127.0.0.1:80", "http://127.0.0.1", NULL},
        {"http://127.0.0.1:80", "http://127.0.0.2", "http://127.0.0.2"},
        {"*.a.com", "127.0.0.1", "127.0.0.1"},
        {"", "a.com", "a.com"},
        {"a.com", "", NULL},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct hosts granted = list(rows[i].granted), asked = list(rows[i].asked);
        const char *missing = hosts_missing(&granted, &asked);
        if (!CHECK_STR(missing ? missing : "-", rows[i].missing ? rows[i].missing : "-"))
            printf("  %s of %s\n", rows[i].asked, rows[i].granted);
        hosts_done(&granted);
        hosts_done(&asked);
    }
}

TEST(only_the_public_internet_is_not_special)
{
    static const char *const special[] = {
        "0.0.0.0",
        "0.1.2.3",
        "10.0.0.1",
        "10.255.255.255",
        "100.64.0.1",
        "100.127.255.255",
        "127.0.0.1",
        "127.255.255.255",
        "169.254.0.1",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.1",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.0.1",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:10.1.2.3",
        "::ffff:169.254.169.254",
        "64:ff9b::127.0.0.1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2001:0:1::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "2002:808:808::1",
        "3fff::1",
        "4000::1",
        "5f00::1",
        "fc00::1",
        "fd12:3456::1",
        "fe80::1",
        "febf::1",
        "fec0::1",
        "ff02::1",
        "fd00:ec2::254",
    };
    static const char *const open[] = {
        "1.1.1.1",         "8.8.8.8",        "9.255.255.255",    "11.0.0.1",
        "100.63.255.255",  "100.128.0.1",    "126.255.255.255",  "128.0.0.1",
        "169.253.255.255", "169.255.0.1",    "172.15.255.255",   "172.32.0.1",
        "192.167.255.255", "192.169.0.1",    "198.17.255.255",   "198.20.0.1",
        "223.255.255.255", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2001:4860:4860::8888",
        "2600::1",         "2a00:1450::1",
    };
    struct address a;

    for (size_t i = 0; i < sizeof special / sizeof *special; i++)
        if (!CHECK(address_parse(special[i], &a)) || !CHECK(address_special(&a)))
            printf("  %s\n", special[i]);
    for (size_t i = 0; i < sizeof open / sizeof *open; i++)
        if (!CHECK(address_parse(open[i], &a)) || !CHECK(!address_special(&a)))
            printf("  %s\n", open[i]);
}

TEST(an_address_is_known_by_its_sockets_name)
{
    struct sockaddr_in four = {.sin_family = AF_INET};
    struct sockaddr_in6 six = {.sin6_family = AF_INET6};
    struct sockaddr other = {.sa_family = AF_UNIX};
    struct address a, b;
    char text[ADDRESS_TEXT];

    inet_pton(AF_INET, "127.0.0.1", &four.sin_addr);
    inet_pton(AF_INET6, "::ffff:127.0.0.1", &six.sin6_addr);
    CHECK(address_of((struct sockaddr *)&four, &a));
    CHECK(address_of((struct sockaddr *)&six, &b));
    CHECK(address_equal(&a, &b));
    address_text(&b, text);
    CHECK_STR(text, "127.0.0.1");
    CHECK(!address_of(&other, &a));
}

TEST(a_network_has_what_lies_in_it)
{
    static const struct {
        const char *network, *address;
        bool has;
    } rows[] = {
        {"10.0.0.0/8", "10.1.2.3", true},
        {"10.0.0.0/8", "11.0.0.1", false},
        {"10.0.0.0/9", "10.128.0.0", false},
        {"10.0.0.0/9", "10.127.0.0", true},
        {"10.1.2.3", "10.1.2.3", true},
        {"10.1.2.3", "10.1.2.4", false},
        {"0.0.0.0/0", "1.2.3.4", true},
        {"0.0.0.0/0", "2600::1", false},
        {"::/0", "2600::1", true},
        {"fd00::/8", "fd12::1", true},
        {"::ffff:10.0.0.0/104", "10.1.1.1", true},
    };
    static const char *const wrong[] = {"",   "10.0.0.0/",   "10.0.0.0/33", "10.0.0.0/-1",
                                        "10", "10.0.0.0/8x", "::/129",      "a.com",
                                        "/8", "10.0.0.0/ 8", "[::1]"};
    struct network n;
    struct address a;

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (!CHECK(network_parse(rows[i].network, &n)) ||
            !CHECK(address_parse(rows[i].address, &a)) ||
            !CHECK_INT(network_has(&n, &a), rows[i].has))
            printf("  %s %s\n", rows[i].network, rows[i].address);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        if (!CHECK(!network_parse(wrong[i], &n)))
            printf("  '%s'\n", wrong[i]);
}

/* ---- what an action asks for ---- */

static int ask_text_of(const char *annotations, const char *manifest, struct ask *a,
                       struct err *err)
{
    json_t *json = annotations[0] ? json_loads(annotations, 0, NULL) : NULL;
    int r = ask_read(json, manifest, a, err);

    json_decref(json);
    return r;
}

TEST(the_first_way_to_ask_counts)
{
    static const struct {
        const char *annotations, *manifest;
        unsigned dirs, writable, hosts;
        bool all;
    } rows[] = {
        {"", "", 0, 0, 0, false},
        {"{}", "{}", 0, 0, 0, false},
        {"{\"dir\": \"/a\"}", "", 1, 1, 0, false},
        {"{\"dir\": [\"/a:ro\", \"/b:rw\"]}", "", 2, 2, 0, false},
        {"{\"wow-dir\": [\"/a\", \"/b:rw\"], \"dir\": \"/c\"}", "", 2, 2, 0, false},
        {"{\"wow-dir\": []}", "{\"dir\": \"/a\"}", 0, 0, 0, false},
        {"{\"wow-dir\": null}", "{\"dir\": \"/a\"}", 1, 0, 0, false},
        {"[{\"key\": \"net_access\", \"value\": true}]", "", 0, 0, 0, true},
        {"{\"net_access\": false}", "{\"net\": true}", 0, 0, 0, false},
        {"{\"net_access\": [\"a.com\", \"b.com\"]}", "", 0, 0, 2, false},
        {"{\"wow-net\": \"a.com\", \"net_access\": true}", "", 0, 0, 1, false},
        {"", "{\"net\": [\"a.com\"], \"dir\": [\"/a:rw\"]}", 1, 1, 1, false},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct ask a = {0};
        struct err err;
        if (!CHECK_INT(ask_text_of(rows[i].annotations, rows[i].manifest, &a, &err), 0) ||
            !CHECK_INT(a.dirs.dirc, rows[i].dirs) ||
            !CHECK_INT(a.dirs.writable, rows[i].writable) || !CHECK_INT(a.hosts.n, rows[i].hosts) ||
            !CHECK_INT(a.all_hosts, rows[i].all))
            printf("  %s %s\n", rows[i].annotations, rows[i].manifest);
        ask_done(&a);
    }
}

TEST(what_makes_no_sense_is_no_request)
{
    static const struct {
        const char *annotations, *manifest, *says;
    } rows[] = {
        {"{\"dir\": 1}", "", "annotation 'dir': it must be a path or an array of paths"},
        {"{\"dir\": \"a\"}", "", "annotation 'dir': 'a' is not an absolute path"},
        {"{\"wow-dir\": [\"/a\", null]}", "",
         "annotation 'wow-dir': it must be a path or an array of paths"},
        {"{\"net_access\": 1}", "",
         "annotation 'net_access': it must be true, false, a host or an array of hosts"},
        {"{\"wow-net\": [true]}", "",
         "annotation 'wow-net': it must be true, false, a host or an array of hosts"},
        {"", "{\"net\": {}}",
         "\"net\" in the zip's wow.json: it must be true, false, a host or an array of hosts"},
        {"", "{", "what the zip asks for is no JSON"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct ask a = {0};
        struct err err;
        CHECK(ask_text_of(rows[i].annotations, rows[i].manifest, &a, &err) < 0);
        CHECK_STR(err.msg, rows[i].says);
    }
}
