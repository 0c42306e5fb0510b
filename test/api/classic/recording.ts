/** Reading recordings of the real service, and comparing an answer with a recorded one. */
import { readFileSync } from 'node:fs';
import { readXml, type XmlElement } from '../../../src/api/classic/xml/xml.js';

type Headers = Readonly<Record<string, string | readonly string[]>>;

export interface Interaction {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly requestHeaders?: Headers;
  readonly requestBody?: string;
  readonly status: number;
  readonly responseHeaders: Headers;
  readonly responseBody?: string;
}

/** The interactions of one recording, in the file's order. */
export const readRecording = (file: string): Interaction[] =>
  (JSON.parse(readFileSync(file, 'utf8')) as { interactions: Interaction[] }).interactions;

/** One header's value, whatever its casing and however many parts it was recorded in. */
export function header(headers: Headers | undefined, name: string): string | undefined {
  for (const [key, value] of Object.entries(headers ?? {})) {
    if (key.toLowerCase() === name) return typeof value === 'string' ? value : value.join(' ');
  }
  return undefined;
}

/** When Azure answered, in milliseconds; recordings have whole seconds. */
export const answeredAt = (interaction: Interaction): number =>
  Date.parse(header(interaction.responseHeaders, 'date') ?? '');

/** What a machine's boot, its agent and the platform's own maintenance put into answers. */
const removed = new Set([
  'GuestAgentStatus',
  'HostName',
  'RemoteAccessCertificateThumbprint',
  'PersistentVMDowntime',
  'MaintenanceStatus',
  'ResourceExtensionStatusList',
  'UpgradeStatus',
]);

/** Values that Azure makes up: only their presence compares. */
const madeUp = new Set([
  'PrivateID',
  'IpAddress',
  'Vip',
  'Address',
  'Id',
  'Url',
  'CreatedTime',
  'LastModifiedTime',
  'DateCreated',
  'DateLastModified',
  'InternalDnsSuffix',
  'DiskName',
  'OsVersion',
  'SdkVersion',
  // What a machine says about its start.
  'InstanceStateDetails',
]);

/** Which regions and sizes there are is the subscription's; one of each stands for all. */
const lists = new Set([
  'Locations',
  'AvailableServices',
  'WebWorkerRoleSizes',
  'VirtualMachinesRoleSizes',
  'StorageAccountTypes',
]);

/** States that last; the others are on the way, and here nothing takes time. */
const lasting = new Set(['ReadyRole/Started', 'StoppedVM/Stopped', 'StoppedDeallocated/Stopped']);
const states = new Set(['InstanceStatus', 'PowerState']);

const stateOf = (instance: XmlElement): string =>
  instance.children
    .filter(({ name }) => states.has(name))
    .map(({ text }) => text)
    .join('/');

/** A .cscfg as XML: how Azure breaks its lines changed between two answers of one recording. */
function sameConfiguration(recorded: string, actual: string): boolean {
  const [expected, got] = [recorded, actual].map((base64) => readXml(Buffer.from(base64, 'base64').toString('utf8')));
  return differenceOf(expected as XmlElement, got as XmlElement) === undefined;
}

function differenceOfText(recorded: XmlElement, actual: XmlElement, path: string): string | undefined {
  const [expected, got] = [recorded.text.trim(), actual.text.trim()];
  if (expected === got || madeUp.has(recorded.name)) return undefined;
  if (states.has(recorded.name) || expected.endsWith('Transitioning')) return undefined;
  if (recorded.name === 'Configuration' && sameConfiguration(expected, got)) return undefined;
  return `${path}: recorded ${JSON.stringify(expected.slice(0, 80))}, got ${JSON.stringify(got.slice(0, 80))}`;
}

/** The first difference between two elements, or undefined. Order of children counts. */
export function differenceOf(recorded: XmlElement, actual: XmlElement, path = recorded.name): string | undefined {
  const visible = (element: XmlElement) => element.children.filter(({ name }) => !removed.has(name));
  const [expected, got] = [visible(recorded), visible(actual)];
  const type = (element: XmlElement) => element.attributes.get('i:type') ?? element.attributes.get('i:nil');
  if (type(recorded) !== type(actual)) return `${path}: recorded ${type(recorded)}, got ${type(actual)}`;
  if (lists.has(recorded.name)) {
    const nameOf = (element: XmlElement | undefined) => element?.children.find(({ name }) => name === 'Name')?.text;
    const [one] = expected;
    const other = got.find((candidate) => nameOf(candidate) === nameOf(one));
    return one && other && one.children.length > 0 ? differenceOf(one, other, `${path}/${one.name}`) : undefined;
  }
  if (expected.length === 0 && got.length === 0) return differenceOfText(recorded, actual, path);
  if (recorded.name === 'RoleInstance' && lasting.has(stateOf(recorded)) && stateOf(recorded) !== stateOf(actual)) {
    return `${path}: recorded ${stateOf(recorded)}, got ${stateOf(actual)}`;
  }
  const names = (children: XmlElement[]) => children.map(({ name }) => name).join(' ');
  if (names(expected) !== names(got)) return `${path}: recorded <${names(expected)}>, got <${names(got)}>`;
  for (const [index, child] of expected.entries()) {
    const found = differenceOf(child, got[index] as XmlElement, `${path}/${child.name}`);
    if (found !== undefined) return found;
  }
  return undefined;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

function differenceOfHeaders(recorded: Headers, actual: Headers): string | undefined {
  for (const name of ['cache-control', 'content-type', 'location']) {
    const [expected, got] = [header(recorded, name), header(actual, name)];
    if (expected !== got) return `header ${name}: recorded ${expected}, got ${got}`;
  }
  for (const name of ['server', 'x-ms-servedbyregion', 'date']) {
    if (header(actual, name) === undefined) return `header ${name}: missing`;
  }
  const requestId = header(actual, 'x-ms-request-id') ?? '';
  return /^[0-9a-f]{32}$/.test(requestId) ? undefined : `header x-ms-request-id: ${requestId}`;
}

/** The first difference between a recorded answer and one of ours, or undefined. */
export function differenceOfAnswer(recorded: Interaction, actual: Answer): string | undefined {
  if (recorded.status !== actual.status)
    return `status: recorded ${recorded.status}, got ${actual.status} ${actual.body}`;
  const inHeaders = differenceOfHeaders(recorded.responseHeaders, actual.headers);
  if (inHeaders !== undefined) return inHeaders;
  const expected = recorded.responseBody ?? '';
  if (expected === '' || actual.body === '') {
    return expected === actual.body
      ? undefined
      : `body: recorded ${expected.length} characters, got ${actual.body.length}`;
  }
  return differenceOf(readXml(expected), readXml(actual.body));
}
