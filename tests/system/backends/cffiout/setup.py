from setuptools import setup

setup(
    name="cffiout", version="1.0", packages=["cffiout"], install_requires=["cffi"],
    cffi_modules=["build_cffi.py:ffi"],
)
