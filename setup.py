import re
from pathlib import Path

from setuptools import find_packages, setup

VERSION = "0.2"

# What imports, matching and Google need, and reading a published copy does not. Datasette Lite runs in a browser, where some of
# these cannot be had, and its installer would refuse the whole package for them.
OUTSIDE_A_BROWSER = 'sys_platform != "emscripten"'
FOR_IMPORTS = [  # the oldest of each with which the tests pass: scripts/test --oldest
    "sqlite-utils>=4.2.1",
    "google-auth-oauthlib>=1.2.0",
    "requests>=2.31.0",
    "Pillow>=11.3.0",  # the first with AVIF; before 13 a TIFF in YCbCr counts as damaged
    "imagehash>=4.3.2",  # older ones need six and do not say so
    "pillow-heif>=1.0.0",
    "numpy>=1.26.0",
    "opencv-python-headless>=4.9.0.80",
    "faiss-cpu>=1.8.0",
    "pebble>=5.2.0",  # 5.0 and 5.1 never notice a reading process that dies while it waits
]

# hamming() in half the time. Only where a wheel of it lies ready for every Python, so that nobody needs a compiler for what works
# without it; where it is installed all the same it is used. Before 3.0 it took other characters for digits.
WHERE_READY = [
    'hexhamming>=3.0.0; sys_platform == "linux" and platform_machine in "x86_64 aarch64" and python_version < "3.15"'
    ' and platform_python_implementation == "CPython"'
]

# What Datasette brings and is imported here as well: which version is Datasette's business.
WITH_DATASETTE = ["click", "jinja2", "markupsafe", "pluggy", "pyyaml"]
# The same of what is for imports: google-auth-oauthlib brings the first two, the forms of Datasette 0.65 the third.
WITH_OTHERS = ["google-auth", "oauthlib", "python-multipart"]

README = (Path(__file__).parent / "README.md").read_text(encoding="utf8")
# The page of a package index has no files beside it: what a link or picture says stands there in its place.
LONG_DESCRIPTION = re.sub(r"!?\[([^]]*)\]\((?!https?:|#)[^)]*\)", r"\1", README)

setup(
    name="datasette-gphotos-dedupe",
    description="Find near-duplicate pictures in Google Photos, review them in Datasette and get them into an album",
    long_description=LONG_DESCRIPTION,
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    author="The maintainers of datasette-gphotos-dedupe",
    version=VERSION,
    packages=find_packages(include=["datasette_gphotos_dedupe", "datasette_gphotos_dedupe.*"]),
    package_data={
        "datasette_gphotos_dedupe": ["py.typed", "templates/*.html", "static/*", "album/*.html", "album/*.js", "report/*.html"]
    },
    classifiers=[
        "Framework :: Datasette",
        "Environment :: Console",
        "Environment :: Web Environment",
        "Intended Audience :: End Users/Desktop",
        "Operating System :: OS Independent",
        "Programming Language :: Python :: 3",
        *(f"Programming Language :: Python :: 3.{minor}" for minor in range(10, 15)),
        "Topic :: Multimedia :: Graphics",
        "Topic :: Database",
        "Typing :: Typed",
    ],
    python_requires=">=3.10",
    install_requires=[
        "datasette>=0.65.5",
        *(f"{name}; {OUTSIDE_A_BROWSER}" for name in (*FOR_IMPORTS, *WITH_DATASETTE, *WITH_OTHERS)),
        *WHERE_READY,
    ],
    extras_require={
        "raw": ["rawpy>=0.21.0"],
        "video": ["av>=12.0.0"],
        "test": [
            "pytest",
            "pytest-asyncio",
            "pytest-timeout",
            "hypothesis",
            "playwright",
            "axe-playwright-python",  # carries axe-core
            "httpx",
            "cogapp",
            # Installed beside ours in tests/web/test_other_plugins.py, and nowhere else.
            "datasette-cluster-map",
            "datasette-json-html",
            "datasette-render-images",
            "ruff",
            "mypy",
            "types-requests",
            "types-PyYAML",
            "vulture",
            "sphinx",
            "myst-parser",
            "furo",
            "setuptools>=70.1",  # builds the wheel that tests/test_wheel.py installs
        ],
    },
    entry_points={
        "datasette": ["gphotos_dedupe = datasette_gphotos_dedupe"],
        "sqlite_utils": ["gphotos_dedupe = datasette_gphotos_dedupe.sqlite_utils_plugin"],
        "console_scripts": ["gphotos-to-sqlite = datasette_gphotos_dedupe.cli:main"],
    },
)
