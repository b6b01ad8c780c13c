"""The server, restarted when its code changes, beside the Vite development server."""

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
SOURCES = ROOT / "src/chimera"


def newest() -> float:
    return max(path.stat().st_mtime for path in SOURCES.rglob("*") if path.is_file())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", default="8000")
    parser.add_argument("--data-dir", default=".chimera")
    options = parser.parse_args()
    command = [
        "chimera", "serve", "--host", options.host, "--port", options.port,
        "--data-dir", options.data_dir,
    ]  # fmt: skip
    with subprocess.Popen(["npm", "run", "dev"], cwd=ROOT / "web", env=os.environ) as vite:
        server, seen = subprocess.Popen(command), newest()
        try:
            while vite.poll() is None:
                time.sleep(0.5)
                if newest() > seen:
                    seen = newest()
                    server.terminate()
                    server.wait()
                    server = subprocess.Popen(command)
        except KeyboardInterrupt:
            pass
        finally:
            server.terminate()
            vite.terminate()
            server.wait()


if __name__ == "__main__":
    sys.exit(main())
