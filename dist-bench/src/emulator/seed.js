/** `--seed FILE`: a snapshot or an ARM template that is there when the emulator is ready. */
import { readFileSync } from 'node:fs';
import { readRequestBody } from '../api/arm/deployments/request.js';
import { defaultSubscriptionId } from '../config/tenant.js';
import { AzureError } from '../errors/index.js';
import { isSnapshot } from '../store/snapshot.js';
import { UsageError } from '../support/usage-error.js';
function readSeed(file) {
    try {
        return readFileSync(file, 'utf8').replace(/^\uFEFF/, '');
    }
    catch (error) {
        throw new UsageError(`--seed cannot be read: ${error.message}`);
    }
}
/** A template may have comments, which only the deployment engine reads; a snapshot is plain JSON. */
function parsed(text) {
    try {
        return JSON.parse(text);
    }
    catch {
        return undefined;
    }
}
/** Applies the file; throws a `UsageError` that says why it cannot. */
export async function applySeed(options) {
    const { file, isEmpty, restore, log } = options;
    const text = readSeed(file);
    const document = parsed(text);
    if (!isSnapshot(document)) {
        if (!/\bdeploymentTemplate\.json|"resources"|'resources'/i.test(text)) {
            throw new UsageError(`--seed ${file} is neither a snapshot of Lazurite's nor an ARM template`);
        }
        await applyTemplate(text, options);
        return;
    }
    // It would replace what the data folder has kept since the last start.
    if (!isEmpty) {
        log.info('the data folder is not empty: the snapshot was not applied', { file });
        return;
    }
    try {
        await restore(document);
    }
    catch (error) {
        throw error instanceof AzureError ? new UsageError(`--seed ${file}: ${error.message}`) : error;
    }
}
/** Deploys the template to the resource group `seed`, and waits for its end. */
async function applyTemplate(text, { deploy, file }) {
    // The clock's timers do not keep the process, and nothing else does before the server listens.
    const keptAlive = setInterval(() => { }, 60_000);
    try {
        const template = readRequestBody(text);
        const place = { subscriptionId: defaultSubscriptionId, resourceGroup: 'seed', location: 'westeurope' };
        const { properties = {} } = (await deploy({ ...place, name: 'seed', template }));
        const { provisioningState, error = provisioningState } = properties;
        if (provisioningState !== 'Succeeded')
            throw new UsageError(`--seed ${file}: ${JSON.stringify(error)}`);
    }
    catch (error) {
        throw error instanceof AzureError ? new UsageError(`--seed ${file}: ${JSON.stringify(error.toBody())}`) : error;
    }
    finally {
        clearInterval(keptAlive);
    }
}
//# sourceMappingURL=seed.js.map