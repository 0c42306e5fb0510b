/**
 * What can be checked about Azure's data plane, and where it is: by number the sentence, the tests whose titles prove it
 * over real connections, and what a socket cannot do about it.
 *
 * `cannot` gives the physical reason; the tests then show what sockets do instead, and docs/differences-from-azure.md
 * tells users, in the words of `documented`.
 */

import {
  type Assertion,
  distribution,
  eligibility,
  membership,
  modes,
  type Numbered,
  prober,
  probes,
} from './assertion.js';
import { aboutFlows, aboutTheRest } from './assertions-of-flows.js';

const aboutDistribution: readonly Numbered[] = [
  {
    sentence: 'Default: one client’s connections reach every backend, none more than 60 % of them.',
    provenBy: modes('under Default, the connections of one client reach every backend'),
  },
  {
    sentence: 'Default: everything on one connection stays on one backend.',
    provenBy: modes('under Default, all that is sent over one connection stays on one backend'),
  },
  {
    sentence: 'Default: the same five-tuple again meets the same backend.',
    provenBy: distribution('under Default, a client that uses the same five-tuple again meets the same backend'),
  },
  {
    sentence: 'SourceIP: fifty connections of one address go to one backend.',
    provenBy: distribution('all that comes from one address, as from behind a NAT, goes to one backend'),
  },
  {
    sentence: 'SourceIP: the TCP control and the UDP data of a media upload meet on one backend.',
    provenBy: modes('under SourceIP, a media upload’s TCP control and UDP data meet on one backend'),
  },
  {
    sentence: 'SourceIP: two TCP rules of one frontend and pool lead a client to one backend.',
    provenBy: modes('under SourceIP, an RD Gateway’s TCP 443 and UDP 3391 meet on one backend'),
  },
  {
    sentence: 'SourceIPProtocol: one backend per client and protocol, not always the same.',
    provenBy: modes('under SourceIPProtocol, a client has one backend per protocol, not always the same'),
  },
  {
    sentence: 'SourceIP: two hundred clients use all backends.',
    provenBy: modes('under SourceIP, each of 200 clients stays on one backend, and every backend is used'),
  },
  {
    sentence: 'SourceIP: all clients behind one NAT go to one backend.',
    provenBy: distribution('all that comes from one address, as from behind a NAT, goes to one backend'),
  },
  {
    sentence: 'Switching the mode breaks no stream, refuses nobody, and decides about new connections.',
    provenBy: modes('switching the mode has no downtime: no stream breaks and no connection is refused'),
  },
  {
    sentence: 'A member that is added gets new flows; established ones stay.',
    provenBy: distribution('a member that is added gets new flows; those that are established stay where they are'),
  },
  {
    sentence: 'SourceIP: the clients of a removed member find another one, consistently.',
    provenBy: distribution('the clients of a member that is removed find another one, and stay there'),
  },
  {
    sentence: 'SourceIP: each frontend has its own stable mapping per client.',
    provenBy: distribution('two frontends of one load balancer have each its own lasting choice for a client'),
  },
  {
    sentence: 'A frontend port leads to another backend port; the client’s peer is the frontend.',
    provenBy: distribution('a frontend port leads to another backend port, and the client sees only the frontend'),
  },
  {
    sentence: 'The backend’s peer is the client, with its address and its source port.',
    cannot: {
      reason:
        'The client’s own socket holds its address and port; a second socket of this machine may share the address.',
      documented: 'with another source port',
    },
    provenBy: distribution(
      'a backend sees its client’s address; the source port is another one, because a socket cannot take it',
    ),
  },
  {
    sentence: 'An internal HA-ports rule forwards every port to the same port.',
    cannot: {
      reason: 'A socket listens on one port; 65,535 listeners per frontend would take every port of the address.',
      documented: 'A socket cannot listen on every port',
    },
    provenBy: distribution('are Unbound in an internal Standard load balancer: a socket cannot listen on every port'),
  },
  {
    // An internal Basic load balancer takes them, as recorded answers of Azure show.
    sentence: 'HA ports are refused at a public frontend.',
    provenBy: distribution('are refused at a public frontend, Standard or Basic'),
  },
];

const aboutProbes: readonly Numbered[] = [
  {
    sentence: 'TCP probe: a listener that is closed gets no new flow after one interval.',
    provenBy: membership('a member that fails is out after one interval; its connections stay'),
  },
  {
    sentence: 'HTTP probe: everything but 200 is down at the next probe, 200 is up at the next.',
    provenBy: probes(
      'only 200 is healthy: 503, 301, 401, 204 and 404 are down at the next probe, 200 is up at the next',
    ),
  },
  {
    sentence: 'HTTP probe: a silent server is down after the interval, after 30 seconds at most.',
    provenBy: probes(
      'an HTTP server that never answers fails at the end of the interval, of a long one after 30 seconds',
    ),
  },
  {
    sentence: 'numberOfProbes delays nothing.',
    provenBy: probes('numberOfProbes does not delay anything: one failure is enough'),
  },
  {
    sentence: 'probeThreshold counts failures and answers, and the health says what approaches.',
    provenBy: probes('probeThreshold 3 over TCP: two failures only approach, three are down, three answers bring back'),
  },
  {
    sentence: 'A member that never passed gets no flow; before its first probe the reason is NA.',
    provenBy: probes('a new member whose application fails its probe never gets a flow'),
  },
  {
    sentence: 'HTTPS probe: self-signed and unnamed certificates are fine, a wish for client certificates is not.',
    provenBy: prober(
      'An HTTPS probe takes a self-signed certificate of any name, and sends no server name',
      'An HTTPS probe at a server that wants a client certificate or speaks plain HTTP fails',
    ),
  },
  {
    sentence: 'Basic has no HTTPS probes, and TCP probes have no path.',
    provenBy: probes('a Basic load balancer has no HTTPS probes', 'a TCP probe has no path'),
  },
  {
    sentence: 'An interval below 5 seconds is refused.',
    provenBy: probes('a probe’s interval is 5 seconds at least'),
  },
  {
    sentence: 'One of two down: its established TCP continues, new connections go to the other.',
    provenBy: membership('a member that fails is out after one interval; its connections stay'),
  },
  {
    sentence: 'A UDP flow moves when its member goes down.',
    provenBy: eligibility('when a member fails its probe, its UDP flows go to another one'),
  },
  {
    sentence: 'Standard, all down: connecting times out, established TCP continues, UDP stops.',
    cannot: {
      reason: 'The kernel has completed the handshake before a listening socket hears of the connection.',
      documented: 'connecting times out',
    },
    provenBy: eligibility(
      'established TCP connections go on',
      'no new connection is served; a socket has accepted it, and resets it when the client’s kernel gives up',
      'UDP flows end',
    ),
  },
  {
    sentence: 'Basic, all down: established TCP ends.',
    provenBy: eligibility('when all members of a Basic load balancer are down, established connections end'),
  },
  {
    sentence: 'AllProbedUp, all down: new connections go to all, and the reason says so.',
    provenBy: eligibility('with AllProbedUp, when all are down new connections go to all of them'),
  },
  {
    sentence: 'adminState Down: no new flows, TCP continues, UDP moves.',
    provenBy: eligibility('adminState Down takes no new flows although the probe passes; TCP goes on, UDP moves'),
  },
  {
    sentence: 'adminState Up: new flows although the probe fails; None restores the probe.',
    provenBy: eligibility(
      'adminState Up takes new flows although the probe fails, and None leaves it to the probe again',
    ),
  },
  {
    sentence: 'adminState speaks for one pool only, and not about inbound NAT.',
    provenBy: eligibility(
      'adminState Down in one pool leaves the machine in another one, and inbound NAT to it, alone',
    ),
  },
  {
    sentence: 'A rule without a probe gives a dead backend its share.',
    provenBy: probes('a rule without a probe gives a dead backend its share, and the client sees it fail'),
  },
  {
    sentence: 'Health follows the probe’s port, whatever the data port does.',
    provenBy: probes('a probe on another port than the data decides alone'),
  },
  {
    sentence: 'Floating IP: the probe still addresses the backend’s own IP.',
    provenBy: probes('under floating IP, a probe still goes to the backend’s own address'),
  },
];

/** In Azure's order: distribution 1–17, probes 18–37, flows 38–45, NAT and metrics 46–51, classic 52–55. */
export const assertions: readonly Assertion[] = [
  ...aboutDistribution,
  ...aboutProbes,
  ...aboutFlows,
  ...aboutTheRest,
].map((one, index) => ({ ...one, number: index + 1 }));
