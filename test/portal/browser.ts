/** Debian's Chromium for tests of the portal; a test without it is skipped with its reason. */
import { existsSync } from 'node:fs';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import type { Test } from 'tap';

const executablePath = '/usr/bin/chromium';

/** Why the portal cannot be tested here; `false` when it can. With LAZURITE_TEST_ALL=1 it must. */
export const withoutBrowser: string | false =
  existsSync(executablePath) || process.env.LAZURITE_TEST_ALL === '1' ? false : 'chromium is not installed';

const argv = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** `switches` are further arguments of Chromium. */
export async function openBrowser(t: Test, switches: readonly string[] = []): Promise<Browser> {
  const browser = await chromium.launch({ executablePath, args: [...argv, ...switches] });
  t.teardown(() => browser.close());
  return browser;
}

export interface OpenPage {
  readonly page: Page;
  /** What the page wrote to its console as an error, and what it threw. */
  readonly errors: string[];
}

/** A profile, in which every page has a session of its own; what pages have loaded is kept for the next. */
export const openProfile = (
  browser: Browser,
  options: Parameters<Browser['newContext']>[0] = {},
): Promise<BrowserContext> => browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });

/** A page of a profile, or of a new one; everything that goes wrong in it is noted. */
export async function openPage(
  of: Browser | BrowserContext,
  options: Parameters<Browser['newContext']>[0] = {},
): Promise<OpenPage> {
  const context = 'newContext' in of ? await openProfile(of, options) : of;
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  const errors: string[] = [];
  page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
  page.on('pageerror', (error) => errors.push(error.message));
  return { page, errors };
}
