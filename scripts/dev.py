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


def api() -> str:
    """Where the server will answer, for the pages that come from Vite."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--port", default=os.environ.get("CHIMERA_SERVER__PORT", "8000"))
    known, _ = parser.parse_known_args()
    return f"http://127.0.0.1:{known.port}"


def main() -> None:
    command = ["chimera", "serve", *sys.argv[1:]]
    environment = os.environ | {"CHIMERA_API": api()}
    with subprocess.Popen(["npm", "run", "dev"], cwd=ROOT / "web", env=environment) as vite:
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
