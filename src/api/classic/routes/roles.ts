/** Virtual machines and what can be done to running ones. Imitates "Operations on Virtual Machines". */
import { azureError } from '../../../errors/index.js';
import { asCloudService, asVmDeployment, setPower } from '../../../resources/Microsoft.ClassicCompute/deployments.js';
import { checkPublicIp, sameName } from '../../../resources/Microsoft.ClassicCompute/endpoints.js';
import type { Deployment, VmDeployment } from '../../../resources/Microsoft.ClassicCompute/types.js';
import {
  addDataDisk,
  addRole,
  deleteDataDisk,
  deleteRole,
  findDataDisk,
  findRole,
  type NetworkRequest,
  updateDataDisk,
  updateRole,
  type VmRoleRequest,
} from '../../../resources/Microsoft.ClassicCompute/vm-roles.js';
import { byNameAndSlot, type ClassicCall, type ClassicOperation, type ClassicReply } from '../call.js';
import {
  CaptureRoleAsVmImageOperation,
  CaptureRoleOperation,
  DataVirtualHardDisk,
  PerformMaintenanceOnRoleOperation,
  PersistentVmRole,
  RedeployRoleOperation,
  RestartRoleOperation,
  ShutdownRoleOperation,
  ShutdownRolesOperation,
  StartRoleOperation,
  StartRolesOperation,
} from '../contracts/role.js';
import { changeDeployment, changeDeploymentAtOnce, readDeployment } from '../documents.js';
import { since } from '../fixed-lists.js';
import { instanceValue, roleDocument } from '../render/role.js';
import { documentOf, type ValueOf } from '../xml/contract.js';
import { readXml } from '../xml/xml.js';

type RoleBody = ValueOf<typeof PersistentVmRole>;
type ConfigurationSets = NonNullable<RoleBody['ConfigurationSets']>;

/** The network set; clients leave `i:type` out, so ConfigurationSetType tells the sets apart. */
function networkOf(sets: ConfigurationSets): NetworkRequest {
  const set = sets.find(({ ConfigurationSetType }) => ConfigurationSetType.toLowerCase() === 'networkconfiguration');
  return {
    InputEndpoints: set?.InputEndpoints ?? [],
    SubnetNames: set?.SubnetNames ?? [],
    StaticVirtualNetworkIPAddress: set?.StaticVirtualNetworkIPAddress,
    PublicIPs: (set?.PublicIPs ?? []).map(checkPublicIp),
  };
}

function operatingSystemOf(sets: ConfigurationSets): 'Windows' | 'Linux' | undefined {
  const types = sets.map(({ ConfigurationSetType }) => ConfigurationSetType.toLowerCase());
  if (types.includes('windowsprovisioningconfiguration')) return 'Windows';
  return types.includes('linuxprovisioningconfiguration') ? 'Linux' : undefined;
}

/** The role of a request; `name` is the path's, when the request may leave its own out. */
export function roleRequest(body: RoleBody, name = body.RoleName): VmRoleRequest {
  if (name === undefined) throw azureError('ClassicMalformedElement', { values: { type: 'Role' } });
  const sets = body.ConfigurationSets;
  return {
    RoleName: name,
    network: sets && networkOf(sets),
    operatingSystem: sets && operatingSystemOf(sets),
    settings: {
      RoleSize: body.RoleSize,
      AvailabilitySetName: body.AvailabilitySetName,
      ProvisionGuestAgent: body.ProvisionGuestAgent,
      VMImageName: body.VMImageName,
      ResourceExtensionReferences: body.ResourceExtensionReferences,
      DataVirtualHardDisks: body.DataVirtualHardDisks,
      OSVirtualHardDisk: body.OSVirtualHardDisk,
    },
  };
}

const changeVms = (
  call: ClassicCall,
  change: (deployment: VmDeployment) => Deployment | undefined,
): Promise<ClassicReply> => changeDeployment(call, (deployment) => change(asVmDeployment(deployment)));

function add(call: ClassicCall): Promise<ClassicReply> {
  const request = roleRequest(call.body(documentOf(PersistentVmRole, 'Role')));
  return changeDeployment(call, (deployment, context) => addRole(asVmDeployment(deployment), request, context));
}

function get(call: ClassicCall): ClassicReply {
  const deployment = asVmDeployment(readDeployment(call).deployment);
  const role = findRole(deployment, call.parameter('role'));
  return call.reply(documentOf(PersistentVmRole), roleDocument(deployment, role));
}

function update(call: ClassicCall): Promise<ClassicReply> {
  const request = roleRequest(call.body(documentOf(PersistentVmRole, 'Role')), call.parameter('role'));
  return changeDeployment(call, (deployment, context) => updateRole(asVmDeployment(deployment), request, context));
}

const remove = (call: ClassicCall): Promise<ClassicReply> =>
  changeVms(call, (deployment) => deleteRole(deployment, call.parameter('role')));

const lunOf = (call: ClassicCall): number => Number(call.parameter('lun'));

function getDataDisk(call: ClassicCall): ClassicReply {
  const role = findRole(asVmDeployment(readDeployment(call).deployment), call.parameter('role'));
  return call.reply(documentOf(DataVirtualHardDisk), findDataDisk(role, lunOf(call)));
}

function createDataDisk(call: ClassicCall): Promise<ClassicReply> {
  const change = { role: call.parameter('role'), disk: call.body(documentOf(DataVirtualHardDisk)) };
  return changeDeployment(call, (deployment, context) => addDataDisk(asVmDeployment(deployment), change, context));
}

function changeDataDisk(call: ClassicCall): Promise<ClassicReply> {
  const disk = call.body(documentOf(DataVirtualHardDisk));
  const change = { role: call.parameter('role'), lun: lunOf(call), disk };
  return changeDeploymentAtOnce(call, (deployment) => updateDataDisk(asVmDeployment(deployment), change));
}

const removeDataDisk = (call: ClassicCall): Promise<ClassicReply> =>
  changeVms(call, (deployment) => deleteDataDisk(deployment, { role: call.parameter('role'), lun: lunOf(call) }));

/** What a role operation's body asks for; its root element says which operation it is. */
function change(call: ClassicCall): (deployment: VmDeployment) => Deployment | undefined {
  const instance = call.parameter('instance');
  const roles = [instance];
  // Recorded: the only machine can be captured and deleted; its deployment goes with it.
  const gone = (deployment: VmDeployment) => {
    findRole(deployment, instance);
    return deployment.roles.length === 1 ? undefined : deleteRole(deployment, instance);
  };
  switch (readXml(call.bodyText).name) {
    case 'StartRoleOperation':
      call.body(documentOf(StartRoleOperation));
      return (deployment) => setPower(deployment, roles, 'Started');
    case 'RestartRoleOperation':
      call.body(documentOf(RestartRoleOperation));
      return (deployment) => setPower(deployment, roles, 'Started');
    // To another host, or after its maintenance: the machine starts again.
    case 'RedeployRoleOperation':
      call.body(documentOf(RedeployRoleOperation));
      return (deployment) => setPower(deployment, roles, 'Started');
    case 'PerformMaintenanceOnRoleOperation':
      call.body(documentOf(PerformMaintenanceOnRoleOperation));
      return (deployment) => setPower(deployment, roles, 'Started');
    case 'ShutdownRoleOperation': {
      const { PostShutdownAction = 'Stopped' } = call.body(documentOf(ShutdownRoleOperation));
      return (deployment) => setPower(deployment, roles, PostShutdownAction);
    }
    case 'CaptureRoleOperation': {
      const { PostCaptureAction } = call.body(documentOf(CaptureRoleOperation));
      return PostCaptureAction === 'Delete' ? gone : (deployment) => deployment;
    }
    case 'CaptureRoleAsVMImageOperation': {
      const { OSState } = call.body(documentOf(CaptureRoleAsVmImageOperation));
      return OSState === 'Generalized' ? gone : (deployment) => deployment;
    }
    default:
      throw azureError('ClassicMalformedElement', { values: { type: 'RoleOperation' } });
  }
}

function changeSeveral(call: ClassicCall): (deployment: VmDeployment) => Deployment {
  if (readXml(call.bodyText).name === 'StartRolesOperation') {
    const { Roles = [] } = call.body(documentOf(StartRolesOperation));
    return (deployment) => setPower(deployment, Roles, 'Started');
  }
  const { Roles = [], PostShutdownAction = 'Stopped' } = call.body(documentOf(ShutdownRolesOperation));
  return (deployment) => setPower(deployment, Roles, PostShutdownAction);
}

function findInstance(deployment: Deployment, name: string) {
  const instance = deployment.instances.find(({ InstanceName }) => sameName(InstanceName, name));
  if (!instance) throw azureError('ClassicRoleNotFound', { values: { role: name } });
  return instance;
}

/** Reboot, reimage, rebuild: the instance exists and comes back as it was. */
function restartInstance(call: ClassicCall): Promise<ClassicReply> {
  return changeDeployment(call, (deployment) => {
    findInstance(deployment, call.parameter('instance'));
    return asCloudService(deployment);
  });
}

/** A file that Remote Desktop opens: the public end of the machine's port 3389. */
function remoteDesktopFile(call: ClassicCall): ClassicReply {
  if (call.query.get('filetype')?.toLowerCase() !== 'rdp') throw azureError('ClassicInvalidQueryParameter');
  const { service, deployment } = readDeployment(call);
  const instance = findInstance(deployment, call.parameter('instance'));
  const endpoints = instanceValue({ service, deployment }, instance).InstanceEndpoints ?? [];
  const port = endpoints.find(({ LocalPort, Protocol }) => LocalPort === 3389 && Protocol === 'tcp')?.PublicPort;
  if (port === undefined) throw azureError('ClassicNoRemoteDesktop');
  const lines = [
    `full address:s:${service.ServiceName.toLowerCase()}.cloudapp.net:${port}`,
    'prompt for credentials:i:1',
    '',
  ];
  return { status: 200, body: lines.join('\r\n'), headers: { 'content-type': 'application/x-rdp' } };
}

const roles = 'services/hostedservices/{service}/deployments/{deployment}/roles';
const instances = 'services/hostedservices/{service}/deployments/{deployment}/roleinstances';
const dataDisks = `${roles}/{role}/DataDisks`;
const vms = since.virtualMachines;

export const roleOperations: readonly ClassicOperation[] = [
  { name: 'Add Role', method: 'POST', path: roles, since: vms, handle: add },
  { name: 'Get Role', method: 'GET', path: `${roles}/{role}`, since: vms, handle: get },
  { name: 'Update Role', method: 'PUT', path: `${roles}/{role}`, since: vms, handle: update },
  {
    name: 'Delete Role',
    method: 'DELETE',
    path: `${roles}/{role}`,
    mediaOption: true,
    since: vms,
    handle: remove,
  },
  { name: 'Add Data Disk', method: 'POST', path: dataDisks, since: vms, handle: createDataDisk },
  { name: 'Get Data Disk', method: 'GET', path: `${dataDisks}/{lun}`, since: vms, handle: getDataDisk },
  { name: 'Update Data Disk', method: 'PUT', path: `${dataDisks}/{lun}`, since: vms, handle: changeDataDisk },
  {
    name: 'Delete Data Disk',
    method: 'DELETE',
    path: `${dataDisks}/{lun}`,
    mediaOption: true,
    since: vms,
    handle: removeDataDisk,
  },
  {
    name: 'Start, Restart, Shutdown or Capture Role',
    method: 'POST',
    path: `${instances}/{instance}/Operations`,
    since: vms,
    handle: (call) => changeVms(call, change(call)),
  },
  ...byNameAndSlot({
    name: 'Download RDP File',
    method: 'GET',
    path: '/roleinstances/{instance}/ModelFile',
    since: '2009-10-01',
    handle: remoteDesktopFile,
  }),
  {
    name: 'Start or Shutdown Roles',
    method: 'POST',
    path: `${roles}/Operations`,
    since: '2013-08-01',
    handle: (call) => changeVms(call, changeSeveral(call)),
  },
  ...['reboot', 'reimage', 'rebuild'].flatMap((comp) =>
    byNameAndSlot({
      name: `${comp[0]?.toUpperCase()}${comp.slice(1)} Role Instance`,
      method: 'POST',
      path: '/roleinstances/{instance}',
      comp,
      since: '2010-10-28',
      handle: restartInstance,
    }),
  ),
];
