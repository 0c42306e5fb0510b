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

const viewport = { width: 1280, height: 800 };

type PageOptions = NonNullable<Parameters<Browser['newContext']>[0]>;

/** `switches` are further arguments of Chromium. */
export async function openBrowser(t: Test, switches: readonly string[] = []): Promise<Browser> {
  const browser = await chromium.launch({ executablePath, args: [...argv, ...switches] });
  t.teardown(() => browser.close());
  return browser;
}

export interface Profile {
  readonly profile: BrowserContext;
  readonly browser: Browser;
}

export interface OpenPage {
  readonly page: Page;
  /** What the page wrote to its console as an error, and what it threw. */
  readonly errors: string[];
}

/**
 * A browser with a profile on disk, in which every page has a session of its own. Code that pages have loaded is kept
 * compiled for the next, which halves the work of a load. Other profiles of this browser are made with `openPage`.
 */
export async function openProfile(t: Test, options: PageOptions = {}): Promise<Profile> {
  // Playwright makes the folder, and removes it.
  const profile = await chromium.launchPersistentContext('', { executablePath, args: argv, viewport, ...options });
  const browser = profile.browser();
  if (!browser) throw new Error('a profile on disk belongs to a browser');
  t.teardown(() => browser.close());
  return { profile, browser };
}

/** A page of a profile, or of a new one; everything that goes wrong in it is noted. */
export async function openPage(of: Browser | BrowserContext, options: PageOptions = {}): Promise<OpenPage> {
  const context = 'newContext' in of ? await of.newContext({ viewport, ...options }) : of;
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  const errors: string[] = [];
  page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
  page.on('pageerror', (error) => errors.push(error.message));
  return { page, errors };
}
