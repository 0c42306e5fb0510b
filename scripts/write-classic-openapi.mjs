// Writes openapi/classic.json from the built project: `npm run build && node scripts/write-classic-openapi.mjs`.
import { writeFileSync } from 'node:fs';
import { classicOpenApi } from '../dist/classic/openapi.js';

writeFileSync('openapi/classic.json', `${JSON.stringify(classicOpenApi(), undefined, 2)}\n`);
