"""The server, restarted when its code changes, beside the Vite development server."""

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
    command = ["chimera", "serve", *sys.argv[1:]]
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
