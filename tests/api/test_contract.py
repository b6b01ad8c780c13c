"""The committed contract is the one that is served."""

import json
from pathlib import Path

from api_house import Made

from chimera.api.openapi import openapi_bytes

COMMITTED = Path(__file__).parents[2] / "contracts" / "openapi.json"


def test_the_committed_contract_is_what_the_code_says(made: Made) -> None:
    assert COMMITTED.read_bytes() == openapi_bytes(made.app), "run `make gen` and commit the result"


def test_every_operation_says_what_an_error_looks_like(made: Made) -> None:
    document = json.loads(openapi_bytes(made.app))
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            content = operation["responses"]["default"]["content"]
            assert list(content) == ["application/problem+json"], (method, path)
            assert "422" not in operation["responses"], (method, path)


def test_every_operation_that_changes_the_house_takes_an_idempotency_key(made: Made) -> None:
    asking = {
        "check_provider", "issue_ticket", "pull_model", "cancel_pull",
        "put_credential", "delete_credential", "change_provider", "change_house",
    }  # fmt: skip
    document = json.loads(openapi_bytes(made.app))
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            names = {each["name"] for each in operation.get("parameters", [])}
            changes = method != "get" and operation["operationId"] not in asking
            assert ("Idempotency-Key" in names) == changes, (method, path)
