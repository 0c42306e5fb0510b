/**
 * Certificates of a hosted service, which its roles name by thumbprint, and extensions, which its deployments use by their
 * Id; nothing runs them. Imitates "Add Service Certificate", "Delete Service Certificate", "Add Extension", "Delete
 * Extension", and what Azure refuses of a deployment whose certificates or extensions are missing.
 */
import { createHash, X509Certificate } from 'node:crypto';
import { azureError } from '../../errors/index.js';
import { Pkcs12Error, readPkcs12 } from '../../support/pkcs12.js';
import { sameName } from './endpoints.js';
import type {
  Deployment,
  ExtensionConfiguration,
  HostedService,
  ServiceCertificate,
  ServiceExtension,
} from './types.js';

export interface CertificateFile {
  /** The file in base64. */
  readonly Data: string;
  readonly CertificateFormat?: 'pfx' | 'cer' | undefined;
  readonly Password?: string | undefined;
}

const unreadable = (reason: string) => azureError('ClassicCertificate', { values: { reason } });

function encodedCertificate(file: Buffer): Buffer {
  try {
    return new X509Certificate(file).raw;
  } catch {
    throw unreadable('It is no X.509 certificate in DER or PEM.');
  }
}

async function archivedCertificate(file: Buffer, password: string): Promise<Buffer> {
  try {
    return await readPkcs12(file, password);
  } catch (error) {
    if (error instanceof Pkcs12Error)
      throw unreadable(`It is no PKCS #12 archive that can be opened: ${error.message}.`);
    throw error;
  }
}

/** The certificate in an uploaded file; of a .pfx, the private key is not kept. */
export async function readCertificateFile(file: CertificateFile): Promise<ServiceCertificate> {
  const { CertificateFormat = 'pfx', Password = '' } = file;
  const data = file.Data.replace(/\s/g, '');
  const bytes = Buffer.from(data, 'base64');
  if (bytes.length === 0 || bytes.toString('base64') !== data) throw azureError('ClassicIncorrectParameter');
  const read = CertificateFormat === 'cer' ? bytes : await archivedCertificate(bytes, Password);
  const der = encodedCertificate(read);
  return { thumbprint: createHash('sha1').update(der).digest('hex').toUpperCase(), data: der.toString('base64') };
}

/** The certificate of `service` with this thumbprint. */
export function findCertificate({ certificates = [] }: HostedService, thumbprint: string): ServiceCertificate {
  const certificate = certificates.find((one) => sameName(one.thumbprint, thumbprint));
  if (!certificate) throw azureError('ClassicResourceNotFound');
  return certificate;
}

/** The service with the certificate; one that it has already stays as it is. */
export const addCertificate = (service: HostedService, certificate: ServiceCertificate): HostedService => ({
  ...service,
  certificates: [
    ...(service.certificates ?? []).filter(({ thumbprint }) => thumbprint !== certificate.thumbprint),
    certificate,
  ],
});

/** What a machine is provisioned with is without effect here, and so are the certificates that it names. */
const thumbprintsOf = (deployment: Deployment): readonly string[] =>
  deployment.kind === 'cloudService' ? (deployment.configuration.thumbprints ?? []) : [];

/** The service without the certificate; refused while the configuration of a deployment names it. */
export function deleteCertificate(service: HostedService, thumbprint: string): HostedService {
  const gone = findCertificate(service, thumbprint);
  const user = service.deployments.find((deployment) =>
    thumbprintsOf(deployment).some((used) => sameName(used, gone.thumbprint)),
  );
  if (user) {
    const values = { what: `certificate ${gone.thumbprint}`, deployment: user.Name };
    throw azureError('ClassicInUse', { values });
  }
  return { ...service, certificates: service.certificates?.filter((certificate) => certificate !== gone) };
}

/** Refuses a deployment that names a certificate which the service does not have. */
export function checkCertificates({ certificates = [] }: HostedService, deployment: Deployment): void {
  for (const thumbprint of thumbprintsOf(deployment)) {
    if (!certificates.some((one) => sameName(one.thumbprint, thumbprint)))
      throw azureError('ClassicCertificateNotFound', { values: { thumbprint } });
  }
}

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
