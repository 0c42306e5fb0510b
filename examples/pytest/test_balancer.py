"""Tests of Azure in Python.

`lazurite run` starts an emulator, sets the variables by which azure-identity and azure-mgmt-* find and trust it, and stops
it. The fixture needs nothing but Python; with Microsoft's SDK it would be
`NetworkManagementClient(DefaultAzureCredential(), os.environ["AZURE_SUBSCRIPTION_ID"], base_url=os.environ["LAZURITE_URL"])`.
"""
import json
import os
import ssl
import urllib.request

import pytest

URL = os.environ["LAZURITE_URL"]
SUBSCRIPTION = f"/subscriptions/{os.environ['AZURE_SUBSCRIPTION_ID']}"
CONTEXT = ssl.create_default_context(cafile=os.environ["SSL_CERT_FILE"])


def send(method, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{URL}{path}", data, {"Content-Type": "application/json"}, method=method)
    with urllib.request.urlopen(request, context=CONTEXT) as answer:
        text = answer.read()
        return json.loads(text) if text else None


@pytest.fixture
def azure():
    """Azure with nothing in it."""
    send("POST", "/_lazurite/reset")
    return send


def test_a_public_address_comes_out_of_the_pool(azure):
    group = f"{SUBSCRIPTION}/resourceGroups/group"
    azure("PUT", f"{group}?api-version=2021-04-01", {"location": "westeurope"})
    ip = azure(
        "PUT",
        f"{group}/providers/Microsoft.Network/publicIPAddresses/ip?api-version=2024-05-01",
        {
            "location": "westeurope",
            "sku": {"name": "Standard"},
            "properties": {"publicIPAllocationMethod": "Static"},
        },
    )
    assert ip["properties"]["ipAddress"].startswith("127.255.")


def test_every_test_begins_with_nothing(azure):
    assert azure("GET", f"{SUBSCRIPTION}/resourceGroups?api-version=2021-04-01")["value"] == []
