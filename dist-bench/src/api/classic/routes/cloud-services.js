/** Web and worker role deployments. Imitates "Create Deployment", "Upgrade Deployment" and their siblings. */
import { azureError } from '../../../errors/index.js';
import { changeCloudService, createCloudService, deleteInstances, setStatus, } from '../../../resources/Microsoft.ClassicCompute/cloud-services.js';
import { asCloudService, checkSlotIsFree } from '../../../resources/Microsoft.ClassicCompute/deployments.js';
import { byNameAndSlot } from '../call.js';
import { ChangeConfiguration, CreateDeployment, RoleInstances, UpdateDeploymentStatus, UpgradeDeployment, } from '../contracts/deployment.js';
import { accept, addDeployment, changeDeployment, findService, slotOf } from '../documents.js';
import { readServiceConfiguration } from '../service-model/cscfg.js';
import { readPackage } from '../service-model/package.js';
import { documentOf, listDocument } from '../xml/contract.js';
import { decodeXml } from '../xml/xml.js';
const base64 = /^[A-Za-z0-9+/\s]*={0,2}\s*$/;
/** The .cscfg within a request: base64 of UTF-8 or UTF-16. */
function configurationOf(encoded) {
    if (!base64.test(encoded))
        throw azureError('ClassicIncorrectParameter');
    const configuration = readServiceConfiguration(decodeXml(Buffer.from(encoded, 'base64')));
    return { Configuration: encoded, configuration };
}
/** What is wrong with the service or the slot is said before the package is fetched. */
function checkTarget(call, name) {
    const slot = slotOf(call.parameter('slot'));
    checkSlotIsFree(findService(call), { slot, name });
}
async function create(call) {
    const request = call.body(documentOf(CreateDeployment));
    const { Name, Label } = request;
    const settings = configurationOf(request.Configuration);
    checkTarget(call, Name);
    const definition = await readPackage(request.PackageUrl, call.packages, call.departed);
    return accept(call, (context) => {
        const slot = slotOf(call.parameter('slot'));
        const [reservedIpName] = settings.configuration.reservedIps;
        const make = (reservedIp) => createCloudService({
            ...settings,
            Name,
            slot,
            Label,
            definition,
            StartDeployment: request.StartDeployment ?? false,
            ExtendedProperties: request.ExtendedProperties ?? [],
            reservedIp,
        }, context);
        addDeployment(call, { slot, name: Name, reservedIpName, make });
    });
}
function changeConfiguration(call) {
    const settings = configurationOf(call.body(documentOf(ChangeConfiguration)).Configuration);
    return changeDeployment(call, (deployment, context) => changeCloudService(asCloudService(deployment), settings, context));
}
async function upgrade(call) {
    const { PackageUrl, Label, Configuration } = call.body(documentOf(UpgradeDeployment));
    const settings = configurationOf(Configuration);
    const definition = await readPackage(PackageUrl, call.packages, call.departed);
    return changeDeployment(call, (deployment, context) => changeCloudService(asCloudService(deployment), { ...settings, definition, Label }, context));
}
function updateStatus(call) {
    const { Status } = call.body(documentOf(UpdateDeploymentStatus));
    return changeDeployment(call, (deployment) => setStatus(asCloudService(deployment), Status));
}
function removeInstances(call) {
    const names = call.body(listDocument('RoleInstances', RoleInstances));
    return changeDeployment(call, (deployment) => deleteInstances(asCloudService(deployment), names));
}
/** Upgrades here finish at once, so there is no domain to walk to and nothing to roll back; packages are not kept. */
const acceptOnly = (call) => changeDeployment(call, (deployment) => asCloudService(deployment));
const onDeployment = (operation) => byNameAndSlot({ ...operation, method: 'POST', path: '', since: '2009-10-01' });
export const cloudServiceOperations = [
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
    ...onDeployment({ comp: 'walkupgradedomain', name: 'Walk Upgrade Domain', handle: acceptOnly }),
    ...onDeployment({ comp: 'rollback', name: 'Rollback Update Or Upgrade', handle: acceptOnly }),
    ...byNameAndSlot({
        name: 'Get Package',
        method: 'POST',
        path: '/package',
        since: '2012-03-01',
        handle: acceptOnly,
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
//# sourceMappingURL=cloud-services.js.map