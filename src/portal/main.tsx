/** The portal: a browser application that speaks ARM, the classic API and /_lazurite/ and nothing else. */
import { QueryClientProvider } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { Router } from 'wouter';
import { followEvents, queryClient, subscriptions } from './azure/queries.js';
import { placeAt } from './places.js';
import { Shell } from './shell.js';

followEvents();
// Every list begins with them: they are asked for while the first page is drawn.
void subscriptions().catch(() => {});

// Read before anything is drawn: React would show a fallback first, and hold the page back behind it.
const place = placeAt(location.pathname.replace(/^\/portal/, '') || '/');
const first = place && { path: place.path, component: (await place.load()).default };

createRoot(document.getElementById('root') as HTMLElement).render(
  <StrictMode>
    <QueryClientProvider client={queryClient}>
      <Router base="/portal">
        <Shell first={first} />
      </Router>
    </QueryClientProvider>
  </StrictMode>,
);
