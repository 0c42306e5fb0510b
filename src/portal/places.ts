/** Which page an address shows. Each is a file of its own, read when it is wanted. */

/** Addresses below /portal, and the pages that they show; the first that fits. */
export const places = [
  { path: '/', load: () => import('./pages/home.js') },
  { path: '/load-balancers', load: () => import('./pages/load-balancers.js') },
  { path: '/create', load: () => import('./pages/create-load-balancer.js') },
  { path: '/load-balancer/*?', load: () => import('./pages/load-balancer.js') },
  { path: '/traffic', load: () => import('./pages/traffic.js') },
  { path: '/cloud-services/*?', load: () => import('./pages/cloud-services.js') },
  { path: '/neighbours', load: () => import('./pages/resources.js') },
  { path: '/resource/*?', load: () => import('./pages/resource.js') },
  { path: '/deployments/*?', load: () => import('./pages/deployments.js') },
  { path: '/lab', load: () => import('./pages/lab.js') },
] as const;

/** The place of a path below /portal. */
export const placeAt = (path: string) =>
  places.find(({ path: pattern }) => {
    const exact = pattern.replace('/*?', '');
    return path === exact || (exact !== pattern && path.startsWith(`${exact}/`));
  });
