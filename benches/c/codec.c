/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * Times what rpcgen makes of codec.x.
 *
 *     codec TYPE decode|encode FILE MILLIS
 *
 * FILE holds one encoding of TYPE. Prints the nanoseconds that one decoding (freeing included) or
 * one encoding takes, from as many as fit into MILLIS.
 */
#define _GNU_SOURCE
#include "codec.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const struct {
    const char *name;
    xdrproc_t codec;
} types[] = {
    { "info_args", (xdrproc_t)xdr_info_args },     { "info_ret", (xdrproc_t)xdr_info_ret },
    { "names_ret", (xdrproc_t)xdr_names_ret },     { "domains_ret", (xdrproc_t)xdr_domains_ret },
    { "stats_ret", (xdrproc_t)xdr_stats_ret },
};

/* Room for the largest of the structures. */
typedef union {
    info_args a;
    info_ret b;
    names_ret c;
    domains_ret d;
    stats_ret e;
} any;

static void fail(const char *what)
{
    fprintf(stderr, "codec: %s\n", what);
    exit(1);
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1e9 + time.tv_nsec;
}

static void decode(xdrproc_t codec, any *value, char *bytes, u_int length)
{
    XDR xdr;
    memset(value, 0, sizeof(*value));
    xdrmem_create(&xdr, bytes, length, XDR_DECODE);
    if (!codec(&xdr, value) || xdr_getpos(&xdr) != length)
        fail("not the encoding of this type");
    xdr_destroy(&xdr);
}

static void encode(xdrproc_t codec, any *value, char *into, u_int length)
{
    XDR xdr;
    xdrmem_create(&xdr, into, length, XDR_ENCODE);
    if (!codec(&xdr, value) || xdr_getpos(&xdr) != length)
        fail("cannot encode");
    xdr_destroy(&xdr);
}

int main(int argc, char **argv)
{
    xdrproc_t codec = NULL;
    int decodes = argc == 5 && strcmp(argv[2], "decode") == 0;
    double begin, took, budget;
    char *bytes, *copy;
    long length, runs = 0;
    any value;
    FILE *file;

    if (argc != 5)
        fail("usage: codec TYPE decode|encode FILE MILLIS");
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (strcmp(argv[1], types[i].name) == 0)
            codec = types[i].codec;
    file = fopen(argv[3], "rb");
    if (!codec || !file || fseek(file, 0, SEEK_END) != 0 || (length = ftell(file)) < 0)
        fail("no such type or file");
    rewind(file);
    bytes = malloc(length);
    copy = malloc(length);
    if (!bytes || !copy || fread(bytes, 1, length, file) != (size_t)length)
        fail("cannot read the file");
    fclose(file);

    decode(codec, &value, bytes, length);
    encode(codec, &value, copy, length);
    if (memcmp(bytes, copy, length) != 0)
        fail("encodes differently");
    budget = atof(argv[4]) * 1e6;
    begin = now();
    do {
        /* The clock is not asked each time: small messages take less than it does. */
        for (int i = 0; i < (length < 1000 ? 1000 : 1); i++, runs++) {
            if (decodes) {
                any again;
                decode(codec, &again, bytes, length);
                xdr_free(codec, (char *)&again);
            } else {
                encode(codec, &value, copy, length);
            }
        }
        took = now() - begin;
    } while (took < budget);
    printf("%f\n", took / runs);
    xdr_free(codec, (char *)&value);
    free(bytes);
    free(copy);
    return 0;
}
