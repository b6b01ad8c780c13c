"""The process that runs a model: told what on its input, it says where, and ends with its input."""

import json
import os
import sys
from importlib import import_module
from typing import Any

#: What the line begins with that says where the model is.
READY = "ready "
#: Prompts kept in memory beside the present one, in MiB: each persona's history is read once.
_KEPT_MIB = 1024
#: Errors alone.
_VERBOSITY = 1


def main() -> None:
    wanted = json.loads(sys.stdin.readline())
    # Only who has the extra gets here, and its types are its own.
    llama: Any = import_module("xllamacpp")
    params = llama.CommonParams()
    params.model.path = wanted["file"]
    params.n_ctx = wanted["context"]
    params.n_parallel = 1
    # Twins of one core add nothing, and the house needs room to move.
    params.cpuparams.n_threads = max(1, (os.cpu_count() or 2) // 2)
    params.cache_ram_mib = _KEPT_MIB
    params.warmup = False
    params.verbosity = _VERBOSITY
    # Whoever else is on this machine has no business here.
    params.api_keys = [wanted["key"]]
    params.hostnames = ["127.0.0.1"]
    params.ui = params.endpoint_slots = params.endpoint_props = False
    try:
        server = llama.Server(params)
    except RuntimeError:
        # Why has been said already.
        os._exit(1)
    sys.stdout.write(f"{READY}{server.listening_address}/v1\n")
    sys.stdout.flush()
    _be_silent()
    sys.stdin.read()
    # Without farewells: a line that nobody waits for may still be on its way.
    os._exit(0)


def _be_silent() -> None:
    """From here on nobody reads what is said; a full pipe would hold everything up."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)


if __name__ == "__main__":
    main()
