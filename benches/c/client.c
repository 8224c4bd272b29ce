/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * The C library's side of the benchmarks: does one kind of work again and again, and prints what it
 * cost. Only the public API is used. benches/client/mod.rs does the same with this library.
 *
 *     client URI VERB COUNT CALLERS
 */
#define _GNU_SOURCE
#include <inttypes.h>
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Seconds after which something must be wrong. */
#define TIME_LIMIT 300
#define MAX_CALLERS 256

static const char *uri;
static virConnectPtr conn;
static virDomainPtr domain;

static void fail(const char *what)
{
    const char *why = virGetLastErrorMessage();
    fprintf(stderr, "client: %s: %s\n", what, why ? why : "no error");
    exit(1);
}

static uint64_t nanos(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static uint64_t peak_kib(void)
{
    char line[256];
    uint64_t kib = 0;
    FILE *status = fopen("/proc/self/status", "r");
    while (status && fgets(line, sizeof(line), status))
        if (sscanf(line, "VmHWM: %" SCNu64, &kib) == 1)
            break;
    if (status)
        fclose(status);
    return kib;
}

static void quiet(void *opaque, virErrorPtr error)
{
    (void)opaque;
    (void)error;
}

/* Each kind of work gives a number made of what the reply says. */

static uint64_t info(void)
{
    virDomainInfo info;
    if (virDomainGetInfo(domain, &info) < 0)
        fail("info");
    return info.maxMem;
}

static uint64_t job(void)
{
    int type, count = 0;
    virTypedParameterPtr params = NULL;
    unsigned long long remaining = 0;
    if (virDomainGetJobStats(domain, &type, &params, &count, 0) < 0)
        fail("job");
    virTypedParamsGetULLong(params, count, VIR_DOMAIN_JOB_DATA_REMAINING, &remaining);
    virTypedParamsFree(params, count);
    return remaining;
}

static uint64_t list(void)
{
    virDomainPtr *domains;
    uint64_t check = 0;
    int count = virConnectListAllDomains(conn, &domains, 0);
    if (count < 0)
        fail("list");
    for (int i = 0; i < count; i++) {
        check += 1 + strlen(virDomainGetName(domains[i]));
        virDomainFree(domains[i]);
    }
    free(domains);
    return check;
}

/* What a program that draws curves would look up. */
static uint64_t number(virDomainStatsRecordPtr record, const char *name)
{
    unsigned long long value = 0;
    virTypedParamsGetULLong(record->params, record->nparams, name, &value);
    return value;
}

static uint64_t stats(void)
{
    virDomainStatsRecordPtr *records;
    uint64_t check = 0;
    int count = virConnectGetAllDomainStats(conn, 0, &records, 0);
    if (count < 0)
        fail("stats");
    for (int i = 0; i < count; i++)
        check += strlen(virDomainGetName(records[i]->dom)) + number(records[i], "net.0.rx.bytes")
            + number(records[i], "block.0.rd.bytes");
    virDomainStatsRecordListFree(records);
    /* Times a few million calls this must not wrap. */
    return check & 0xffffffff;
}

static uint64_t open_close(void)
{
    virConnectPtr other = virConnectOpen(uri);
    if (!other)
        fail("open");
    virConnectClose(other);
    return 1;
}

/* The definitions of all domains, one call each; callers share the domains. */

static virDomainPtr *domains;
static int domain_count;

static uint64_t xml_of(virDomainPtr domain)
{
    char *xml = virDomainGetXMLDesc(domain, 0);
    uint64_t length;
    if (!xml)
        fail("xml");
    length = strlen(xml);
    free(xml);
    return length;
}

struct caller {
    pthread_t thread;
    uint64_t (*work)(void);
    uint64_t count;
    uint64_t check;
    int first, stride;
};

static void *call(void *opaque)
{
    struct caller *caller = opaque;
    for (uint64_t i = 0; i < caller->count; i++)
        caller->check += caller->work();
    return NULL;
}

static void *call_xml(void *opaque)
{
    struct caller *caller = opaque;
    for (int i = caller->first; i < domain_count; i += caller->stride)
        caller->check += xml_of(domains[i]);
    return NULL;
}

static uint64_t on_threads(void *(*run)(void *), uint64_t (*work)(void), uint64_t count, int callers)
{
    struct caller all[MAX_CALLERS] = { 0 };
    uint64_t check = 0;
    for (int i = 0; i < callers; i++) {
        all[i].work = work;
        all[i].count = count / callers;
        all[i].first = i;
        all[i].stride = callers;
        /* One caller needs no thread of its own. */
        if (callers == 1)
            run(&all[i]);
        else if (pthread_create(&all[i].thread, NULL, run, &all[i]) != 0)
            fail("a thread");
    }
    for (int i = 0; i < callers; i++) {
        if (callers > 1)
            pthread_join(all[i].thread, NULL);
        check += all[i].check;
    }
    return check;
}

static int callers;

static uint64_t list_and_xml(void)
{
    uint64_t check;
    domain_count = virConnectListAllDomains(conn, &domains, 0);
    if (domain_count < 0)
        fail("list");
    check = on_threads(call_xml, NULL, 0, callers);
    for (int i = 0; i < domain_count; i++)
        virDomainFree(domains[i]);
    free(domains);
    return check;
}

/* Events: as many as the memory is set to, which only the canned peer does. */

static uint64_t seen, seen_check;

static int on_event(virConnectPtr conn, virDomainPtr dom, int event, int detail, void *opaque)
{
    (void)conn;
    (void)opaque;
    seen++;
    seen_check += strlen(virDomainGetName(dom)) + event + detail;
    return 0;
}

static uint64_t events(uint64_t count)
{
    seen = 0;
    seen_check = 0;
    if (count == 0)
        return 0;
    if (virDomainSetMemory(domain, count) < 0)
        fail("events");
    while (seen < count)
        if (virEventRunDefaultImpl() < 0)
            fail("event loop");
    return seen_check;
}

/* Volumes, in MiB. */

#define MIB (1024 * 1024)

static virStorageVolPtr volume;
static char data[MIB];

static void send_all(virStreamPtr stream, uint64_t length)
{
    while (length > 0) {
        int sent = virStreamSend(stream, data, length < MIB ? length : MIB);
        if (sent <= 0)
            fail("send");
        length -= sent;
    }
}

static uint64_t receive_all(virStreamPtr stream)
{
    uint64_t check = 0;
    int received;
    while ((received = virStreamRecv(stream, data, MIB)) > 0)
        check += received;
    if (received < 0)
        fail("receive");
    return check;
}

static uint64_t transfer(int up, uint64_t count)
{
    uint64_t length = count * MIB, check = length;
    virStreamPtr stream;
    if (count == 0)
        return 0;
    stream = virStreamNew(conn, 0);
    if (!stream)
        fail("stream");
    if ((up ? virStorageVolUpload : virStorageVolDownload)(volume, stream, 0, length, 0) < 0)
        fail("transfer");
    if (up)
        send_all(stream, length);
    else
        check = receive_all(stream);
    if (virStreamFinish(stream) < 0)
        fail("finish");
    virStreamFree(stream);
    return check;
}

/* Connections that stay open; "used" ones have got a long list each. */
static uint64_t keep_open(int used, uint64_t count)
{
    virConnectPtr first = conn;
    uint64_t check = 0;
    for (uint64_t i = 0; i < count; i++) {
        conn = virConnectOpen(uri);
        if (!conn)
            fail("open");
        check += used ? list() : 1;
    }
    conn = first;
    return check;
}

/* What was done, which may be a little less than was asked for: callers do equal parts. */
static uint64_t done;

static uint64_t repeat(const char *verb, uint64_t count)
{
    static const struct {
        const char *verb;
        uint64_t (*work)(void);
    } verbs[] = {
        { "info", info }, { "job", job }, { "list", list }, { "stats", stats }, { "params", stats }, { "open", open_close },
    };
    uint64_t check = 0;

    done = count;
    if (strcmp(verb, "events") == 0)
        return events(count);
    if (volume)
        return transfer(strcmp(verb, "upload") == 0, count);
    if (strcmp(verb, "open connection") == 0)
        return keep_open(0, count);
    if (strcmp(verb, "used connection") == 0)
        return keep_open(1, count);
    if (strcmp(verb, "xml") == 0) {
        for (uint64_t i = 0; i < count; i++)
            check += list_and_xml();
        return check;
    }
    done = count / callers * callers;
    for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
        if (strcmp(verb, verbs[i].verb) == 0)
            return on_threads(call, verbs[i].work, count, callers);
    fprintf(stderr, "client: no verb %s\n", verb);
    exit(2);
}

/* As long-running programs have it: events and keepalive are served by a thread of their own. */
static void *run_event_loop(void *opaque)
{
    (void)opaque;
    while (virEventRunDefaultImpl() == 0)
        continue;
    fail("event loop");
    return NULL;
}

int main(int argc, char **argv)
{
    uint64_t count, wall, cpu, check;
    int callback = -1, has_loop;
    pthread_t loop;

    if (argc != 5) {
        fprintf(stderr, "usage: client URI VERB COUNT CALLERS\n");
        return 2;
    }
    alarm(TIME_LIMIT);
    uri = argv[1];
    count = strtoull(argv[3], NULL, 10);
    callers = atoi(argv[4]);
    if (callers < 1 || callers > MAX_CALLERS)
        return 2;
    virSetErrorFunc(NULL, quiet);
    /* This library has threads of its own either way. */
    if (strncmp(argv[2], "threads:", 8) == 0)
        argv[2] += 8;
    has_loop = strncmp(argv[2], "loop:", 5) == 0;
    if (has_loop)
        argv[2] += 5;
    if ((has_loop || strcmp(argv[2], "events") == 0) && virEventRegisterDefaultImpl() < 0)
        fail("event loop");
    if (has_loop && pthread_create(&loop, NULL, run_event_loop, NULL) != 0)
        fail("a thread");
    conn = virConnectOpen(uri);
    if (!conn)
        fail("open");
    if (has_loop && virConnectSetKeepAlive(conn, 5, 5) < 0)
        fail("keepalive");
    if (strcmp(argv[2], "upload") == 0 || strcmp(argv[2], "download") == 0) {
        virStoragePoolPtr pool = virStoragePoolLookupByName(conn, "bench");
        volume = pool ? virStorageVolLookupByName(pool, "volume") : NULL;
        if (!volume)
            fail("lookup");
        virStoragePoolFree(pool);
        memset(data, 0x5a, sizeof(data));
    } else {
        domain = virDomainLookupByName(conn, "test");
        if (!domain)
            fail("lookup");
    }
    if (strcmp(argv[2], "events") == 0) {
        callback = virConnectDomainEventRegisterAny(conn, NULL, VIR_DOMAIN_EVENT_ID_LIFECYCLE,
                                                    VIR_DOMAIN_EVENT_CALLBACK(on_event), NULL,
                                                    NULL);
        if (callback < 0)
            fail("subscribe");
    }

    if (!strstr(argv[2], "connection"))
        repeat(argv[2], count / 10);
    wall = nanos(CLOCK_MONOTONIC);
    cpu = nanos(CLOCK_PROCESS_CPUTIME_ID);
    check = repeat(argv[2], count);
    wall = nanos(CLOCK_MONOTONIC) - wall;
    cpu = nanos(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    printf("wall=%" PRIu64 " cpu=%" PRIu64 " done=%" PRIu64 " check=%" PRIu64 " lost=0 peak=%" PRIu64 "\n",
           wall, cpu, done, check, peak_kib());

    if (callback >= 0)
        virConnectDomainEventDeregisterAny(conn, callback);
    if (volume)
        virStorageVolFree(volume);
    if (domain)
        virDomainFree(domain);
    virConnectClose(conn);
    return 0;
}
