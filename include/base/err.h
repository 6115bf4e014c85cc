/* SPDX-License-Identifier: MIT */
/* Errors: raised once with their origin, passed up with TRY, printed by main.
 *
 * Expected trouble (a bad file, a full disk) is an enum err.  A bug, memory or
 * MPI failing is a CHECK: it ends the whole job. */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#define MUST_CHECK             __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))

/* clang-format off */
/* name, exit code of the program, text */
#define ERR_LIST(X)                                                    \
    X(NONE,      0, "success")                                         \
    X(INTERNAL,  1, "internal error")                                  \
    X(USAGE,     2, "wrong use of the command line")                   \
    X(INPUT,     3, "the input file is not valid")                     \
    X(DATA,      4, "the data cannot be used")                         \
    X(IO,        5, "a file cannot be read or written")                \
    X(MEMORY,    6, "not enough memory")                               \
    X(FAILED,    7, "too many trials failed")                          \
    X(STOPPED,  75, "stopped before the end")                          \
    X(PEER,      1, "another rank failed")
/* clang-format on */

#define ERR_ENUM(name, code, text) ERR_##name,
enum err { ERR_LIST(ERR_ENUM) };

/** Raise an error: remember the message and the origin, return `code`.
 * The first message wins until err_clear(), so a cause is never hidden by what
 * followed from it. Local. */
#define ERR(code, ...) err_raise(code, __FILE__, __LINE__, __VA_ARGS__)

/** Pass a failure on to the caller. */
#define TRY(expression)                                                        \
    do {                                                                       \
        enum err err_ = (expression);                                          \
                                                                               \
        if (err_ != ERR_NONE)                                                  \
            return err_;                                                       \
    } while (0)

/** End the job when a bug, memory or MPI makes going on impossible. */
#define CHECK(condition)                                                       \
    do {                                                                       \
        if (!(condition))                                                      \
            err_die(__FILE__, __LINE__, #condition);                           \
    } while (0)

/** CHECK for inner loops: debug builds only. */
#ifdef DEBUG
#define DCHECK(condition) CHECK(condition)
#else
#define DCHECK(condition) ((void)sizeof(condition))
#endif

MUST_CHECK enum err err_raise(enum err code, const char *file, int line,
                              const char *format, ...) PRINTF_LIKE(4, 5);

/** Message of the first error raised since err_clear(); "" if none. */
const char *err_message(void);

/** Where it was raised, "src/base/h5.c:120"; for debug output. */
const char *err_origin(void);

/** Forget the message: the failure was dealt with. Local. */
void err_clear(void);

/** Generic text of a code, and the exit code main returns for it. */
const char *err_text(enum err code);
int err_exit_code(enum err code);

/** What CHECK calls to end the job after its message; NULL means abort().
 * The hook is given the exit code and must not return. */
void err_set_stop(void (*stop)(int exit_code));

_Noreturn void err_die(const char *file, int line, const char *what);

#endif
