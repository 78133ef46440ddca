/* Python: CPython, initialised when it is built, with the library it carries. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wasi/api.h>

#include "../lib/kind.h"
#include "frozen.h" /* made by freeze.py: frozen[] */

static PyObject *boot; /* the module boot.py */

static void check(const PyStatus *status)
{
    if (!PyStatus_Exception(*status))
        return;
    fprintf(stderr, "python: %s\n", status->err_msg ? status->err_msg : "it does not start");
    abort();
}

static void set(PyConfig *config, wchar_t **to, const wchar_t *value)
{
    PyStatus status = PyConfig_SetString(config, to, value);

    check(&status);
}

/*
 * Isolated: no site, no files, no signals. The seed of hashes is the same in all instances: it
 * would be in the image anyway.
 */
void kind_initialize(void)
{
    PyConfig c;

    PyConfig_InitIsolatedConfig(&c);
    c.site_import = 0;
    c.pathconfig_warnings = 0;
    c.module_search_paths_set = 1;
    c.use_frozen_modules = 1;
    c.use_hash_seed = 1;
    c.hash_seed = 1;
    set(&c, &c.home, L"/");
    set(&c, &c.executable, L"/python");
    set(&c, &c.base_executable, L"/python");
    set(&c, &c.prefix, L"/");
    set(&c, &c.base_prefix, L"/");
    set(&c, &c.exec_prefix, L"/");
    set(&c, &c.base_exec_prefix, L"/");
    set(&c, &c.stdlib_dir, L"/lib");
    set(&c, &c.filesystem_encoding, L"utf-8");
    set(&c, &c.stdio_encoding, L"utf-8");
    set(&c, &c.stdio_errors, L"backslashreplace");
    PyImport_FrozenModules = frozen;
    PyStatus status = Py_InitializeFromConfig(&c);
    check(&status);
    boot = PyImport_ImportModule("wow_boot");
    if (!boot) {
        PyErr_Print();
        abort();
    }
    PyGC_Collect();
}

/* The environment, as a list of "K=V" in bytes. */
static PyObject *environment(void)
{
    size_t count = 0, size = 0;
    PyObject *list = PyList_New(0);

    if (!list || __wasi_environ_sizes_get(&count, &size) != 0 || count == 0)
        return list;
    uint8_t **all = calloc(count + 1, sizeof *all);
    uint8_t *text = malloc(size + 1);
    if (all && text && __wasi_environ_get(all, text) == 0)
        for (size_t i = 0; i < count; i++) {
            PyObject *pair = PyBytes_FromString((char *)all[i]);
            if (pair)
                PyList_Append(list, pair);
            Py_XDECREF(pair);
        }
    free(all);
    free(text);
    return list;
}

static PyObject *data(void)
{
    size_t n = kind_data_size();
    PyObject *bytes = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)n);

    if (bytes)
        kind_data_read(PyBytes_AS_STRING(bytes), 0, n);
    return bytes;
}

/* What boot.py returned is bytes, which live until the instance is gone. */
static void answer(PyObject *bytes, const char *otherwise)
{
    char *at = (char *)otherwise;
    Py_ssize_t n = (Py_ssize_t)strlen(otherwise);

    if (!bytes || PyBytes_AsStringAndSize(bytes, &at, &n) < 0)
        PyErr_Print(); /* not even boot.py could say what it was */
    kind_answer(at, (size_t)n);
}

int32_t kind_prepare(void)
{
    PyObject *r =
        PyObject_CallMethod(boot, "prepare", "Ns#sN", data(), kind_buffer.data,
                            (Py_ssize_t)kind_buffer.size, kind_argument(2), environment());
    PyObject *bytes = NULL;
    int status = 1;

    if (r && !PyArg_ParseTuple(r, "iO", &status, &bytes))
        status = 1;
    answer(bytes, "The action exhausted its memory and was aborted.");
    return status;
}

void kind_run(void)
{
    PyObject *r = PyObject_CallMethod(boot, "run", "Ns#N", data(), kind_buffer.data,
                                      (Py_ssize_t)kind_buffer.size, environment());

    answer(r, "{\"Fault\":\"The action exhausted its memory and was aborted.\"}");
}
