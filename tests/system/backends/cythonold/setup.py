from Cython.Build import cythonize
from setuptools import Extension, setup

setup(
    name="cythonold", version="1.0", packages=["cythonold"],
    ext_modules=cythonize([Extension("cythonold._c", ["cythonold/_c.pyx"])]),
)
