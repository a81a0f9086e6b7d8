"""Requests are told apart by what AWS's own endpoints go by."""

from __future__ import annotations

import pytest
from moto.core.utils import get_service_model

from sandbox.kernel import catalog


@pytest.mark.parametrize(
    ("name", "service"),
    [(name, service) for name, all_ in catalog.SERVICES.items() for service in all_],
)
def test_services_are_known_by_what_botocore_signs_for(name: str, service: str) -> None:
    model = get_service_model(service)

    assert (model.signing_name or model.endpoint_prefix) == name
