/**
 * Finds the service definition in what PackageUrl points to: a .cspkg (a zip whose .csdx, another zip, holds the
 * .csdef), a .csdx, or the .csdef itself as a short cut. Imitates the package format of the Azure SDK's CSPack tool.
 */
import { AzureError, azureError } from '../../errors.js';
import type { ServiceDefinition } from '../../resources/Microsoft.ClassicCompute/types.js';
import { readXml } from '../xml/reader.js';
import { readServiceDefinition } from './csdef.js';
import { readZip, type ZipFiles } from './zip.js';

/** Fetches what a PackageUrl points to. Azure reads blob storage; Lazurite any http(s) or file URL. */
export type PackageSource = (url: string) => Promise<Buffer>;

const textOf = (data: Buffer): string => data.toString('utf8').replace(/^\uFEFF/, '');

/** The file that the archive's relationships call the service description, or the first one with the ending. */
function describedFile(files: ZipFiles, ending: string): Buffer | undefined {
  const relationships = files.get('_rels/.rels');
  if (relationships) {
    const entry = readXml(textOf(relationships())).children.find(
      ({ attributes }) => attributes.get('Id') === 'SERVICEDESCRIPTION',
    );
    const target = entry?.attributes.get('Target')?.replace(/^\//, '');
    const file = target === undefined ? undefined : files.get(target);
    if (file) return file();
  }
  for (const [name, file] of files) if (name.toLowerCase().endsWith(ending)) return file();
  return undefined;
}

function definitionText(data: Buffer): string | undefined {
  const outer = readZip(data);
  // A zip that is cut off is no definition either.
  if (!outer) return data.toString('latin1', 0, 2) === 'PK' ? undefined : textOf(data);
  const description = describedFile(outer, '.csdx') ?? describedFile(outer, '.csdef');
  if (!description) return undefined;
  const inner = readZip(description);
  if (!inner) return textOf(description);
  const definition = describedFile(inner, '.csdef');
  return definition && textOf(definition);
}

const refused = (url: string, reason: string) => azureError('ClassicPackage', { values: { url, reason } });

/** The service definition in the package at `url`. */
export async function readPackage(url: string, source: PackageSource): Promise<ServiceDefinition> {
  let text: string | undefined;
  try {
    text = definitionText(await source(url));
  } catch (error) {
    if (error instanceof AzureError && error.key === 'ClassicPackage') throw error;
    throw refused(url, error instanceof Error ? error.message : String(error));
  }
  if (text === undefined) throw refused(url, 'It contains no service definition (.csdef).');
  return readServiceDefinition(text);
}
