package main

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/arm"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/network/armnetwork/v9"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/resources/armresources"
)

const (
	url      = "https://localhost:4567"
	group    = "go"
	location = "westeurope"
)

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}

func main() {
	ctx := context.Background()
	subscription := os.Getenv("AZURE_SUBSCRIPTION_ID")
	options := policy.ClientOptions{Cloud: cloud.Configuration{
		ActiveDirectoryAuthorityHost: url,
		Services: map[cloud.ServiceName]cloud.ServiceConfiguration{
			cloud.ResourceManager: {Endpoint: url, Audience: url},
		},
	}}
	credential := must(azidentity.NewClientSecretCredential(
		os.Getenv("ARM_TENANT_ID"), os.Getenv("ARM_CLIENT_ID"), os.Getenv("ARM_CLIENT_SECRET"),
		&azidentity.ClientSecretCredentialOptions{ClientOptions: options, DisableInstanceDiscovery: true}))
	armOptions := &arm.ClientOptions{ClientOptions: options}
	groups := must(armresources.NewResourceGroupsClient(subscription, credential, armOptions))
	network := must(armnetwork.NewClientFactory(subscription, credential, armOptions))

	must(groups.CreateOrUpdate(ctx, group, armresources.ResourceGroup{Location: to.Ptr(location)}, nil))
	vnet := must(must(network.NewVirtualNetworksClient().BeginCreateOrUpdate(ctx, group, "net", armnetwork.VirtualNetwork{
		Location: to.Ptr(location),
		Properties: &armnetwork.VirtualNetworkPropertiesFormat{
			AddressSpace: &armnetwork.AddressSpace{AddressPrefixes: []*string{to.Ptr("10.0.0.0/24")}},
		},
	}, nil)).PollUntilDone(ctx, nil))
	ip := must(must(network.NewPublicIPAddressesClient().BeginCreateOrUpdate(ctx, group, "ip", armnetwork.PublicIPAddress{
		Location: to.Ptr(location),
		SKU:      &armnetwork.PublicIPAddressSKU{Name: to.Ptr(armnetwork.PublicIPAddressSKUNameStandard)},
		Properties: &armnetwork.PublicIPAddressPropertiesFormat{
			PublicIPAllocationMethod: to.Ptr(armnetwork.IPAllocationMethodStatic),
		},
	}, nil)).PollUntilDone(ctx, nil))

	var machines []*armnetwork.LoadBalancerBackendAddress
	for _, address := range []string{"10.0.0.4", "10.0.0.5"} {
		machines = append(machines, &armnetwork.LoadBalancerBackendAddress{
			Name: to.Ptr(address),
			Properties: &armnetwork.LoadBalancerBackendAddressPropertiesFormat{
				IPAddress:      to.Ptr(address),
				VirtualNetwork: &armnetwork.SubResource{ID: vnet.ID},
			},
		})
	}
	id := fmt.Sprintf("/subscriptions/%s/resourceGroups/%s/providers/Microsoft.Network/loadBalancers/lb", subscription, group)
	child := func(path string) *armnetwork.SubResource { return &armnetwork.SubResource{ID: to.Ptr(id + path)} }
	must(must(network.NewLoadBalancersClient().BeginCreateOrUpdate(ctx, group, "lb", armnetwork.LoadBalancer{
		Location: to.Ptr(location),
		SKU:      &armnetwork.LoadBalancerSKU{Name: to.Ptr(armnetwork.LoadBalancerSKUNameStandard)},
		Properties: &armnetwork.LoadBalancerPropertiesFormat{
			FrontendIPConfigurations: []*armnetwork.FrontendIPConfiguration{{
				Name: to.Ptr("front"),
				Properties: &armnetwork.FrontendIPConfigurationPropertiesFormat{
					PublicIPAddress: &armnetwork.PublicIPAddress{ID: ip.ID},
				},
			}},
			BackendAddressPools: []*armnetwork.BackendAddressPool{{
				Name:       to.Ptr("pool"),
				Properties: &armnetwork.BackendAddressPoolPropertiesFormat{LoadBalancerBackendAddresses: machines},
			}},
			Probes: []*armnetwork.Probe{{
				Name: to.Ptr("health"),
				Properties: &armnetwork.ProbePropertiesFormat{
					Protocol:          to.Ptr(armnetwork.ProbeProtocolHTTP),
					Port:              to.Ptr[int32](8080),
					RequestPath:       to.Ptr("/health"),
					IntervalInSeconds: to.Ptr[int32](5),
				},
			}},
			LoadBalancingRules: []*armnetwork.LoadBalancingRule{{
				Name: to.Ptr("web"),
				Properties: &armnetwork.LoadBalancingRulePropertiesFormat{
					Protocol:                to.Ptr(armnetwork.TransportProtocolTCP),
					FrontendPort:            to.Ptr[int32](8080),
					BackendPort:             to.Ptr[int32](8080),
					FrontendIPConfiguration: child("/frontendIPConfigurations/front"),
					BackendAddressPool:      child("/backendAddressPools/pool"),
					Probe:                   child("/probes/health"),
				},
			}},
		},
	}, nil)).PollUntilDone(ctx, nil))
	fmt.Printf("http://%s:8080/\n", *ip.Properties.IPAddress)
}
