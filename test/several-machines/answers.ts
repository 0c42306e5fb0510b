/**
 * What is known of Azure (recorded exchanges, cases, templates of `scripts/check-shared.mjs`) against a balancer before three
 * nodes: it must reach the bars of a single one.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { Machines } from './machines.js';
import { RoundRobin } from './round-robin.js';

/** Answers in sentences what is not as it should be; the scores are printed. */
export async function answerAlike(shared: string, say: (sentence: string) => void): Promise<string[]> {
  if (!existsSync(shared)) {
    say(`${shared} is not there: answers were not compared`);
    return [];
  }
  const machines = new Machines(['dist/main.js']);
  try {
    await machines.start();
    while ((await machines.writer()) === undefined) await new Promise((resolve) => setTimeout(resolve, 20));
    const balanced = new RoundRobin(machines.all.map(({ port }) => port));
    const url = `http://127.0.0.1:${await balanced.listen()}`;
    const check = spawn(process.execPath, ['scripts/check-shared.mjs', shared, url], { stdio: 'inherit' });
    const [code] = (await once(check, 'exit')) as [number];
    balanced.close();
    return code === 0 ? [] : ['three nodes behind a balancer score less than one'];
  } finally {
    await machines.remove();
  }
}
