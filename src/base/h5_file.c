/* SPDX-License-Identifier: MIT */
/* A file that HDF5 writes without ever meeting an error of the disk.
 *
 * HDF5 cannot give up a file that it failed to write: it stays open, and is tried
 * again when the program ends, which that may not survive.  So our driver says
 * that all went well, keeps the first error to itself, and h5_finish tells it.
 * Metadata stay in memory, a few bytes for each chunk, and are never read back: a
 * disk that fails to give what it took cannot confuse HDF5. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/mem.h"
#include "h5_handle.h"
#if H5_VERSION_GE(1, 13, 0)
#include <H5FDdevelop.h>
#endif

/* First bytes that wait in memory: most files have no more, and are written by one
 * call instead of a hundred. */
enum { HEAD = 1 << 20 };

/* What the caller and the driver share. */
struct h5_disk {
    int file;
    int error; /* errno of the first trouble; 0: none */
    haddr_t end;
    char head[HEAD];
};

/* HDF5's own first. */
struct driver {
    H5FD_t base;
    struct h5_disk *disk;
    haddr_t allocated;
};

static H5FD_t *driver_open(const char *name, unsigned flags, hid_t access,
                           haddr_t most)
{
    struct h5_disk *const *disk = H5Pget_driver_info(access);
    struct driver *d = MEM_NEW(struct driver, 1);

    (void)name;
    (void)flags;
    (void)most;
    d->disk = *disk;
    return &d->base;
}

static herr_t driver_close(H5FD_t *file)
{
    mem_free(file);
    return 0;
}

/* As HDF5's own driver of plain files: small parts are written together. */
static herr_t driver_query(const H5FD_t *file, unsigned long *features)
{
    (void)file;
    *features = H5FD_FEAT_AGGREGATE_METADATA | H5FD_FEAT_ACCUMULATE_METADATA |
                H5FD_FEAT_DATA_SIEVE | H5FD_FEAT_AGGREGATE_SMALLDATA;
    return 0;
}

static haddr_t driver_allocated(const H5FD_t *file, H5FD_mem_t type)
{
    (void)type;
    return ((const struct driver *)file)->allocated;
}

static herr_t driver_allocate(H5FD_t *file, H5FD_mem_t type, haddr_t end)
{
    (void)type;
    ((struct driver *)file)->allocated = end;
    return 0;
}

/* Bytes of `size` from `at` on that are in the head. */
static size_t in_head(haddr_t at, size_t size)
{
    size_t most = at < HEAD ? HEAD - (size_t)at : 0;

    return size < most ? size : most;
}

static haddr_t driver_end(const H5FD_t *file, H5FD_mem_t type)
{
    (void)type;
    return ((const struct driver *)file)->disk->end;
}

/* Behind the end of the file all is 0. */
static herr_t driver_read(H5FD_t *file, H5FD_mem_t type, hid_t transfer,
                          haddr_t at, size_t size, void *bytes)
{
    const struct h5_disk *disk = ((const struct driver *)file)->disk;
    size_t n = in_head(at, size);

    (void)type;
    (void)transfer;
    memset(bytes, 0, size);
    if (n > 0)
        memcpy(bytes, disk->head + at, n);
    if (bytes_get(disk->file, (char *)bytes + n, size - n, (off_t)(at + n)))
        return 0;
    return errno == 0 ? 0 : -1;
}

static void put(struct h5_disk *disk, const char *bytes, size_t size,
                haddr_t at)
{
    if (!disk->error && !bytes_put(disk->file, bytes, size, (off_t)at))
        disk->error = errno ? errno : ENOSPC;
}

static herr_t driver_write(H5FD_t *file, H5FD_mem_t type, hid_t transfer,
                           haddr_t at, size_t size, const void *bytes)
{
    struct h5_disk *disk = ((struct driver *)file)->disk;
    size_t n = in_head(at, size);

    (void)type;
    (void)transfer;
    if (n > 0)
        memcpy(disk->head + at, bytes, n);
    put(disk, (const char *)bytes + n, size - n, at + n);
    if (at + size > disk->end)
        disk->end = at + size;
    return 0;
}

/* What was allocated and never written belongs to the file, too. */
static herr_t driver_truncate(H5FD_t *file, hid_t transfer, hbool_t closing)
{
    const struct driver *d = (const struct driver *)file;

    (void)transfer;
    (void)closing;
    if (d->disk->end != d->allocated && !d->disk->error &&
        ftruncate(d->disk->file, (off_t)d->allocated) != 0)
        d->disk->error = errno;
    d->disk->end = d->allocated;
    return 0;
}

/* clang-format off */
static const H5FD_class_t driver_class = {
#if H5_VERSION_GE(1, 13, 0)
    .version = H5FD_CLASS_VERSION,
    .value = (H5FD_class_value_t)511, /* of those for private use */
#endif
    .name = "fnas",
    .maxaddr = (haddr_t)INT64_MAX,
    .fc_degree = H5F_CLOSE_STRONG,
    .fapl_size = sizeof(struct h5_disk *),
    .open = driver_open,
    .close = driver_close,
    .query = driver_query,
    .get_eoa = driver_allocated,
    .set_eoa = driver_allocate,
    .get_eof = driver_end,
    .read = driver_read,
    .write = driver_write,
    .truncate = driver_truncate,
    .fl_map = H5FD_FLMAP_DICHOTOMY,
};
/* clang-format on */

/* Metadata are written when the file is closed, and never read. */
static void keep_metadata(hid_t access)
{
    H5AC_cache_config_t c = {.version = H5AC__CURR_CACHE_CONFIG_VERSION};

    CHECK(H5Pget_mdc_config(access, &c) >= 0);
    c.evictions_enabled = false;
    c.incr_mode = H5C_incr__off;
    c.flash_incr_mode = H5C_flash_incr__off;
    c.decr_mode = H5C_decr__off;
    CHECK(H5Pset_mdc_config(access, &c) >= 0);
}

struct h5 *h5_new_file(int file)
{
    struct h5_disk *disk = MEM_NEW(struct h5_disk, 1);
    hid_t access = h5_access(), driver = H5FDregister(&driver_class), id;
    struct h5 *h;

    disk->file = file;
    CHECK(H5Pset_driver(access, driver, &disk) >= 0);
    keep_metadata(access);
    id = H5Fcreate("file", H5F_ACC_TRUNC, H5P_DEFAULT, access);
    (void)H5Pclose(access);
    (void)H5Idec_ref(driver); /* the file has it as long as it is open */
    CHECK(id >= 0);
    h = h5_wrap(id, "file");
    h->disk = disk;
    return h;
}

enum err h5_finish(struct h5 *h, const char *path, int64_t *size)
{
    struct h5_disk *disk = h->disk;
    enum err e = ERR_NONE;

    h5_close(h);
    put(disk, disk->head, in_head(0, disk->end), 0);
    *size = (int64_t)disk->end;
    if (disk->error)
        e = ERR(ERR_IO, "%s: cannot write: %s", path, strerror(disk->error));
    mem_free(disk);
    return e;
}
