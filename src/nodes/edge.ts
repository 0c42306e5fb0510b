/**
 * The edge of a node's server: each request is answered here, passed on to the node that writes, or refused. Nodes prove to
 * each other who they are: the one that asks by a code over the TLS connection with the key that nodes share, the one that
 * answers by a certificate of the CA that they share.
 */
import { createHmac, timingSafeEqual, X509Certificate } from 'node:crypto';
import type { ClientRequest, IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { ClusterNode } from './node.js';

export interface EdgeOptions {
  readonly node: Pick<ClusterNode, 'answering' | 'ageMs' | 'doubtWriter' | 'onWriterChange'>;
  /** What nodes prove to each other that they have. */
  readonly key: string;
  /** The CA whose certificates nodes serve with. */
  readonly caPem: string;
  /** Whether known state is shown while the database is away. */
  readonly staleReads: boolean;
  /** Whether every node answers this path (with its query) itself. */
  readonly isOwn: (url: string) => boolean;
  /** Whether a GET of this path can be answered by what is stored alone. */
  readonly isStored: (url: string) => boolean;
}

/** What the other node needs to know of a connection to answer as if the client had connected to it. */
interface Origin {
  readonly encrypted: boolean;
  readonly localAddress?: string | undefined;
  readonly localPort?: number | undefined;
  readonly remoteAddress?: string | undefined;
  /** The client's certificate, DER in base64. */
  readonly certificate?: string | undefined;
}

const proofHeader = 'x-lazurite-node';
const originHeader = 'x-lazurite-origin';
const proofLabel = 'EXPORTER-lazurite-node';
/** A name that the certificate of every node covers. */
const serverName = 'lazurite';
/** Longest time (real milliseconds) until the writer's machine takes a connection. */
const connectMs = 2000;
/** Headers of one connection only: https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1 */
const hopByHop = new Set(['connection', 'keep-alive', 'proxy-connection', 'te', 'upgrade', 'expect', 'host']);

export class Edge {
  readonly #options: EdgeOptions;
  readonly #agent: Agent;
  readonly #proofs = new WeakMap<Socket, string>();
  readonly #refusals = new WeakMap<IncomingMessage, string>();
  /** Requests that another node has, with its address. */
  readonly #passedOn = new Map<ClientRequest, string>();

  constructor(options: EdgeOptions) {
    this.#options = options;
    options.node.onWriterChange((writer) => this.#giveUp(writer));
    this.#agent = new Agent({ keepAlive: true, ca: options.caPem, servername: serverName });
  }

  /** Why a request must not be answered, as a sentence; undefined when it may. */
  refusalOf(request: IncomingMessage): string | undefined {
    return this.#refusals.get(request);
  }

  /** Every request goes through this before any route sees it. */
  async handle(request: IncomingMessage, response: ServerResponse, answer: RequestListener): Promise<void> {
    const { node, isOwn, isStored, staleReads } = this.#options;
    const { method, url = '/' } = request;
    const isPassedOn = this.#takeOver(request);
    if (!isPassedOn && isOwn(url)) return answer(request, response);
    const isRead = method === 'GET' || method === 'HEAD';
    const isDirectRead = isRead && !isPassedOn;
    const how = await node.answering({
      mayBeStale: isDirectRead && staleReads,
      byReplica: isDirectRead && method === 'GET' && isStored(url),
    });
    if (how === 'stale') response.setHeader('x-lazurite-stale', String(Math.round(node.ageMs / 1000)));
    if (typeof how === 'string') return answer(request, response);
    const refuse = (sentence: string): void => {
      this.#refusals.set(request, sentence);
      answer(request, response);
    };
    if ('refusal' in how) return refuse(how.refusal);
    if (isPassedOn) return refuse('This node is not the one that writes.');
    this.#passOn({ request, response, refuse, writer: how.writer, isRead });
  }

  close(): void {
    this.#agent.destroy();
  }

  /** Whether another node has passed the request on; it then looks as if its client had connected to this one. */
  #takeOver(request: IncomingMessage): boolean {
    const { [proofHeader]: proof, [originHeader]: origin } = request.headers;
    delete request.headers[proofHeader];
    delete request.headers[originHeader];
    const socket = request.socket as Partial<TLSSocket>;
    if (typeof proof !== 'string' || typeof origin !== 'string' || !socket.exportKeyingMaterial) return false;
    const expected = Buffer.from(this.#proofOf(request.socket as TLSSocket));
    const given = Buffer.from(proof);
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) return false;
    const { certificate, ...seen } = JSON.parse(Buffer.from(origin, 'base64url').toString()) as Origin;
    const facts = {
      ...seen,
      getPeerCertificate:
        certificate === undefined ? undefined : () => new X509Certificate(Buffer.from(certificate, 'base64')),
    };
    request.socket = seenAs(request.socket, facts);
    return true;
  }

  /** The code that only a node can make, good for this connection alone. */
  #proofOf(socket: TLSSocket): string {
    const known = this.#proofs.get(socket);
    if (known !== undefined) return known;
    const material = socket.exportKeyingMaterial(32, proofLabel, Buffer.alloc(0));
    const proof = createHmac('sha256', this.#options.key).update(material).digest('base64url');
    this.#proofs.set(socket, proof);
    return proof;
  }

  /** A node that no longer writes may stand still, so requests do not wait for it. */
  #giveUp(writer: string): void {
    for (const [upstream, address] of this.#passedOn) {
      if (address !== writer) upstream.destroy(new Error('another node writes'));
    }
  }

  #passOn({ request, response, refuse, writer, isRead }: PassedOn): void {
    const { node } = this.#options;
    const colon = writer.lastIndexOf(':');
    const upstream = httpsRequest({
      host: writer.slice(0, colon).replace(/[[\]]/g, ''),
      port: Number(writer.slice(colon + 1)),
      agent: this.#agent,
      method: request.method,
      path: request.url,
      setHost: false,
    });
    for (const [name, values] of Object.entries(request.headersDistinct)) {
      if (!hopByHop.has(name) && name !== proofHeader && name !== originHeader) upstream.setHeader(name, values ?? []);
    }
    if (request.headers.host !== undefined) upstream.setHeader('host', request.headers.host);
    upstream.setHeader(originHeader, Buffer.from(JSON.stringify(originOf(request.socket))).toString('base64url'));
    let isSent = false;
    upstream.once('socket', (socket: TLSSocket) => {
      const send = (): void => {
        socket.setTimeout(0);
        upstream.setHeader(proofHeader, this.#proofOf(socket));
        isSent = true;
        request.pipe(upstream);
      };
      if (!socket.connecting && socket.getProtocol() !== null && this.#proofs.has(socket)) return send();
      socket.setTimeout(connectMs, () => socket.destroy(new Error('the writer does not answer')));
      socket.once('secureConnect', send);
    });
    upstream.once('response', (answered) => {
      const headers = Object.entries(answered.headersDistinct).filter(([name]) => !hopByHop.has(name));
      for (const [name, values = []] of headers)
        response.setHeader(name, values.length === 1 ? (values[0] ?? '') : values);
      response.writeHead(answered.statusCode ?? 502, answered.statusMessage);
      answered.on('error', () => response.destroy());
      answered.pipe(response);
    });
    this.#passedOn.set(upstream, writer);
    upstream.once('close', () => this.#passedOn.delete(upstream));
    upstream.on('error', () => {
      node.doubtWriter();
      if (response.headersSent || response.destroyed) response.destroy();
      else if (!isSent || isRead) refuse('The node that writes cannot be reached.');
      // What became of a write that was sent is not known, and no answer may say that it is.
      else request.socket.destroy();
    });
    response.once('close', () => {
      if (!response.writableFinished) upstream.destroy();
    });
  }
}

interface PassedOn {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly refuse: (sentence: string) => void;
  /** `address:port`. */
  readonly writer: string;
  readonly isRead: boolean;
}

function originOf(socket: Socket): Origin {
  const { encrypted, getPeerX509Certificate } = socket as Partial<TLSSocket>;
  const certificate = getPeerX509Certificate?.call(socket)?.raw.toString('base64');
  const { localAddress, localPort, remoteAddress } = socket;
  return { encrypted: encrypted === true, localAddress, localPort, remoteAddress, certificate };
}

/** The socket with some facts replaced; everything else is the socket's own. */
const seenAs = (socket: Socket, facts: Readonly<Record<string, unknown>>): Socket =>
  new Proxy(socket, {
    get(target, name) {
      if (typeof name === 'string' && name in facts) return facts[name];
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
