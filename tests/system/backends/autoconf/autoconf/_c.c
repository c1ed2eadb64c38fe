#include <Python.h>

int thing(void);

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "_c", NULL, -1, NULL};

PyMODINIT_FUNC PyInit__c(void)
{
    PyObject *module = PyModule_Create(&definition);
    PyModule_AddIntConstant(module, "BIG", thing());
    return module;
}
