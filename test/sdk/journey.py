"""What people do with Microsoft's Python SDK, against the emulator that the environment names. Prints one JSON object."""
import json
import os

from azure.identity import ClientSecretCredential
from azure.mgmt.network import NetworkManagementClient
from azure.mgmt.resource import ResourceManagementClient

url = os.environ["LAZURITE_URL"]
subscription = os.environ["AZURE_SUBSCRIPTION_ID"]
# Debian's azure-identity looks for Microsoft's instance discovery unless the tenant is called adfs.
credential = ClientSecretCredential("adfs", "client", "secret", authority=url)
options = {"base_url": url, "credential_scopes": [f"{url}/.default"]}
resources = ResourceManagementClient(credential, subscription, **options)
network = NetworkManagementClient(credential, subscription, **options)
seen = {}

resources.resource_groups.create_or_update("python", {"location": "westeurope"})
vnet = network.virtual_networks.begin_create_or_update(
    "python",
    "vnet",
    {
        "location": "westeurope",
        "address_space": {"address_prefixes": ["10.203.0.0/16"]},
        "subnets": [{"name": "default", "address_prefix": "10.203.0.0/24"}],
    },
    polling_interval=1,
).result()
seen["subnets"] = [subnet.name for subnet in vnet.subnets]
balancer_id = (
    f"/subscriptions/{subscription}/resourceGroups/python/providers/Microsoft.Network/loadBalancers/balancer"
)


def balancer(distribution):
    return {
        "location": "westeurope",
        "sku": {"name": "Standard"},
        "frontend_ip_configurations": [{"name": "frontend", "subnet": {"id": vnet.subnets[0].id}}],
        "backend_address_pools": [{"name": "pool"}],
        "probes": [{"name": "probe", "protocol": "Tcp", "port": 8080}],
        "load_balancing_rules": [
            {
                "name": "rule",
                "protocol": "Tcp",
                "frontend_port": 8080,
                "backend_port": 8080,
                "load_distribution": distribution,
                "frontend_ip_configuration": {"id": f"{balancer_id}/frontendIPConfigurations/frontend"},
                "backend_address_pool": {"id": f"{balancer_id}/backendAddressPools/pool"},
                "probe": {"id": f"{balancer_id}/probes/probe"},
            }
        ],
    }


made = network.load_balancers.begin_create_or_update(
    "python", "balancer", balancer("Default"), polling_interval=1
).result()
seen["address"] = made.frontend_ip_configurations[0].private_ip_address
seen["distribution"] = made.load_balancing_rules[0].load_distribution
again = network.load_balancers.begin_create_or_update("python", "balancer", made, polling_interval=1).result()
seen["sameEtag"] = again.etag == made.etag
changed = network.load_balancers.begin_create_or_update(
    "python", "balancer", balancer("SourceIP"), polling_interval=1
).result()
seen["changed"] = changed.load_balancing_rules[0].load_distribution
seen["list"] = [one.name for one in network.load_balancers.list("python")]
seen["everywhere"] = [one.name for one in network.load_balancers.list_all()]
network.load_balancers.begin_delete("python", "balancer", polling_interval=1).result()
seen["afterwards"] = [one.name for one in network.load_balancers.list("python")]
resources.resource_groups.begin_delete("python", polling_interval=1).result()
seen["groups"] = [one.name for one in resources.resource_groups.list()]
print(json.dumps(seen))
