from Cython.Build import cythonize
from setuptools import Extension, setup

setup(
    name="cythonnew", version="1.0", packages=["cythonnew"],
    ext_modules=cythonize([Extension("cythonnew._c", ["cythonnew/_c.pyx"])]),
)
