/**
 * What a hosted service keeps for its deployments: certificates and extensions. Imitates "Operations on Service
 * Certificates", "Add Extension" and its siblings.
 */
import { azureError } from '../../../errors/index.js';
import {
  addCertificate,
  addExtension,
  deleteCertificate,
  deleteExtension,
  findCertificate,
  findExtension,
  readCertificateFile,
} from '../../../resources/Microsoft.ClassicCompute/service-assets.js';
import type { HostedService } from '../../../resources/Microsoft.ClassicCompute/types.js';
import type { ClassicCall, ClassicOperation, ClassicReply } from '../call.js';
import { Certificate, CertificateFile, Certificates, Extension, Extensions } from '../contracts/hosted-service.js';
import { accept, findService, putService } from '../documents.js';
import { documentOf, listDocument } from '../xml/contract.js';

const changeService = (call: ClassicCall, change: (service: HostedService) => HostedService): Promise<ClassicReply> =>
  accept(call, () => putService(call, change(findService(call))));

async function addServiceCertificate(call: ClassicCall): Promise<ClassicReply> {
  const certificate = await readCertificateFile(call.body(documentOf(CertificateFile)));
  return changeService(call, (service) => addCertificate(service, certificate));
}

/** The thumbprint in a path, which begins with its algorithm: SHA-1 is Azure's only one. */
function thumbprintOf(call: ClassicCall): string {
  const [, thumbprint] = /^sha1-(.*)$/i.exec(call.parameter('certificate')) ?? [];
  if (thumbprint === undefined) throw azureError('ClassicResourceNotFound');
  return thumbprint;
}

function listServiceCertificates(call: ClassicCall): ClassicReply {
  const { ServiceName, subscriptionId, certificates = [] } = findService(call);
  const url = `${call.baseUrl}/${subscriptionId}/services/hostedservices/${ServiceName}/certificates`;
  const values = certificates.map(({ thumbprint, data }) => ({
    CertificateUrl: `${url}/sha1-${thumbprint}`,
    Thumbprint: thumbprint,
    ThumbprintAlgorithm: 'sha1',
    Data: data,
  }));
  return call.reply(listDocument('Certificates', Certificates), values);
}

function getServiceCertificate(call: ClassicCall): ClassicReply {
  const { data } = findCertificate(findService(call), thumbprintOf(call));
  return call.reply(documentOf(Certificate), { Data: data });
}

function removeServiceCertificate(call: ClassicCall): Promise<ClassicReply> {
  const thumbprint = thumbprintOf(call);
  return changeService(call, (service) => deleteCertificate(service, thumbprint));
}

function createExtension(call: ClassicCall): Promise<ClassicReply> {
  const extension = call.body(documentOf(Extension));
  return changeService(call, (service) => addExtension(service, extension));
}

const removeExtension = (call: ClassicCall): Promise<ClassicReply> =>
  changeService(call, (service) => deleteExtension(service, call.parameter('extension')));

const getExtension = (call: ClassicCall): ClassicReply =>
  call.reply(documentOf(Extension), findExtension(findService(call), call.parameter('extension')));

const listExtensions = (call: ClassicCall): ClassicReply =>
  call.reply(listDocument('Extensions', Extensions), findService(call).extensions ?? []);

const certificates = 'services/hostedservices/{service}/certificates';
const extensions = 'services/hostedservices/{service}/extensions';
const certificatesSince = '2009-10-01';
const extensionsSince = '2013-03-01';

export const serviceAssetOperations: readonly ClassicOperation[] = [
  {
    name: 'Add Service Certificate',
    method: 'POST',
    path: certificates,
    since: certificatesSince,
    handle: addServiceCertificate,
  },
  {
    name: 'List Service Certificates',
    method: 'GET',
    path: certificates,
    since: certificatesSince,
    handle: listServiceCertificates,
  },
  {
    name: 'Get Service Certificate',
    method: 'GET',
    path: `${certificates}/{certificate}`,
    since: certificatesSince,
    handle: getServiceCertificate,
  },
  {
    name: 'Delete Service Certificate',
    method: 'DELETE',
    path: `${certificates}/{certificate}`,
    since: certificatesSince,
    handle: removeServiceCertificate,
  },
  { name: 'Add Extension', method: 'POST', path: extensions, since: extensionsSince, handle: createExtension },
  { name: 'List Extensions', method: 'GET', path: extensions, since: extensionsSince, handle: listExtensions },
  {
    name: 'Get Extension',
    method: 'GET',
    path: `${extensions}/{extension}`,
    since: extensionsSince,
    handle: getExtension,
  },
  {
    name: 'Delete Extension',
    method: 'DELETE',
    path: `${extensions}/{extension}`,
    since: extensionsSince,
    handle: removeExtension,
  },
];
