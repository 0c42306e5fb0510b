/**
 * Extensions of a hosted service, which its deployments use by their Id. They are kept and shown; nothing runs them.
 * Imitates "Add Extension", "Delete Extension" and the element ExtensionConfiguration of "Create Deployment".
 */
import { azureError } from '../../errors/index.js';
import { sameName } from './endpoints.js';
import type { ExtensionConfiguration, HostedService, ServiceExtension } from './types.js';

/** The extension of `service` called `id`. */
export function findExtension({ extensions = [] }: HostedService, id: string): ServiceExtension {
  const extension = extensions.find(({ Id }) => sameName(Id, id));
  if (!extension) throw azureError('ClassicResourceNotFound');
  return extension;
}

/** The service with one more extension. */
export function addExtension(service: HostedService, extension: ServiceExtension): HostedService {
  const { extensions = [] } = service;
  if (extensions.some(({ Id }) => sameName(Id, extension.Id)))
    throw azureError('ClassicNameTaken', { values: { name: extension.Id } });
  return { ...service, extensions: [...extensions, extension] };
}

const usesOf = ({ AllRoles = [], NamedRoles = [] }: ExtensionConfiguration) => [
  ...AllRoles,
  ...NamedRoles.flatMap(({ Extensions = [] }) => Extensions),
];

/** The service without the extension; refused while a deployment has it installed. */
export function deleteExtension(service: HostedService, id: string): HostedService {
  const gone = findExtension(service, id);
  for (const deployment of service.deployments) {
    const uses = deployment.kind === 'cloudService' ? usesOf(deployment.extensions ?? {}) : [];
    const inUse = uses.some(({ Id, State }) => sameName(Id, gone.Id) && !sameName(State, 'Uninstall'));
    if (inUse)
      throw azureError('ClassicInUse', { values: { what: `extension ${gone.Id}`, deployment: deployment.Name } });
  }
  return { ...service, extensions: service.extensions?.filter((extension) => extension !== gone) };
}

/** `configuration`, whose extensions are all the service's. */
export function checkedExtensions(
  service: HostedService,
  configuration: ExtensionConfiguration | undefined,
): ExtensionConfiguration | undefined {
  for (const { Id } of configuration ? usesOf(configuration) : []) {
    if (!service.extensions?.some((extension) => sameName(extension.Id, Id)))
      throw azureError('ClassicExtensionNotFound', { values: { id: Id } });
  }
  return configuration;
}
