/** Assertions 38 to 55: flows, inbound NAT, SNAT ports, metrics, and the classic API. */
import {
  classicSdk,
  classicTiming,
  classicTraffic,
  eligibility,
  flows,
  membership,
  metrics,
  type Numbered,
  nat,
} from './assertion.js';

export const aboutFlows: readonly Numbered[] = [
  {
    // A reset that gets lost cannot be staged on one machine: the kernel delivers it.
    sentence: 'Idle with TCP reset: both peers are reset.',
    provenBy: flows('with TCP reset enabled, four silent minutes reset both ends'),
  },
  {
    sentence: 'Idle without TCP reset: what is sent later vanishes, without a reset.',
    cannot: {
      reason: 'The kernel acknowledges what arrives at an open socket; only its delivery can be withheld.',
      documented: 'the kernel still acknowledges what the ends send',
    },
    provenBy: flows('without TCP reset, what is sent after four silent minutes reaches nobody, and nobody is reset'),
  },
  {
    sentence: 'Keep-alive from either side holds a connection; idle timeouts are 4 to 100 minutes.',
    cannot: {
      reason: 'The kernel answers TCP keep-alive segments itself; no socket hears of them, only of data.',
      documented: 'TCP keep-alive',
    },
    provenBy: flows(
      'a word from either side within the idle timeout keeps a connection',
      'an idle timeout of 3 or 101 minutes is refused, 4 and 100 are taken',
    ),
  },
  {
    sentence: 'Floating IP: the backend accepts at the frontend’s address.',
    cannot: {
      reason: 'A connection made by a socket arrives at the address it was made to, and the frontend’s is taken.',
      documented: 'own address; several rules may use one backend port',
    },
    provenBy: flows('under floating IP, a socket reaches the backend at the backend’s own address'),
  },
  {
    sentence: 'One backend port of a pool takes one rule, or floating ones.',
    provenBy: flows('two rules of one pool need backend ports of their own, unless both are floating'),
  },
  {
    sentence: 'A member that calls its own internal frontend fails when it is chosen itself.',
    provenBy: flows('a member that calls its own internal frontend is answered by the others, and never by itself'),
  },
  {
    sentence: 'A closed data port refuses the client; nobody else is tried.',
    cannot: {
      reason: 'The client’s connection is accepted before the backend’s can be refused: reset takes refusal’s place.',
      documented: 'reset when the backend refuses',
    },
    provenBy: eligibility('a backend whose data port is closed refuses its clients; no other member is tried'),
  },
  {
    sentence: 'UDP answers come from the frontend.',
    provenBy: flows('a UDP client is answered from the frontend that it asked'),
  },
];

export const aboutTheRest: readonly Numbered[] = [
  {
    sentence: 'NAT of a pool: each port is one member’s, the query tells which, and a fourth member has none.',
    provenBy: nat('leads each port to one member, and the query tells which', 'has no port for a fourth member'),
  },
  {
    sentence: 'NAT of a pool: others keep their ports when a member leaves.',
    provenBy: [
      ...nat('keeps the ports of the others when the second member leaves, and gives its port away'),
      ...membership('of a pool give every member a frontend port of its own, which it keeps'),
    ],
  },
  {
    sentence: 'SNAT ports: multiples of 8, 64,000 per address, 1024 by default.',
    provenBy: nat(
      'come in eights',
      'are no limit for IP addresses that no network interface has',
      'are 1024 each in a pool of up to 50 when Azure may choose',
    ),
  },
  {
    sentence: 'One of two up: DipAvailability is 50, and the health POST says one up, one down.',
    provenBy: [
      ...metrics('DipAvailability is 50 when one of two backends is up, VipAvailability then is 100'),
      ...membership('the rule’s health names members and reasons as Azure does'),
    ],
  },
  {
    sentence: 'SYNCount counts attempts by port, ByteCount both directions, nothing after traffic stops.',
    provenBy: metrics(
      'SYNCount counts the connection attempts of each frontend port',
      'ByteCount and PacketCount count both directions, and nothing once traffic has stopped',
    ),
  },
  {
    sentence: 'No healthy backend: VipAvailability is 0, and an event says so.',
    provenBy: metrics('without a healthy backend VipAvailability is 0, and a NoHealthyBackends event says so'),
  },
  {
    sentence: 'Classic: UpdateLbSet with sourceIP changes the whole set, and its traffic is 2-tuple.',
    provenBy: [
      ...classicTraffic('UpdateLbSet switches a set between 5-tuple, 2-tuple and 3-tuple without cutting a flow'),
      // Azure’s own client reads both machines back after each change.
      ...classicSdk('over http nobody asks who calls'),
    ],
  },
  {
    sentence: 'Classic: without LoadBalancerDistribution traffic is 5-tuple.',
    provenBy: classicTraffic('UpdateLbSet switches a set between 5-tuple, 2-tuple and 3-tuple without cutting a flow'),
  },
  {
    sentence: 'Classic: endpoint ACLs permit, deny and go by order, for every machine of a set.',
    provenBy: classicTiming('an ACL goes by order, not by place, and UpdateLbSet without one lets everybody in'),
  },
  {
    sentence: 'Classic: an HTTP status other than 200 is out at once, a silent server after two probes.',
    provenBy: [
      ...classicTraffic('a set goes around machines that are shut down or fail their probe'),
      ...classicTiming('a probe without timing is sent every 15 seconds, and 31 seconds of silence take a machine out'),
    ],
  },
];
