/** One assertion about Azure's data plane, and the tests that prove it. */
export interface Proof {
  readonly file: string;
  readonly title: string;
}

export interface Assertion {
  readonly number: number;
  readonly sentence: string;
  readonly provenBy: readonly Proof[];
  /** Why a socket cannot do all of it; the tests then show what sockets do instead. */
  readonly cannot?: { readonly reason: string; readonly documented: string };
}

/** Proofs in one file. */
const titlesIn =
  (file: string) =>
  (...titles: string[]): Proof[] =>
    titles.map((title) => ({ file: `test/${file}`, title }));

/** Its number is its place. */
export type Numbered = Omit<Assertion, 'number'>;

export const distribution = titlesIn('behaviour/distribution.test.ts');
export const probes = titlesIn('behaviour/probes.test.ts');
export const eligibility = titlesIn('behaviour/eligibility.test.ts');
export const modes = titlesIn('emulator/distribution.test.ts');
export const membership = titlesIn('emulator/membership.test.ts');
export const prober = titlesIn('data-plane/probing/prober.test.ts');
export const flows = titlesIn('behaviour/flows.test.ts');
export const nat = titlesIn('behaviour/nat.test.ts');
export const metrics = titlesIn('metrics/load-balancer-metrics.test.ts');
export const classicTraffic = titlesIn('api/classic/traffic.test.ts');
export const classicTiming = titlesIn('api/classic/timing.test.ts');
export const classicSdk = titlesIn('api/classic/azure-asm.test.ts');
