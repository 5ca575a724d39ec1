/* Makes every call of docs/hoopsnake.h and looks at what it gives. `main` returns 0 if all is as it should be. */
#include "hoopsnake.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

static int failures = 0;

#define CHECK(condition) \
    do { \
        if (!(condition)) { \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
            failures++; \
        } \
    } while (0)

/* Whether a call succeeded; what went wrong is told and freed. */
static int fine(hoop_status status, hoop_error **error) {
    if (status != HOOP_OK || *error != NULL) {
        fprintf(stderr, "status %d: %s\n", (int)status, hoop_error_message(*error, NULL));
        hoop_error_free(*error);
        *error = NULL;
        return 0;
    }
    return 1;
}

/* Whether a call failed with this status, class and message, and number; the error is freed. */
static int failed(hoop_status status, hoop_error **error, hoop_status expected, const char *class_name, const char *message,
                  int64_t number) {
    size_t length = 0;
    int as_expected = status == expected && hoop_error_status(*error) == expected
        && strcmp(hoop_error_class(*error, NULL), class_name) == 0
        && strcmp(hoop_error_message(*error, &length), message) == 0
        && strlen(message) == length
        && hoop_error_number(*error) == number;
    if (!as_expected) {
        fprintf(stderr, "status %d, %s: %s, %d\n", (int)status, hoop_error_class(*error, NULL), hoop_error_message(*error, NULL),
                (int)hoop_error_number(*error));
    }
    hoop_error_free(*error);
    *error = NULL;
    return as_expected;
}

static hoop_engine *engine_of(const hoop_options *options) {
    hoop_engine *engine = NULL;
    hoop_error *error = NULL;
    CHECK(fine(hoop_engine_new(options, &engine, &error), &error));
    return engine;
}

static void run(hoop_engine *engine, const char *source) {
    hoop_error *error = NULL;
    CHECK(fine(hoop_run(engine, "script", source, &error), &error));
}

static hoop_value *get(hoop_engine *engine, const char *name) {
    hoop_value *value = NULL;
    hoop_error *error = NULL;
    CHECK(fine(hoop_get(engine, NULL, name, &value, &error), &error));
    return value;
}

/* Whether a value is a str of this text; the value is freed. */
static int is_text(hoop_value *value, const char *expected) {
    size_t length = 0;
    const char *text = hoop_value_data(value, &length);
    int same = hoop_value_kind(value) == HOOP_KIND_STR && length == strlen(expected) && strcmp(text, expected) == 0;
    if (!same) {
        fprintf(stderr, "\"%s\", not \"%s\"\n", text == NULL ? "?" : text, expected);
    }
    hoop_value_free(value);
    return same;
}

/* Whether an expression has this repr. */
static int shows(hoop_engine *engine, const char *expression, const char *expected) {
    hoop_value *value = NULL, *text = NULL;
    hoop_error *error = NULL;
    CHECK(fine(hoop_eval(engine, expression, &value, &error), &error));
    CHECK(fine(hoop_repr(engine, value, &text, &error), &error));
    hoop_value_free(value);
    return is_text(text, expected);
}

/* ---- Values ------------------------------------------------------------- */

static void values_are_read_as_they_were_made(void) {
    hoop_value *values[7], *copy;
    size_t length = 1, at;
    values[0] = hoop_none();
    values[1] = hoop_bool(-3);
    values[2] = hoop_int(INT64_MIN);
    values[3] = hoop_float(-0.5);
    values[4] = hoop_str("gr\xc3\xbc\xc3\x9f\0e", 8);
    values[5] = hoop_bytes("\xff\0", 2);
    values[6] = hoop_str(NULL, 0);
    CHECK(hoop_value_kind(values[0]) == HOOP_KIND_NONE && hoop_value_kind(NULL) == HOOP_KIND_NONE);
    CHECK(hoop_value_kind(values[1]) == HOOP_KIND_BOOL && hoop_value_int(values[1]) == 1);
    CHECK(hoop_value_kind(values[2]) == HOOP_KIND_INT && hoop_value_int(values[2]) == INT64_MIN);
    CHECK(hoop_value_float(values[2]) == -9223372036854775808.0);
    CHECK(hoop_value_kind(values[3]) == HOOP_KIND_FLOAT && hoop_value_float(values[3]) == -0.5);
    CHECK(hoop_value_int(values[3]) == 0 && hoop_value_int(NULL) == 0 && hoop_value_float(NULL) == 0);
    CHECK(hoop_value_data(values[3], &length) == NULL && length == 0);
    CHECK(hoop_value_kind(values[4]) == HOOP_KIND_STR);
    CHECK(memcmp(hoop_value_data(values[4], &length), "gr\xc3\xbc\xc3\x9f\0e", 9) == 0 && length == 8);
    CHECK(hoop_value_kind(values[5]) == HOOP_KIND_BYTES);
    CHECK(memcmp(hoop_value_data(values[5], &length), "\xff\0", 3) == 0 && length == 2);
    CHECK(hoop_value_kind(values[6]) == HOOP_KIND_STR && hoop_value_data(values[6], NULL)[0] == 0);
    CHECK(hoop_str("\xff", 1) == NULL && hoop_str(NULL, 1) == NULL && hoop_bytes(NULL, (size_t)-1) == NULL);
    copy = hoop_value_copy(values[4]);
    CHECK(hoop_value_data(copy, NULL) != hoop_value_data(values[4], NULL) && hoop_value_copy(NULL) == NULL);
    for (at = 0; at < 7; at++) {
        hoop_value_free(values[at]);
    }
    CHECK(memcmp(hoop_value_data(copy, &length), "gr\xc3\xbc\xc3\x9f\0e", 9) == 0 && length == 8);
    hoop_value_free(copy);
    hoop_value_free(NULL);
}

static void values_go_into_scripts_and_come_back(void) {
    hoop_engine *engine = engine_of(NULL);
    hoop_value *given[6], *function, *result = NULL, *text = NULL;
    hoop_error *error = NULL;
    size_t at;
    run(engine, "def shown(*given): return ' '.join(map(repr, given))\n"
                "async def later(n):\n"
                "    import asyncio\n"
                "    await asyncio.sleep(0.001)\n"
                "    return n + 1\n");
    given[0] = hoop_none();
    given[1] = hoop_bool(0);
    given[2] = hoop_int(-7);
    given[3] = hoop_float(2.5);
    given[4] = hoop_str("\xe2\x98\x83", 3);
    given[5] = hoop_bytes("a\0", 2);
    function = get(engine, "shown");
    CHECK(hoop_value_kind(function) == HOOP_KIND_OBJECT && hoop_value_data(function, NULL) == NULL);
    CHECK(fine(hoop_call(engine, function, (const hoop_value *const *)given, 6, &result, &error), &error));
    CHECK(is_text(result, "None False -7 2.5 '\xe2\x98\x83' b'a\\x00'"));
    CHECK(fine(hoop_call(engine, function, NULL, 0, &result, &error), &error));
    CHECK(is_text(result, ""));
    CHECK(fine(hoop_call(engine, function, NULL, 0, NULL, &error), &error));
    hoop_value_free(function);
    function = get(engine, "later");
    CHECK(fine(hoop_call(engine, function, (const hoop_value *const *)given + 2, 1, &result, &error), &error));
    CHECK(hoop_value_kind(result) == HOOP_KIND_INT && hoop_value_int(result) == -6);
    hoop_value_free(result);
    hoop_value_free(function);
    /* What is more than its plain value is an object, and keeps what it is. */
    CHECK(fine(hoop_eval(engine, "2 ** 63", &result, &error), &error));
    CHECK(hoop_value_kind(result) == HOOP_KIND_OBJECT && hoop_value_int(result) == 0);
    CHECK(fine(hoop_repr(engine, result, &text, &error), &error));
    CHECK(is_text(text, "9223372036854775808"));
    hoop_value_free(result);
    CHECK(fine(hoop_eval(engine, "'\\ud800'", &result, &error), &error));
    CHECK(hoop_value_kind(result) == HOOP_KIND_OBJECT);
    hoop_value_free(result);
    CHECK(fine(hoop_eval(engine, "type('int', (), {})()", &result, &error), &error));
    CHECK(hoop_value_kind(result) == HOOP_KIND_OBJECT);
    hoop_value_free(result);
    CHECK(fine(hoop_repr(engine, given[4], &text, &error), &error));
    CHECK(is_text(text, "'\xe2\x98\x83'"));
    for (at = 0; at < 6; at++) {
        hoop_value_free(given[at]);
    }
    hoop_engine_free(engine);
}

static void containers_go_as_json(void) {
    static const char json[] = "{\"a\": [1, 2.5, null, \"x\"]}";
    hoop_engine *engine = engine_of(NULL);
    hoop_value *data = NULL, *text = NULL;
    hoop_error *error = NULL;
    int round;
    for (round = 0; round < 2; round++) {
        CHECK(fine(hoop_from_json(engine, json, strlen(json), &data, &error), &error));
        CHECK(hoop_value_kind(data) == HOOP_KIND_OBJECT);
        CHECK(fine(hoop_repr(engine, data, &text, &error), &error));
        CHECK(is_text(text, "{'a': [1, 2.5, None, 'x']}"));
        CHECK(fine(hoop_to_json(engine, data, &text, &error), &error));
        CHECK(is_text(text, json));
        hoop_value_free(data);
    }
    CHECK(failed(hoop_from_json(engine, "[", 1, &data, &error), &error, HOOP_EXCEPTION, "json.decoder.JSONDecodeError",
                 "Expecting value: line 1 column 2 (char 1)", 0));
    CHECK(data == NULL);
    CHECK(fine(hoop_eval(engine, "{1, 2}", &data, &error), &error));
    CHECK(failed(hoop_to_json(engine, data, &text, &error), &error, HOOP_EXCEPTION, "TypeError",
                 "Object of type set is not JSON serializable", 0));
    CHECK(text == NULL);
    hoop_value_free(data);
    hoop_engine_free(engine);
}

static void names_and_attributes(void) {
    hoop_engine *engine = engine_of(NULL);
    hoop_value *rate = hoop_int(3), *object = NULL, *value = NULL;
    hoop_error *error = NULL;
    /* A name that is set is there for every program; each has names of its own besides. */
    CHECK(fine(hoop_set(engine, NULL, "rate", rate, &error), &error));
    run(engine, "first = rate * 2");
    run(engine, "class Box: pass\nbox = Box()\nbox.size = rate\nrate = 'own'");
    CHECK(is_text(get(engine, "rate"), "own"));
    CHECK(shows(engine, "rate", "3"));
    CHECK(failed(hoop_get(engine, NULL, "first", &value, &error), &error, HOOP_EXCEPTION, "NameError",
                 "name 'first' is not defined", 0));
    object = get(engine, "box");
    CHECK(fine(hoop_get(engine, object, "size", &value, &error), &error));
    CHECK(hoop_value_int(value) == 3);
    hoop_value_free(value);
    value = hoop_str("large", 5);
    CHECK(fine(hoop_set(engine, object, "size", value, &error), &error));
    hoop_value_free(value);
    CHECK(fine(hoop_get(engine, object, "size", &value, &error), &error));
    CHECK(is_text(value, "large"));
    CHECK(failed(hoop_get(engine, object, "color", &value, &error), &error, HOOP_EXCEPTION, "AttributeError",
                 "'Box' object has no attribute 'color'", 0));
    /* A method, of a plain value too. */
    CHECK(fine(hoop_get(engine, rate, "bit_length", &value, &error), &error));
    hoop_value_free(object);
    CHECK(fine(hoop_call(engine, value, NULL, 0, &object, &error), &error));
    CHECK(hoop_value_int(object) == 2);
    hoop_value_free(object);
    hoop_value_free(value);
    hoop_value_free(rate);
    hoop_engine_free(engine);
}

/* ---- Functions ---------------------------------------------------------- */

/* What the functions below are given. */
struct seen {
    hoop_engine *engine;
    hoop_value *kept;
    int calls;
    int destroyed;
    char written[256];
    size_t length;
};

static void destroyed(void *data) {
    ((struct seen *)data)->destroyed++;
}

/* Adds up ints. */
static hoop_value *total(void *data, const hoop_value *const *arguments, size_t count, hoop_error **error) {
    int64_t sum = 0;
    size_t at;
    ((struct seen *)data)->calls++;
    for (at = 0; at < count; at++) {
        if (hoop_value_kind(arguments[at]) != HOOP_KIND_INT) {
            *error = hoop_error_new("ValueError", "no int");
            return NULL;
        }
        sum += hoop_value_int(arguments[at]);
    }
    return hoop_int(sum);
}

/* Keeps its second argument, and returns its first, which it should copy. */
static hoop_value *keep(void *data, const hoop_value *const *arguments, size_t count, hoop_error **error) {
    CHECK(count == 2 && *error == NULL);
    ((struct seen *)data)->kept = hoop_value_copy(arguments[1]);
    return (hoop_value *)arguments[0];
}

/* Returns nothing, or raises what a class of no exception would be. */
static hoop_value *odd(void *data, const hoop_value *const *arguments, size_t count, hoop_error **error) {
    (void)data;
    (void)count;
    if (hoop_value_kind(arguments[0]) == HOOP_KIND_NONE) {
        return NULL;
    }
    *error = hoop_error_new(NULL, NULL);
    return hoop_none();
}

/* Uses the engine that calls it, which refuses that; and passes the refusal on. */
static hoop_value *inside(void *data, const hoop_value *const *arguments, size_t count, hoop_error **error) {
    hoop_value *value = NULL;
    hoop_interrupt *interrupt = hoop_interrupt_new(((struct seen *)data)->engine);
    (void)arguments;
    (void)count;
    CHECK(interrupt != NULL);
    hoop_interrupt_free(interrupt);
    CHECK(hoop_run(((struct seen *)data)->engine, "script", "x = 1", NULL) == HOOP_MISUSE);
    CHECK(hoop_eval(((struct seen *)data)->engine, "1", &value, error) == HOOP_MISUSE && value == NULL);
    return NULL;
}

/* Frees the engine that calls it. */
static hoop_value *leave(void *data, const hoop_value *const *arguments, size_t count, hoop_error **error) {
    (void)arguments;
    (void)count;
    (void)error;
    hoop_engine_free(((struct seen *)data)->engine);
    return hoop_str("still here", 10);
}

static void scripts_call_functions(void) {
    struct seen seen = {0};
    hoop_engine *engine = engine_of(NULL);
    hoop_value *value = NULL;
    hoop_error *error = NULL;
    seen.engine = engine;
    CHECK(fine(hoop_set_function(engine, "total", total, &seen, destroyed, &error), &error));
    CHECK(fine(hoop_set_function(engine, "keep(first, second='none', /)", keep, &seen, destroyed, &error), &error));
    CHECK(fine(hoop_set_function(engine, "odd(n)", odd, &seen, NULL, &error), &error));
    CHECK(fine(hoop_set_function(engine, "inside()", inside, &seen, NULL, &error), &error));
    CHECK(shows(engine, "(total(), total(1), total(*range(100)))", "(0, 1, 4950)"));
    CHECK(seen.calls == 3);
    run(engine, "try:\n    total(1, '2')\nexcept ValueError as wrong:\n    said = str(wrong)\n");
    CHECK(is_text(get(engine, "said"), "no int"));
    CHECK(shows(engine, "keep([1, 2])", "[1, 2]"));
    CHECK(is_text(seen.kept, "none"));
    CHECK(shows(engine, "keep('a', {'b': 1})", "'a'"));
    /* It was only lent for the call; its copy is there still. */
    CHECK(fine(hoop_to_json(engine, seen.kept, &value, &error), &error));
    CHECK(is_text(value, "{\"b\": 1}"));
    hoop_value_free(seen.kept);
    CHECK(shows(engine, "odd(None)", "None"));
    CHECK(failed(hoop_eval(engine, "odd(1)", &value, &error), &error, HOOP_EXCEPTION, "RuntimeError", "", 0));
    CHECK(failed(hoop_eval(engine, "odd()", &value, &error), &error, HOOP_EXCEPTION, "TypeError",
                 "odd() missing required argument 'n' (pos 1)", 0));
    CHECK(failed(hoop_eval(engine, "inside()", &value, &error), &error, HOOP_EXCEPTION, "RuntimeError",
                 "the engine is in use: by another thread, or by the call in which a script called this function", 0));
    CHECK(shows(engine, "total(20, 22)", "42"));
    /* What cannot be set is destroyed at once. */
    CHECK(seen.destroyed == 0);
    CHECK(failed(hoop_set_function(engine, "total(", total, &seen, destroyed, &error), &error, HOOP_MISUSE, "RuntimeError",
                 "the signature \"total()\" of a host function: the closing parenthesis is missing", 0));
    CHECK(seen.destroyed == 1);
    CHECK(failed(hoop_set_function(NULL, "total", total, &seen, destroyed, &error), &error, HOOP_MISUSE, "RuntimeError",
                 "the engine is NULL", 0));
    CHECK(failed(hoop_set_function(engine, "total", NULL, &seen, destroyed, &error), &error, HOOP_MISUSE, "RuntimeError",
                 "the function is NULL", 0));
    CHECK(seen.destroyed == 3);
    hoop_engine_free(engine);
    CHECK(seen.destroyed == 5);
}

static void an_engine_is_freed_in_a_call(void) {
    struct seen seen = {0};
    hoop_engine *engine = engine_of(NULL);
    hoop_value *value = NULL;
    hoop_error *error = NULL;
    seen.engine = engine;
    CHECK(fine(hoop_set_function(engine, "leave", leave, &seen, destroyed, &error), &error));
    CHECK(fine(hoop_eval(engine, "leave() + '!'", &value, &error), &error));
    CHECK(is_text(value, "still here!"));
    CHECK(seen.destroyed == 1);
}

/* ---- Options ------------------------------------------------------------ */

static void write_down(void *data, const char *text, size_t length) {
    struct seen *seen = data;
    if (length <= sizeof seen->written - seen->length) {
        memcpy(seen->written + seen->length, text, length);
        seen->length += length;
    }
}

static void outputs_are_callbacks(void) {
    struct seen output = {0}, errors = {0};
    hoop_options *options = hoop_options_new();
    hoop_engine *first, *second;
    hoop_options_output(options, 1, write_down, &output, destroyed);
    hoop_options_output(options, 2, write_down, &errors, destroyed);
    first = engine_of(options);
    second = engine_of(options);
    hoop_options_free(options);
    run(first, "import sys\nprint('one')\nprint('two', end='')\nprint('wrong', file=sys.stderr)");
    run(second, "print('three')");
    CHECK(output.length == 13 && memcmp(output.written, "one\ntwothree\n", 13) == 0);
    CHECK(errors.length == 6 && memcmp(errors.written, "wrong\n", 6) == 0);
    hoop_engine_free(first);
    CHECK(output.destroyed == 0 && errors.destroyed == 0);
    hoop_engine_free(second);
    CHECK(output.destroyed == 1 && errors.destroyed == 1);
    hoop_options_free(NULL);
}

static void limits_stop_runs(void) {
    hoop_options *options = hoop_options_new();
    hoop_engine *engine;
    hoop_value *value = NULL;
    hoop_error *error = NULL;
    hoop_options_limit(options, HOOP_LIMIT_FUEL, 100000);
    hoop_options_limit(options, HOOP_LIMIT_MEMORY, 16 << 20);
    hoop_options_limit(options, HOOP_LIMIT_TASKS, 10);
    hoop_options_limit(options, HOOP_LIMIT_OUTPUT, 100);
    hoop_options_limit(options, HOOP_LIMIT_RECURSION, 50);
    engine = engine_of(options);
    hoop_options_free(options);
    CHECK(failed(hoop_run(engine, "endless", "x = 1\nwhile True:\n    pass\n", &error), &error, HOOP_STOPPED, "fuel",
                 "stopped (fuel) in endless, line 2", 2));
    CHECK(failed(hoop_run(engine, "loud", "print('x' * 101)", &error), &error, HOOP_STOPPED, "output",
                 "stopped (output)", 0));
    CHECK(hoop_run(engine, "tasks", "import asyncio\nt = [asyncio.create_task(asyncio.sleep(9)) for n in range(20)]\nawait t[0]",
                   &error) == HOOP_STOPPED);
    CHECK(strcmp(hoop_error_class(error, NULL), "tasks") == 0 && hoop_error_traceback(error, NULL)[0] == 0);
    hoop_error_free(error);
    CHECK(hoop_run(engine, "greedy", "n = 0\nwhile True: n = [n, [], [], [], {}, {}, {}]", &error) == HOOP_STOPPED);
    CHECK(strcmp(hoop_error_class(error, NULL), "memory") == 0);
    hoop_error_free(error);
    CHECK(failed(hoop_run(engine, "deep", "def f(): f()\nf()", &error), &error, HOOP_EXCEPTION, "RecursionError",
                 "maximum recursion depth exceeded", 0));
    /* What looks at a value is a run too. */
    run(engine, "class Odd:\n    def __repr__(self):\n        while True: pass\nodd = Odd()");
    value = get(engine, "odd");
    CHECK(hoop_repr(engine, value, NULL, &error) == HOOP_STOPPED);
    hoop_error_free(error);
    hoop_value_free(value);
    CHECK(shows(engine, "6 * 7", "42"));
    hoop_engine_free(engine);

    options = hoop_options_new();
    hoop_options_limit(options, HOOP_LIMIT_TIME, 20);
    engine = engine_of(options);
    hoop_options_free(options);
    CHECK(hoop_run(engine, "slow", "import asyncio\nawait asyncio.sleep(100)", &error) == HOOP_STOPPED);
    CHECK(strcmp(hoop_error_class(error, NULL), "time") == 0);
    hoop_error_free(error);
    hoop_engine_free(engine);

    options = hoop_options_new();
    hoop_options_limit(options, HOOP_LIMIT_STEP, 100);
    engine = engine_of(options);
    hoop_options_free(options);
    CHECK(hoop_run(engine, "hog", "import asyncio\nawait asyncio.sleep(0.2)\nwhile True: pass", &error) == HOOP_STOPPED);
    CHECK(strcmp(hoop_error_class(error, NULL), "step") == 0 && hoop_error_number(error) == 3);
    hoop_error_free(error);
    hoop_engine_free(engine);
}

/* Whether an engine is refused with this message; the options are freed. */
static int refused(hoop_options *options, const char *message) {
    hoop_engine *engine = NULL;
    hoop_error *error = NULL;
    int as_expected = failed(hoop_engine_new(options, &engine, &error), &error, HOOP_MISUSE, "RuntimeError", message, 0);
    CHECK(engine == NULL);
    hoop_options_free(options);
    return as_expected;
}

static void permissions_are_granted(void) {
    static const char *const kinds[] = {"read", "write", "net", "run", "env"};
    hoop_options *options = hoop_options_new();
    hoop_engine *engine = engine_of(options);
    hoop_error *error = NULL;
    size_t at;
    CHECK(hoop_run(engine, "script", "open('/dev/null').read()", &error) == HOOP_EXCEPTION);
    CHECK(strcmp(hoop_error_class(error, NULL), "PermissionError") == 0);
    hoop_error_free(error);
    hoop_engine_free(engine);
    hoop_options_allow(options, "read", "/dev/null");
    hoop_options_allow(options, "write", "/dev/null");
    hoop_options_allow(options, "net", "example.org:443");
    hoop_options_allow(options, "run", "/bin/sh");
    hoop_options_allow(options, "env", "LANG");
    hoop_options_allow(options, "import", "/dev");
    engine = engine_of(options);
    run(engine, "import sys\nassert sys.path == ['/dev'], sys.path\nassert open('/dev/null').read() == ''");
    hoop_engine_free(engine);
    for (at = 0; at < sizeof kinds / sizeof kinds[0]; at++) {
        hoop_options_allow(options, kinds[at], NULL);
    }
    engine = engine_of(options);
    run(engine, "import os\nassert os.listdir('/dev')");
    hoop_engine_free(engine);
    hoop_options_free(options);
    options = hoop_options_new();
    hoop_options_allow(options, "all", NULL);
    engine = engine_of(options);
    run(engine, "import os\nassert os.getpid() > 0 and os.listdir('/')");
    hoop_engine_free(engine);
    hoop_options_free(options);

    options = hoop_options_new();
    hoop_options_allow(options, "fly", NULL);
    hoop_options_allow(options, "net", "a:b:c:80");
    CHECK(refused(options, "there is no permission 'fly'"));
    options = hoop_options_new();
    hoop_options_allow(options, "run", "no-such-program-anywhere");
    CHECK(refused(options, "there is no program 'no-such-program-anywhere'"));
    options = hoop_options_new();
    hoop_options_allow(options, "import", NULL);
    CHECK(refused(options, "to import needs a folder"));
    options = hoop_options_new();
    hoop_options_allow(options, "all", "files");
    CHECK(refused(options, "'all' is not for 'files' alone"));
    options = hoop_options_new();
    hoop_options_allow(options, NULL, NULL);
    CHECK(refused(options, "a permission is NULL"));
    options = hoop_options_new();
    hoop_options_limit(options, (hoop_limit)99, 1);
    CHECK(refused(options, "there is no limit 99"));
    options = hoop_options_new();
    hoop_options_output(options, 3, write_down, NULL, NULL);
    CHECK(refused(options, "there is no output 3"));
    hoop_options_limit(NULL, HOOP_LIMIT_FUEL, 1);
    hoop_options_allow(NULL, "all", NULL);
    hoop_options_output(NULL, 1, write_down, NULL, NULL);
}

/* ---- Errors ------------------------------------------------------------- */

static void errors_are_told(void) {
    hoop_engine *engine = engine_of(NULL), *other = engine_of(NULL);
    hoop_value *value = NULL, *list = NULL, *plain = hoop_int(1);
    const hoop_value *holes[2] = {plain, NULL};
    hoop_error *error = NULL;
    size_t length = 9;
    CHECK(hoop_run(engine, "bad", "x = (1,\ny = 2 2\n", &error) == HOOP_SYNTAX);
    CHECK(hoop_error_status(error) == HOOP_SYNTAX && strcmp(hoop_error_class(error, &length), "SyntaxError") == 0 && length == 11);
    CHECK(hoop_error_number(error) > 0 && strstr(hoop_error_traceback(error, &length), "File \"bad\", line ") != NULL);
    CHECK(length == strlen(hoop_error_traceback(error, NULL)));
    hoop_error_free(error);
    CHECK(hoop_run(engine, "script", "def f():\n    {}['k']\nf()\n", &error) == HOOP_EXCEPTION);
    CHECK(strcmp(hoop_error_class(error, NULL), "KeyError") == 0 && strcmp(hoop_error_message(error, NULL), "'k'") == 0);
    CHECK(strstr(hoop_error_traceback(error, NULL), "Traceback (most recent call last):\n  File \"script\", line 3") != NULL);
    CHECK(strstr(hoop_error_traceback(error, NULL), "KeyError: 'k'\n") != NULL);
    hoop_error_free(error);
    CHECK(failed(hoop_run(engine, "script", "import sys\nsys.exit(3)", &error), &error, HOOP_EXIT, "SystemExit",
                 "the script ended itself with status 3", 3));
    CHECK(fine(hoop_eval(engine, "[1]", &list, &error), &error));
    CHECK(failed(hoop_repr(other, list, &value, &error), &error, HOOP_CONVERSION, "TypeError",
                 "argument 1: a handle of another engine has no value in this one", 0));
    CHECK(failed(hoop_call(engine, plain, NULL, 0, &value, &error), &error, HOOP_MISUSE, "RuntimeError",
                 "what is called is a plain value, and no object", 0));
    CHECK(failed(hoop_call(engine, list, NULL, 0, &value, &error), &error, HOOP_EXCEPTION, "TypeError",
                 "'list' object is not callable", 0));
    CHECK(failed(hoop_call(engine, list, holes, 2, &value, &error), &error, HOOP_MISUSE, "RuntimeError", "argument 2 is NULL", 0));
    CHECK(failed(hoop_call(engine, list, NULL, 2, &value, &error), &error, HOOP_MISUSE, "RuntimeError",
                 "the array of arguments is NULL, not 2", 0));
    CHECK(failed(hoop_call(engine, NULL, NULL, 0, &value, &error), &error, HOOP_MISUSE, "RuntimeError", "the function is NULL", 0));
    CHECK(failed(hoop_eval(NULL, "1", &value, &error), &error, HOOP_MISUSE, "RuntimeError", "the engine is NULL", 0));
    CHECK(failed(hoop_run(engine, NULL, "1", &error), &error, HOOP_MISUSE, "RuntimeError", "the name is NULL", 0));
    CHECK(failed(hoop_run(engine, "script", "x = '\xff'", &error), &error, HOOP_MISUSE, "RuntimeError",
                 "the source is no UTF-8 at byte 5", 0));
    CHECK(failed(hoop_set(engine, NULL, "x", NULL, &error), &error, HOOP_MISUSE, "RuntimeError", "the value is NULL", 0));
    CHECK(failed(hoop_from_json(engine, NULL, 1, &value, &error), &error, HOOP_MISUSE, "RuntimeError", "the text is NULL, not 1", 0));
    error = hoop_error_new("json.JSONDecodeError", "na\xffme");
    CHECK(strcmp(hoop_error_class(error, NULL), "json.JSONDecodeError") == 0);
    CHECK(strcmp(hoop_error_message(error, NULL), "na\xef\xbf\xbdme") == 0 && hoop_error_status(error) == HOOP_EXCEPTION);
    CHECK(hoop_error_number(error) == 0 && hoop_error_traceback(error, &length)[0] == 0 && length == 0);
    hoop_error_free(error);
    CHECK(hoop_error_status(NULL) == HOOP_OK && hoop_error_number(NULL) == 0);
    CHECK(hoop_error_class(NULL, &length)[0] == 0 && hoop_error_message(NULL, NULL)[0] == 0 && length == 0);
    hoop_error_free(NULL);
    hoop_value_free(plain);
    /* Errors and values outlive their engines. */
    CHECK(hoop_run(other, "script", "1 // 0", &error) == HOOP_EXCEPTION);
    hoop_engine_free(other);
    hoop_engine_free(engine);
    CHECK(strcmp(hoop_error_class(error, NULL), "ZeroDivisionError") == 0);
    hoop_error_free(error);
    hoop_value_free(list);
}

/* ---- Threads ------------------------------------------------------------ */

/* How far two threads have come, so that each can wait for the other. */
struct stage {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int reached;
    hoop_engine *engine;
    hoop_interrupt *interrupt;
};

static void reach(struct stage *stage, int place) {
    pthread_mutex_lock(&stage->lock);
    stage->reached = place;
    pthread_cond_broadcast(&stage->changed);
    pthread_mutex_unlock(&stage->lock);
}

static void wait_for(struct stage *stage, int place) {
    pthread_mutex_lock(&stage->lock);
    while (stage->reached < place) {
        pthread_cond_wait(&stage->changed, &stage->lock);
    }
    pthread_mutex_unlock(&stage->lock);
}

/* Says that the script has begun. */
static hoop_value *begun(void *data, const hoop_value *const *arguments, size_t count, hoop_error **error) {
    (void)arguments;
    (void)count;
    (void)error;
    reach(data, 1);
    return NULL;
}

/* The same, and waits until it may go on. */
static hoop_value *begun_and_waiting(void *data, const hoop_value *const *arguments, size_t count, hoop_error **error) {
    begun(data, arguments, count, error);
    wait_for(data, 2);
    return NULL;
}

static void stage_of(struct stage *stage, hoop_function function) {
    hoop_error *error = NULL;
    pthread_mutex_init(&stage->lock, NULL);
    pthread_cond_init(&stage->changed, NULL);
    stage->reached = 0;
    stage->engine = engine_of(NULL);
    stage->interrupt = hoop_interrupt_new(stage->engine);
    CHECK(fine(hoop_set_function(stage->engine, "begun()", function, stage, NULL, &error), &error));
}

static void *stop_when_begun(void *data) {
    struct stage *stage = data;
    wait_for(stage, 1);
    hoop_interrupt_stop(stage->interrupt);
    return NULL;
}

static void an_interrupt_comes_from_another_thread(void) {
    struct stage stage;
    hoop_error *error = NULL;
    pthread_t thread;
    stage_of(&stage, begun);
    CHECK(pthread_create(&thread, NULL, stop_when_begun, &stage) == 0);
    CHECK(failed(hoop_run(stage.engine, "endless", "begun()\n\nwhile True: pass", &error), &error, HOOP_STOPPED, "interrupt",
                 "stopped (interrupt) in endless, line 3", 3));
    pthread_join(thread, NULL);
    CHECK(shows(stage.engine, "6 * 7", "42"));
    hoop_engine_free(stage.engine);
    hoop_interrupt_stop(stage.interrupt);
    hoop_interrupt_free(stage.interrupt);
    CHECK(hoop_interrupt_new(NULL) == NULL);
    hoop_interrupt_stop(NULL);
    hoop_interrupt_free(NULL);
}

static void *run_there(void *data) {
    struct stage *stage = data;
    hoop_error *error = NULL;
    CHECK(fine(hoop_run(stage->engine, "script", "begun()\nwhere = 'there'", &error), &error));
    return NULL;
}

static void *free_there(void *value) {
    hoop_value_free(value);
    return NULL;
}

static void threads_use_an_engine_in_turn(void) {
    struct stage stage;
    hoop_value *value = NULL, *list = NULL;
    hoop_error *error = NULL;
    pthread_t thread, another;
    stage_of(&stage, begun_and_waiting);
    CHECK(fine(hoop_eval(stage.engine, "[1]", &list, &error), &error));
    CHECK(pthread_create(&thread, NULL, run_there, &stage) == 0);
    wait_for(&stage, 1);
    CHECK(failed(hoop_eval(stage.engine, "1", &value, &error), &error, HOOP_MISUSE, "RuntimeError",
                 "the engine is in use: by another thread, or by the call in which a script called this function", 0));
    CHECK(pthread_create(&another, NULL, free_there, hoop_value_copy(list)) == 0);
    hoop_value_free(list);
    pthread_join(another, NULL);
    reach(&stage, 2);
    pthread_join(thread, NULL);
    CHECK(is_text(get(stage.engine, "where"), "there"));
    hoop_interrupt_free(stage.interrupt);
    hoop_engine_free(stage.engine);
    hoop_engine_free(NULL);
}

int main(void) {
    CHECK(hoop_version()[0] >= '0' && strchr(hoop_version(), '.') != NULL);
    values_are_read_as_they_were_made();
    values_go_into_scripts_and_come_back();
    containers_go_as_json();
    names_and_attributes();
    scripts_call_functions();
    an_engine_is_freed_in_a_call();
    outputs_are_callbacks();
    limits_stop_runs();
    permissions_are_granted();
    errors_are_told();
    an_interrupt_comes_from_another_thread();
    threads_use_an_engine_in_turn();
    return failures != 0;
}
