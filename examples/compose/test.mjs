// Stands for a project's tests: Azure answers at the address that the compose file sets.
const group = `${process.env.LAZURITE_URL}/subscriptions/${process.env.AZURE_SUBSCRIPTION_ID}/resourceGroups/ci`;
const { status } = await fetch(`${group}?api-version=2021-04-01`, {
  method: 'PUT',
  body: JSON.stringify({ location: 'westeurope' }),
});
console.log(`resource group: ${status}`);
process.exitCode = status === 201 ? 0 : 1;
