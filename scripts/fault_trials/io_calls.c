/* Stands before libc's calls on files, counts those below one folder, and makes the nth fail or kill the process.
   Loaded by LD_PRELOAD, so that it sees what Python does and what SQLite does. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

enum { COUNT, FAIL, SHORT, KILL, KILL_HALF, KILL_AFTER };
static char folder[4096], names[65536];
static int mode, error_number, for_good, number, calls, below[4096];

void faults_arm(const char *where, int nth, int how, int error, int sticky) {
    strncpy(folder, where, sizeof folder - 1);
    number = nth, mode = how, error_number = error, for_good = sticky, calls = 0;
    names[0] = 0;
}
int faults_calls(void) { return calls; }
const char *faults_names(void) { return names; }

static void die(void) { kill(getpid(), SIGKILL); for (;;) pause(); }

/* Whether this call is the one, or one after it where they fail for good. */
static int now(const char *name) {
    calls++;
    if (mode == COUNT && strlen(names) + 16 < sizeof names) strcat(strcat(names, name), " ");
    if (mode == COUNT || !(calls == number || (for_good && calls > number && mode < KILL))) return 0;
    if (mode == KILL) die();
    return 1;
}
static int in_folder(const char *path) { return folder[0] && path && !strncmp(path, folder, strlen(folder)); }
static int watched(int file) { return folder[0] && file >= 0 && file < 4096 && below[file]; }
static int failed(void) { errno = error_number; return -1; }

#define REAL(type, name, ...) \
    static type (*real)(__VA_ARGS__); \
    if (!real) real = dlsym(RTLD_NEXT, #name)
/* A call that is done or not; killed after it where that is asked for. */
#define WHOLE(name, condition, call) \
    if (!(condition) || !now(#name)) return call; \
    if (mode == KILL_AFTER || mode == KILL_HALF) { call; die(); } \
    return failed();

static int noted(int file, const char *path) {
    if (file >= 0 && file < 4096) below[file] = in_folder(path);
    return file;
}
#define OPEN(name) \
    int name(const char *path, int flags, ...) { \
        va_list rest; va_start(rest, flags); int bits = va_arg(rest, int); va_end(rest); \
        REAL(int, name, const char *, int, ...); \
        WHOLE(name, in_folder(path), noted(real(path, flags, bits), path)) }
OPEN(open)
OPEN(open64)
int close(int file) {
    REAL(int, close, int);
    if (file >= 0 && file < 4096) below[file] = 0;
    return real(file);
}
/* Half of it is written where the disk takes no more, or where the process dies in the middle. */
#define WRITE(name, given, passed) \
    ssize_t name(int file, const void *data, size_t size given { \
        REAL(ssize_t, name, int, const void *, size_t given; \
        if (!watched(file) || !now(#name)) return real(file, data, size passed; \
        if (mode == SHORT || mode == KILL_HALF) real(file, data, size / 2 passed; \
        if (mode == KILL_AFTER) real(file, data, size passed; \
        if (mode == KILL_HALF || mode == KILL_AFTER) die(); \
        return failed(); }
#define NO_MORE )
#define AT , off_t at)
#define PASS_AT , at)
WRITE(write, NO_MORE, NO_MORE)
WRITE(pwrite, AT, PASS_AT)
WRITE(pwrite64, AT, PASS_AT)
#define READ(name, given, passed) \
    ssize_t name(int file, void *data, size_t size given { \
        REAL(ssize_t, name, int, void *, size_t given; \
        if (mode == SHORT) return real(file, data, size passed; \
        WHOLE(name, watched(file), real(file, data, size passed) }
READ(read, NO_MORE, NO_MORE)
READ(pread, AT, PASS_AT)
READ(pread64, AT, PASS_AT)
int fsync(int file) { REAL(int, fsync, int); WHOLE(fsync, watched(file), real(file)) }
int fdatasync(int file) { REAL(int, fdatasync, int); WHOLE(fdatasync, watched(file), real(file)) }
int ftruncate(int file, off_t size) { REAL(int, ftruncate, int, off_t); WHOLE(ftruncate, watched(file), real(file, size)) }
int ftruncate64(int file, off_t size) { REAL(int, ftruncate64, int, off_t); WHOLE(ftruncate64, watched(file), real(file, size)) }
int rename(const char *from, const char *to) { REAL(int, rename, const char *, const char *); WHOLE(rename, in_folder(to), real(from, to)) }
int link(const char *from, const char *to) { REAL(int, link, const char *, const char *); WHOLE(link, in_folder(to), real(from, to)) }
int linkat(int a, const char *from, int b, const char *to, int flags) {
    REAL(int, linkat, int, const char *, int, const char *, int);
    WHOLE(linkat, in_folder(to), real(a, from, b, to, flags)) }
int unlink(const char *path) { REAL(int, unlink, const char *); WHOLE(unlink, in_folder(path), real(path)) }
int mkdir(const char *path, mode_t bits) { REAL(int, mkdir, const char *, mode_t); WHOLE(mkdir, in_folder(path), real(path, bits)) }
