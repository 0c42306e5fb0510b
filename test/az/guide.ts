/** Pages of the documentation as scripts: their commands, and what they say that the commands print. */
import { readFileSync } from 'node:fs';

export interface GuideStep {
  /** The commands of one block. */
  readonly script: string;
  /** What the page shows below them; `…` stands for anything. */
  readonly output: string | undefined;
}

const fence = /^```(\w*)\n([\s\S]*?)^```$/gm;

/** The `sh` blocks of a page, each with the `text` block that follows it. */
export function readGuide(url: URL): GuideStep[] {
  const steps: GuideStep[] = [];
  for (const [, language, content = ''] of readFileSync(url, 'utf8').matchAll(fence)) {
    if (language === 'sh') steps.push({ script: content, output: undefined });
    const last = steps.at(-1);
    if (language === 'text' && last) steps[steps.length - 1] = { ...last, output: content };
  }
  return steps;
}

/** The pattern that `output` means. */
export function outputPattern(output: string): RegExp {
  const escaped = output.trim().replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${escaped.replaceAll('…', '[^\\n]*')}$`);
}
