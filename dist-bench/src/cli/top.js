import { keysOfScope, memberScope } from '../data-plane/model/plan.js';
import { systemTime } from '../support/clock.js';
import { ask, readOptions, runningHelp, shortId, textTable } from './ask.js';
import { follow, showOn } from './watch.js';
/** Rates are over so many real milliseconds. */
const windowMs = 3000;
const drawEveryMs = 1000;
const barWidth = 24;
const nothing = { flows: 0, closed: 0, bytesIn: 0, bytesOut: 0 };
const combine = (one, other, by) => ({
    flows: by(one.flows, other.flows),
    closed: by(one.closed, other.closed),
    bytesIn: by(one.bytesIn, other.bytesIn),
    bytesOut: by(one.bytesOut, other.bytesOut),
});
const sum = (all) => all.reduce((one, other) => combine(one, other, (a, b) => a + b), nothing);
const since = (before, now) => combine(now, before, (a, b) => Math.max(0, a - b));
/** `12.5`, `1,200`: what happened in a second. */
const rate = (amount, seconds) => {
    const perSecond = seconds > 0 ? amount / seconds : 0;
    return perSecond < 100 ? perSecond.toFixed(1) : Math.round(perSecond).toLocaleString('en');
};
/** `1.2 MB/s`. */
function byteRate(bytes, seconds) {
    const perSecond = seconds > 0 ? bytes / seconds : 0;
    if (perSecond < 1000)
        return `${Math.round(perSecond)} B/s`;
    return perSecond < 1e6 ? `${(perSecond / 1e3).toFixed(1)} kB/s` : `${(perSecond / 1e6).toFixed(1)} MB/s`;
}
const bar = (share) => `${'█'.repeat(Math.round(share * barWidth)).padEnd(barWidth, '·')} ${Math.round(share * 100)} %`;
/** What `top` knows, and how it looks. Times are real milliseconds. */
export class TopView {
    #counters = new Map();
    #frontends = [];
    #backends = [];
    #rules = new Map();
    /** Shares are of the flows since the first look; rates since the oldest of the recent looks. */
    #first;
    #recent = [];
    /** What the data plane has now. */
    replace({ frontends, backends }) {
        this.#frontends = frontends;
        this.#backends = backends;
        this.#rules = new Map(backends.map(({ rule }) => [rule, []]));
        for (const backend of backends)
            this.#rules.get(backend.rule)?.push(backend);
    }
    read({ type, data }) {
        if (type === 'reset' || type === 'gap') {
            this.#counters.clear();
            this.#first = undefined;
            this.#recent = [];
        }
        if (type !== 'counters')
            return;
        for (const { scope, name, value } of data.value) {
            if (keysOfScope(scope).member === undefined)
                continue;
            const counters = this.#counters.get(scope) ?? {};
            counters[name] = value;
            this.#counters.set(scope, counters);
        }
    }
    /** The page. */
    draw(url, nowMs) {
        const counted = this.#counted();
        this.#first ??= counted;
        while ((this.#recent[1]?.atMs ?? nowMs) <= nowMs - windowMs)
            this.#recent.shift();
        const { atMs, counted: before } = this.#recent[0] ?? { atMs: nowMs, counted };
        this.#recent.push({ atMs: nowMs, counted });
        const seconds = (nowMs - atMs) / 1000;
        const rows = [...this.#rules].flatMap(([rule, backends]) => this.#rowsOf({ rule, backends }, { counted, before, seconds }));
        const total = sum([...counted.values()]);
        const lately = since(sum([...before.values()]), total);
        const up = this.#backends.filter(({ state }) => state === 'Up').length;
        const head = [
            url,
            `${up} of ${this.#backends.length} members up`,
            `${rate(lately.flows, seconds)} flows/s`,
            `${total.flows - total.closed} open`,
            `${byteRate(lately.bytesIn, seconds)} in`,
            `${byteRate(lately.bytesOut, seconds)} out`,
        ].join(' · ');
        if (rows.length === 0)
            return `${head}\n\nThere are no backends: no load balancing rule or inbound NAT rule has a member.`;
        return `${head}\n\n${textTable(['rule', 'member', 'state', 'reason', 'flows/s', 'open', 'share of new flows'], rows)}`;
    }
    /** By rule and member: a rule for all protocols has several frontends. */
    #counted() {
        const counted = new Map();
        for (const { key, rule } of this.#frontends) {
            for (const { azureAddress } of this.#rules.get(rule) ?? []) {
                const name = `${rule}|${azureAddress}`;
                const { connections = 0, connectionsClosed = 0, bytesIn = 0, bytesOut = 0, } = this.#counters.get(memberScope(key, azureAddress)) ?? {};
                const totals = { flows: connections, closed: connectionsClosed, bytesIn, bytesOut };
                counted.set(name, sum([counted.get(name) ?? nothing, totals]));
            }
        }
        return counted;
    }
    #rowsOf({ rule, backends }, { counted, before, seconds }) {
        const totals = backends.map(({ azureAddress }) => {
            const name = `${rule}|${azureAddress}`;
            const now = counted.get(name) ?? nothing;
            return {
                now,
                lately: since(before.get(name) ?? nothing, now),
                all: since(this.#first?.get(name) ?? nothing, now),
            };
        });
        const allFlows = sum(totals.map(({ all }) => all)).flows;
        return backends.map(({ azureAddress, state, reason }, index) => {
            const { now, lately, all } = totals[index] ?? { now: nothing, lately: nothing, all: nothing };
            return [
                index === 0 ? shortId(rule) : '',
                azureAddress,
                state,
                reason,
                rate(lately.flows, seconds),
                String(now.flows - now.closed),
                bar(allFlows === 0 ? 0 : all.flows / allFlows),
            ];
        });
    }
}
/** Events after which the frontends and backends are read again. */
const structural = ['resource', 'member', 'frontend', 'fault', 'reset', 'gap'];
export const top = {
    usage: 'top [OPTION…]',
    summary: 'Shows the members of every rule of a running emulator live: health, flows per second, how flows are shared out.',
    details: () => `Shares are of the flows since it was started. Ctrl-C ends it. Without a terminal a page is printed every second.\n\n${runningHelp}`,
    async run(argv, context) {
        const { running } = readOptions(argv, { env: context.env, flags: {} });
        const view = new TopView();
        let complete = false;
        await follow(running, context, {
            everyMs: drawEveryMs,
            onEvent: (event) => view.read(event),
            async update(types) {
                if (!complete || structural.some((type) => types.has(type))) {
                    const [frontends, backends] = await Promise.all([
                        ask(running, { path: 'frontends' }),
                        ask(running, { path: 'backends' }),
                    ]);
                    view.replace({ frontends: frontends.value, backends: backends.value });
                    complete = true;
                }
                showOn(context, view.draw(running.url.origin, systemTime.now()));
            },
        });
        return 0;
    },
};
//# sourceMappingURL=top.js.map