/** Web and worker role deployments. Imitates "Create Deployment", "Upgrade Deployment" and their siblings. */
import { azureError } from '../../../errors/index.js';
import {
  changeCloudService,
  createCloudService,
  deleteInstances,
  setStatus,
  unreadDefinition,
} from '../../../resources/Microsoft.ClassicCompute/cloud-services.js';
import { asCloudService, checkSlotIsFree } from '../../../resources/Microsoft.ClassicCompute/deployments.js';
import { checkedExtensions } from '../../../resources/Microsoft.ClassicCompute/service-assets.js';
import type { ReservedIp, ServiceConfiguration } from '../../../resources/Microsoft.ClassicCompute/types.js';
import { unsigned } from '../../../support/secrets.js';
import { byNameAndSlot, type ClassicCall, type ClassicOperation, type ClassicReply } from '../call.js';
import {
  ChangeConfiguration,
  CreateDeployment,
  RoleInstances,
  RollbackUpdateOrUpgrade,
  UpdateDeploymentStatus,
  UpgradeDeployment,
  WalkUpgradeDomain,
} from '../contracts/deployment.js';
import {
  accept,
  addDeployment,
  certified,
  changeDeployment,
  configuredAddress,
  deploymentSlot,
  findService,
} from '../documents.js';
import { readServiceConfiguration } from '../service-model/cscfg.js';
import { readPackage } from '../service-model/package.js';
import { documentOf, listDocument } from '../xml/contract.js';
import { decodeXml } from '../xml/xml.js';

const base64 = /^[A-Za-z0-9+/\s]*={0,2}\s*$/;

/** The .cscfg within a request: base64 of UTF-8 or UTF-16. */
function configurationOf(encoded: string): { Configuration: string; configuration: ServiceConfiguration } {
  if (!base64.test(encoded)) throw azureError('ClassicIncorrectParameter');
  const configuration = readServiceConfiguration(decodeXml(Buffer.from(encoded, 'base64')));
  return { Configuration: encoded, configuration };
}

/** What is wrong with the service or the slot is said before the package is fetched. */
function checkTarget(call: ClassicCall, name: string): void {
  const slot = deploymentSlot(call.parameter('slot'));
  checkSlotIsFree(findService(call), { slot, name });
}

const notRead = "It is in Azure's Blob service, and only `--template-links any` permits to download from there.";

const outOfReach = (url: string) => azureError('ClassicPackage', { values: { url: unsigned(url), reason: notRead } });

/** Azure has no such header: here is no other place to say it in an acceptance. */
const warned = (reply: ClassicReply, url: string): ClassicReply => ({
  ...reply,
  headers: { warning: `299 lazurite "${headerText(`${outOfReach(url).message} The roles have no endpoints.`)}"` },
});

const headerText = (text: string): string => text.replace(/[^\x20-\x7e]|["\\]/g, '?');

async function create(call: ClassicCall): Promise<ClassicReply> {
  const request = call.body(documentOf(CreateDeployment));
  const { Name, Label } = request;
  const settings = configurationOf(request.Configuration);
  checkTarget(call, Name);
  const read = await readPackage(request.PackageUrl, call.packages, call.departed);
  if (!read && request.TreatWarningsAsError) throw outOfReach(request.PackageUrl);
  const definition = read ?? unreadDefinition(settings.configuration);
  const reply = await accept(call, (context) => {
    const slot = deploymentSlot(call.parameter('slot'));
    const [reservedIpName] = settings.configuration.reservedIps;
    const make = (reservedIp: ReservedIp | undefined) =>
      createCloudService(
        {
          ...settings,
          Name,
          slot,
          Label,
          definition,
          StartDeployment: request.StartDeployment ?? false,
          ExtendedProperties: request.ExtendedProperties ?? [],
          extensions: checkedExtensions(findService(call), request.ExtensionConfiguration),
          reservedIp,
        },
        context,
      );
    addDeployment(call, { slot, name: Name, reservedIpName, make });
  });
  return read ? reply : warned(reply, request.PackageUrl);
}

function changeConfiguration(call: ClassicCall): Promise<ClassicReply> {
  const { Configuration, ExtendedProperties, ExtensionConfiguration } = call.body(documentOf(ChangeConfiguration));
  const settings = configurationOf(Configuration);
  return changeDeployment(call, (deployment, context) => {
    const extensions = checkedExtensions(findService(call), ExtensionConfiguration);
    const change = { ...settings, ExtendedProperties, extensions };
    const changed = certified(call, changeCloudService(asCloudService(deployment), change, context));
    return configuredAddress(call, changed, context);
  });
}

async function upgrade(call: ClassicCall): Promise<ClassicReply> {
  const request = call.body(documentOf(UpgradeDeployment));
  const { PackageUrl, Label, ExtendedProperties } = request;
  const settings = configurationOf(request.Configuration);
  const read = await readPackage(PackageUrl, call.packages, call.departed);
  const reply = await changeDeployment(call, (deployment, context) => {
    const before = asCloudService(deployment);
    // Endpoints that are known must not vanish because their successors are not.
    if (!read && !before.definition.unread) throw outOfReach(PackageUrl);
    const definition = read ?? unreadDefinition(settings.configuration);
    const extensions = checkedExtensions(findService(call), request.ExtensionConfiguration);
    const change = { ...settings, definition, Label, ExtendedProperties, extensions };
    return configuredAddress(call, certified(call, changeCloudService(before, change, context)), context);
  });
  return read ? reply : warned(reply, PackageUrl);
}

function updateStatus(call: ClassicCall): Promise<ClassicReply> {
  const { Status } = call.body(documentOf(UpdateDeploymentStatus));
  return changeDeployment(call, (deployment) => setStatus(asCloudService(deployment), Status));
}

function removeInstances(call: ClassicCall): Promise<ClassicReply> {
  const names = call.body(listDocument('RoleInstances', RoleInstances));
  return changeDeployment(call, (deployment) => deleteInstances(asCloudService(deployment), names));
}

/** Packages are not kept, so that there is none to copy to the caller's container. */
const getPackage = (call: ClassicCall): Promise<ClassicReply> => changeDeployment(call, asCloudService);

/** Upgrades here finish at once, so that there is no domain to walk to and nothing to roll back. */
function walkUpgradeDomain(call: ClassicCall): Promise<ClassicReply> {
  call.body(documentOf(WalkUpgradeDomain));
  return changeDeployment(call, asCloudService);
}

function rollback(call: ClassicCall): Promise<ClassicReply> {
  call.body(documentOf(RollbackUpdateOrUpgrade));
  return changeDeployment(call, asCloudService);
}

const onDeployment = (operation: Pick<ClassicOperation, 'comp' | 'name' | 'handle'>): ClassicOperation[] =>
  byNameAndSlot({ ...operation, method: 'POST', path: '', since: '2009-10-01' });

export const cloudServiceOperations: readonly ClassicOperation[] = [
  {
    name: 'Create Deployment',
    method: 'POST',
    path: 'services/hostedservices/{service}/deploymentslots/{slot}',
    since: '2009-10-01',
    handle: create,
  },
  ...onDeployment({ comp: 'config', name: 'Change Deployment Configuration', handle: changeConfiguration }),
  ...onDeployment({ comp: 'upgrade', name: 'Upgrade Deployment', handle: upgrade }),
  ...onDeployment({ comp: 'status', name: 'Update Deployment Status', handle: updateStatus }),
  ...onDeployment({ comp: 'walkupgradedomain', name: 'Walk Upgrade Domain', handle: walkUpgradeDomain }),
  ...onDeployment({ comp: 'rollback', name: 'Rollback Update Or Upgrade', handle: rollback }),
  ...byNameAndSlot({
    name: 'Get Package',
    method: 'POST',
    path: '/package',
    since: '2012-03-01',
    handle: getPackage,
  }),
  ...byNameAndSlot({
    name: 'Delete Role Instances',
    method: 'POST',
    path: '/roleinstances',
    comp: 'delete',
    since: '2013-08-01',
    handle: removeInstances,
  }),
];
