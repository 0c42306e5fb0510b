/** Whether address prefixes are written as Azure wants them: CIDR notation without host bits. */
import { type AzureError, azureError } from '../../../errors.js';
import { formatIpPrefix, networkOf, parseIpPrefix } from '../../../ip-address.js';

/** What Azure refuses about one address prefix of the resource `id`. */
export function* checkAddressPrefix(prefix: string, id: string): Generator<AzureError> {
  const parsed = parseIpPrefix(prefix);
  if (!parsed) {
    yield azureError('InvalidAddressPrefixFormat', { values: { prefix, id } });
    return;
  }
  const network = networkOf(parsed);
  if (network.value !== parsed.value) {
    yield azureError('InvalidCIDRNotation', { values: { prefix, id, expected: formatIpPrefix(network) } });
  }
}
