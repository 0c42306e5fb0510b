/** Server state: what each page reads, and which live events make it stale. */
import { QueryClient, useQuery } from '@tanstack/react-query';
import * as arm from './arm.js';
import * as emulator from './emulator.js';
import { type LiveEvent, subscribe } from './events.js';
import { getJson, type PlannedRequest, send } from './http.js';

export const queryClient = new QueryClient({
  defaultOptions: { queries: { retry: 1, staleTime: 2000, refetchOnWindowFocus: true } },
});

const subscriptionsQuery = {
  queryKey: ['subscriptions'],
  queryFn: () => arm.listAll<arm.Subscription>('/subscriptions?api-version=2022-12-01'),
};

/** Asked for once, however many lists of a page wait for it. */
export const subscriptions = (): Promise<arm.Subscription[]> => queryClient.fetchQuery(subscriptionsQuery);

/** What `list` answers for each subscription, joined. */
export async function inAllSubscriptions<T>(list: (subscriptionId: string) => Promise<T[]>): Promise<T[]> {
  const lists = (await subscriptions()).map(({ subscriptionId }) => list(subscriptionId));
  return (await Promise.all(lists)).flat();
}

/** Resources of a type over all subscriptions. */
export const everywhere = <T>(type: string, apiVersion = arm.networkVersion): Promise<T[]> =>
  inAllSubscriptions((id) => arm.listAll<T>(`/subscriptions/${id}/providers/${type}?api-version=${apiVersion}`));

/** Resource groups of all subscriptions. */
export const groups = (): Promise<{ id: string; name: string }[]> =>
  inAllSubscriptions((id) => arm.listAll(`/subscriptions/${id}/resourcegroups?api-version=${arm.resourcesVersion}`));

/** Which queries an event concerns, by the first part of their keys. After `reset` and `gap` it is all of them. */
const staleAfter: Readonly<Record<string, readonly string[]>> = {
  resource: ['loadBalancers', 'resource', 'list', 'frontends', 'backends', 'outbound', 'classic', 'explain'],
  member: ['backends', 'explain'],
  frontend: ['frontends'],
  counters: ['flows'],
  operation: ['resource'],
  deployment: ['deployments'],
  fault: ['faults'],
  clock: ['clock'],
  request: ['journal'],
};

const pending = new Set<string>();
let timer: ReturnType<typeof setTimeout> | undefined;

/** Events come in bursts; queries are read again at most four times a second. */
function invalidateSoon(event: LiveEvent): void {
  if (event.type === 'reset' || event.type === 'gap') {
    void queryClient.invalidateQueries();
    return;
  }
  for (const key of staleAfter[event.type] ?? []) pending.add(key);
  if (pending.size === 0 || timer !== undefined) return;
  timer = setTimeout(() => {
    timer = undefined;
    const keys = [...pending];
    pending.clear();
    for (const key of keys) void queryClient.invalidateQueries({ queryKey: [key] });
  }, 250);
}

/** Lets the live stream refresh what is on the screen. */
export const followEvents = (): (() => void) => subscribe(invalidateSoon);

export const useLoadBalancers = () =>
  useQuery({
    queryKey: ['loadBalancers'],
    queryFn: () => everywhere<arm.LoadBalancer>('Microsoft.Network/loadBalancers'),
  });

export const useResource = <T>(id: string, apiVersion = arm.versionFor(id)) =>
  useQuery({
    queryKey: ['resource', id.toLowerCase(), apiVersion],
    queryFn: () => getJson<T>(arm.armUrl(id, apiVersion)),
  });

export const useEverywhere = <T>(type: string, apiVersion = arm.networkVersion) =>
  useQuery({ queryKey: ['list', type.toLowerCase()], queryFn: () => everywhere<T>(type, apiVersion) });

export const useGroups = () => useQuery({ queryKey: ['list', 'groups'], queryFn: groups });

/** Azure's regions, by the names that requests have. */
export const useLocations = () =>
  useQuery({
    queryKey: ['locations'],
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: async () => {
      const [first] = await subscriptions();
      return first
        ? arm.listAll<{ name: string; displayName: string }>(
            `/subscriptions/${first.subscriptionId}/locations?api-version=2022-12-01`,
          )
        : [];
    },
  });

/**
 * What Azure says of requests that are not sent yet: the answer to `validation`, which is asked for once as long as it stays
 * the same. `isDue` is false until it shall be asked for.
 */
export const useValidation = (validation: PlannedRequest | undefined, { isDue }: { readonly isDue: boolean }) =>
  useQuery({
    queryKey: ['validation', validation],
    queryFn: () => (validation ? send(validation) : null),
    enabled: isDue && validation !== undefined,
    retry: false,
    refetchOnWindowFocus: false,
  });

export const useBackends = () => useQuery({ queryKey: ['backends'], queryFn: emulator.backends });
export const useFrontends = () => useQuery({ queryKey: ['frontends'], queryFn: emulator.frontends });
export const useFlows = () => useQuery({ queryKey: ['flows'], queryFn: emulator.flows, refetchInterval: 2000 });
export const useOutbound = () =>
  useQuery({ queryKey: ['outbound'], queryFn: emulator.outbound, refetchInterval: 5000 });
export const useFaults = () => useQuery({ queryKey: ['faults'], queryFn: emulator.faults });
export const useStandIns = () =>
  useQuery({ queryKey: ['standIns'], queryFn: emulator.standIns, refetchInterval: 5000 });
export const useClock = () => useQuery({ queryKey: ['clock'], queryFn: emulator.clock, refetchInterval: 5000 });
export const useJournal = (top = 200) => useQuery({ queryKey: ['journal', top], queryFn: () => emulator.journal(top) });
export const useSubscriptions = () => useQuery(subscriptionsQuery);
