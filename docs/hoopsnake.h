/* hoopsnake.h: Hoopsnake for C, and for whatever can call C.
 *
 *     cargo rustc --release --lib --features capi --crate-type cdylib
 *     cc program.c -Idocs -Ltarget/release -lhoopsnake
 *
 * (`--crate-type staticlib` makes a library to be linked into the program, with
 * `-pthread -ldl -lm`.)
 * The page docs/embedding.md has a program; docs/permissions.md tells what
 * can be granted, docs/internals/limits.md how limits count.
 *
 * TEXTS
 *   are UTF-8. A `const char *` alone ends with a NUL. Where a length stands
 *   beside it, that counts, and NULs may be within; what is given out with a
 *   length ends with a NUL all the same, which the length does not count.
 *
 * WHO OWNS WHAT
 *   What a `..._new` or any other call gives as an `engine`, `options`,
 *   `value`, `interrupt` or `error` belongs to the caller, who ends it with
 *   the `..._free` of its kind. What a call is given it only looks at, unless
 *   it says otherwise. Every `..._free` takes NULL too, and does nothing then.
 *   Texts that are read from a value or an error live as long as that.
 *
 * RESULTS
 *   A call that can fail returns a `hoop_status`: HOOP_OK is 0. Its result is
 *   stored through the pointer before the last argument, and what went wrong
 *   through the last one: one of the two, the other is set to NULL. Either
 *   pointer may be NULL if that is not wanted. They need not be initialised,
 *   and what they held before is not freed.
 *
 * THREADS
 *   An engine, and options while they are made, are used by one thread at a
 *   time, which need not always be the same. An engine that is in use refuses
 *   further calls with HOOP_MISUSE: those of other threads, and those of the
 *   functions and outputs that it calls itself.
 *   Values, errors and interrupts may be read, copied and freed on any thread
 *   at any time: while the engine runs, and when it has been freed.
 *
 * CALLBACKS
 *   are called on the thread that uses the engine, while it does; an output of
 *   options that several engines were made with, by each of them. They have to
 *   return: no `longjmp` and no C++ exception may leave them.
 */
#ifndef HOOPSNAKE_H
#define HOOPSNAKE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* An interpreter: a heap, a loop and grants of its own. */
typedef struct hoop_engine hoop_engine;
/* How an engine is to be. */
typedef struct hoop_options hoop_options;
/* A value. What is None, a bool, an int of 64 bits, a float, a str or bytes is
 * a copy and may be given to any engine; all else is an object of one engine,
 * which the value keeps alive. */
typedef struct hoop_value hoop_value;
/* What stops an engine. */
typedef struct hoop_interrupt hoop_interrupt;
/* Why a call failed. */
typedef struct hoop_error hoop_error;

/* What became of a call. */
typedef enum hoop_status {
    HOOP_OK = 0,
    /* A text is no program. */
    HOOP_SYNTAX = 1,
    /* A script raised an exception that it did not catch. */
    HOOP_EXCEPTION = 2,
    /* A limit or an interrupt ended the run. The engine can run the next. */
    HOOP_STOPPED = 3,
    /* A script asked for its end (sys.exit). */
    HOOP_EXIT = 4,
    /* A value is of another engine, or not what is needed here. */
    HOOP_CONVERSION = 5,
    /* The engine itself is at fault. Free it. */
    HOOP_INTERNAL = 6,
    /* The call was not as this page says: NULL, no UTF-8, a signature that is
     * none, options that make no sense, an engine in use. */
    HOOP_MISUSE = 7
} hoop_status;

/* What a value is. Instances of classes that derive from these are objects. */
typedef enum hoop_kind {
    HOOP_KIND_NONE = 0,
    HOOP_KIND_BOOL = 1,
    /* An int of 64 bits; a larger one is an object. */
    HOOP_KIND_INT = 2,
    HOOP_KIND_FLOAT = 3,
    HOOP_KIND_STR = 4,
    HOOP_KIND_BYTES = 5,
    /* Anything else: a list, a dict, a function, a class, ... */
    HOOP_KIND_OBJECT = 6
} hoop_kind;

/* What a run may use up. What is not set has no limit. */
typedef enum hoop_limit {
    /* Calls and turns of loops. */
    HOOP_LIMIT_FUEL = 0,
    /* Milliseconds by the clock on the wall. */
    HOOP_LIMIT_TIME = 1,
    /* Bytes of all that lives in the engine. */
    HOOP_LIMIT_MEMORY = 2,
    /* Tasks and threads at a time. */
    HOOP_LIMIT_TASKS = 3,
    /* Bytes written to the standard streams. */
    HOOP_LIMIT_OUTPUT = 4,
    /* How deep calls may go: RecursionError beyond it, which scripts may
     * catch. 1000 if it is not set. */
    HOOP_LIMIT_RECURSION = 5,
    /* Milliseconds of one step of the loop: from where a task goes on until it
     * awaits something that is not there yet. */
    HOOP_LIMIT_STEP = 6
} hoop_limit;

/* A function that scripts call. `arguments` are lent for the call: what is to
 * be kept is copied with hoop_value_copy. Returns a value, which the engine
 * takes over, or NULL for None; or raises an exception by storing one of
 * hoop_error_new, which the engine takes over too, through `error` (it points
 * to NULL before). A list or a dict among the arguments can be kept, and looked
 * at when the engine is no longer in use; for what is to be read at once,
 * scripts pass it as text: json.dumps(x). */
typedef hoop_value *(*hoop_function)(void *data, const hoop_value *const *arguments, size_t count, hoop_error **error);

/* Takes what scripts write, some lines or less at a time. */
typedef void (*hoop_output)(void *data, const char *text, size_t length);

/* Is told when `data` is not needed any more, on whatever thread that turns
 * out. It must not use the engine that it came from. NULL if nobody need know. */
typedef void (*hoop_destroy)(void *data);

/* The version of the library, as "0.1.0". */
const char *hoop_version(void);

/* ---- Options ------------------------------------------------------------ */

/* Options of an engine that may nothing outside, has no limits, and writes to
 * the outputs of the process. What makes no sense in the options that are set
 * is told by hoop_engine_new. */
hoop_options *hoop_options_new(void);

/* Limits what each run may use up. Runs are hoop_run, hoop_eval and hoop_call,
 * and all that may call script: hoop_repr, hoop_to_json, hoop_from_json, and
 * hoop_get and hoop_set of an object. */
void hoop_options_limit(hoop_options *options, hoop_limit limit, uint64_t most);

/* Grants something: `what` is "read", "write", "net", "run" or "env", `which`
 * a path, a place ("example.org:443"), a program or a variable; NULL for all.
 * "import" grants a folder to find modules in, and looks there. "all", with
 * NULL, grants whatever the process may do. */
void hoop_options_allow(hoop_options *options, const char *what, const char *which);

/* Has scripts write to a callback: stdout if `stream` is 1, stderr if it is 2. */
void hoop_options_output(hoop_options *options, int stream, hoop_output output, void *data, hoop_destroy destroy);

/* Options may be freed, or used for another engine, once an engine is made.
 * Their outputs live as long as the longest of these. */
void hoop_options_free(hoop_options *options);

/* ---- Engines ------------------------------------------------------------ */

/* Makes an engine. `options` may be NULL. */
hoop_status hoop_engine_new(const hoop_options *options, hoop_engine **engine, hoop_error **error);

/* Frees an engine and all its objects. In a function that the engine itself
 * calls, that happens when the call that runs is over. */
void hoop_engine_free(hoop_engine *engine);

/* Runs a program to its end: it may await at its top level. `name` stands for
 * it in tracebacks. */
hoop_status hoop_run(hoop_engine *engine, const char *name, const char *source, hoop_error **error);

/* The value of an expression, which may await and sees the names that are
 * built in or set by hoop_set. */
hoop_status hoop_eval(hoop_engine *engine, const char *expression, hoop_value **value, hoop_error **error);

/* Calls an object with so many arguments (NULL if there are none). What an
 * async function returns is what it comes to in the end. */
hoop_status hoop_call(hoop_engine *engine, const hoop_value *function, const hoop_value *const *arguments, size_t count, hoop_value **value, hoop_error **error);

/* An attribute of an object. If that is NULL: a name that the last program
 * bound, or one that is built in. */
hoop_status hoop_get(hoop_engine *engine, const hoop_value *object, const char *name, hoop_value **value, hoop_error **error);

/* Sets an attribute of an object. If that is NULL: a name for all programs
 * that run in the engine, as built-in ones are; names of their own go before. */
hoop_status hoop_set(hoop_engine *engine, const hoop_value *object, const char *name, const hoop_value *value, hoop_error **error);

/* Gives scripts a function. With a signature as in a def, whose defaults are
 * literals ("connect(host, port=80)"), it gets an argument for each name; with
 * a name alone ("log") as many as it is called with. The engine takes over
 * `data`, also where the call fails: `destroy` is called once in any case. */
hoop_status hoop_set_function(hoop_engine *engine, const char *signature, hoop_function function, void *data, hoop_destroy destroy, hoop_error **error);

/* repr(value), a str. */
hoop_status hoop_repr(hoop_engine *engine, const hoop_value *value, hoop_value **text, hoop_error **error);

/* json.dumps(value), a str: lists and dicts as data. */
hoop_status hoop_to_json(hoop_engine *engine, const hoop_value *value, hoop_value **text, hoop_error **error);

/* json.loads(text) */
hoop_status hoop_from_json(hoop_engine *engine, const char *text, size_t length, hoop_value **value, hoop_error **error);

/* ---- Interrupts --------------------------------------------------------- */

/* What stops this engine. May be made while the engine is in use, on any
 * thread, but not when it has been freed. NULL if the engine is NULL. */
hoop_interrupt *hoop_interrupt_new(const hoop_engine *engine);

/* Stops what runs in the engine, as a rule within a millisecond (millions of
 * objects take longer to free), from any thread; if nothing runs, the next run
 * at its start. When the engine has been freed nothing happens. */
void hoop_interrupt_stop(const hoop_interrupt *interrupt);

void hoop_interrupt_free(hoop_interrupt *interrupt);

/* ---- Values ------------------------------------------------------------- */

hoop_value *hoop_none(void);
/* True unless `truth` is 0. */
hoop_value *hoop_bool(int truth);
hoop_value *hoop_int(int64_t number);
hoop_value *hoop_float(double number);
/* NULL if the text is no UTF-8. */
hoop_value *hoop_str(const char *text, size_t length);
hoop_value *hoop_bytes(const void *data, size_t length);

/* What a value is. NULL counts as None. */
hoop_kind hoop_value_kind(const hoop_value *value);
/* An int; 1 or 0 for a bool; 0 for all else. */
int64_t hoop_value_int(const hoop_value *value);
/* A float, also of an int; 0 for all else. */
double hoop_value_float(const hoop_value *value);
/* The text of a str, or what is in bytes; NULL for all else. The length, which
 * may be NULL, is set in any case. */
const char *hoop_value_data(const hoop_value *value, size_t *length);

/* Another value for the same; NULL for NULL. */
hoop_value *hoop_value_copy(const hoop_value *value);
void hoop_value_free(hoop_value *value);

/* ---- Errors ------------------------------------------------------------- */

/* An exception for scripts, of a built-in class or one in a module
 * ("json.JSONDecodeError"); RuntimeError if `class_name` is NULL. */
hoop_error *hoop_error_new(const char *class_name, const char *message);

/* What the call returned. */
hoop_status hoop_error_status(const hoop_error *error);
/* The class of the exception: "ValueError", with the module if it is not built
 * in. Of HOOP_STOPPED the limit: "fuel", "time", "step", "memory", "tasks",
 * "output" or "interrupt". Never NULL; the length may be. */
const char *hoop_error_class(const hoop_error *error, size_t *length);
/* What is wrong. Never NULL; the length may be. */
const char *hoop_error_message(const hoop_error *error, size_t *length);
/* The whole report as Python prints it, for HOOP_SYNTAX and HOOP_EXCEPTION; ""
 * for all else. Never NULL; the length may be. */
const char *hoop_error_traceback(const hoop_error *error, size_t *length);
/* Of HOOP_EXIT the status, of HOOP_SYNTAX and HOOP_STOPPED the line, or 0. */
int64_t hoop_error_number(const hoop_error *error);
void hoop_error_free(hoop_error *error);

#ifdef __cplusplus
}
#endif

#endif
