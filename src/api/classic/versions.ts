/**
 * The x-ms-version header: the versions there are, and what each one knows. Imitates "Service Management versioning".
 */
/**
 * Documented versions to 2015-04-01 and, after it, those that real clients send. Versions order as their dates do.
 */
export const serviceVersions: readonly string[] = [
  '2009-10-01',
  '2010-04-01',
  '2010-10-28',
  '2011-02-25',
  '2011-06-01',
  '2011-08-01',
  '2011-10-01',
  '2011-12-01',
  '2012-03-01',
  '2012-08-01',
  '2012-12-01',
  '2013-03-01',
  '2013-06-01',
  '2013-07-01',
  '2013-08-01',
  '2013-10-01',
  '2013-11-01',
  '2014-01-01',
  '2014-02-01',
  '2014-04-01',
  '2014-05-01',
  '2014-06-01',
  '2014-07-01',
  '2014-08-01',
  '2014-09-01',
  '2014-10-01',
  '2014-11-01',
  '2015-02-01',
  '2015-04-01',
  '2015-07-01',
  '2015-09-01',
  '2016-03-01',
  '2016-06-01',
  '2016-07-01',
  '2016-11-01',
  '2017-01-01',
];

/** When elements and operations arrived. */
export const since = {
  virtualMachines: '2012-03-01',
  updateLoadBalancedSet: '2013-06-01',
  internalLoadBalancers: '2014-05-01',
  idleTimeout: '2014-06-01',
  loadBalancerDistribution: '2014-09-01',
  reservedIpAssociation: '2015-02-01',
  virtualIps: '2015-04-01',
  /** The oldest of the versions that clients send with it; when exactly it arrived is not known. */
  migration: '2016-03-01',
  /** Recorded in answers to 2017-01-01, not in those to 2015-04-01. */
  cloudServiceVirtualIpName: '2015-07-01',
} as const;
