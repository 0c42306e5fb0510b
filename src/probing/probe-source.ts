/** The address that Azure's probes come from, where a machine has it: in a sandbox, so that firewalls can be tested. */
import { networkInterfaces } from 'node:os';

/** https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16 */
export const azureProbeAddress = '168.63.129.16';

/** Azure's probe address if it is this machine's, for all IPv4 probes. */
export const probeSource = (): string | undefined =>
  Object.values(networkInterfaces()).some((of) => of?.some(({ address }) => address === azureProbeAddress))
    ? azureProbeAddress
    : undefined;
