/** Metrics of a load balancer: Azure Monitor's names and aggregations, split by a dimension. */
import 'uplot/dist/uPlot.min.css';
import { Dropdown, Field, makeStyles, Option, tokens } from '@fluentui/react-components';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import UPlot from 'uplot';
import type { LoadBalancer } from '../azure/arm.js';
import { getJson } from '../azure/http.js';
import { setParameters, useParameter } from '../ui/address.js';
import { Empty, Loaded } from '../ui/page.js';

interface Definition {
  readonly name: { readonly value: string; readonly localizedValue: string };
  readonly primaryAggregationType: string;
  readonly supportedAggregationTypes: readonly string[];
  readonly dimensions?: readonly { readonly value: string }[];
  readonly unit: string;
}

interface Series {
  readonly metadatavalues?: readonly { readonly value: string }[];
  readonly data: readonly Record<string, number | string>[];
}

const useStyles = makeStyles({
  bar: {
    display: 'flex',
    flexWrap: 'wrap',
    gap: tokens.spacingHorizontalM,
    marginBottom: tokens.spacingVerticalM,
    // Three stand side by side beside the menu.
    '& [role=combobox]': { minWidth: 0 },
    '& .fui-Dropdown': { minWidth: '190px' },
  },
});

const strokes = ['#0f6cbd', '#0e700e', '#bc4b09', '#8764b8', '#c50f1f', '#038387', '#b146c2', '#5c2e91'];

function Chart({ series, aggregation, unit }: { series: readonly Series[]; aggregation: string; unit: string }) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!box.current) return;
    const times = [
      ...new Set(series.flatMap(({ data }) => data.map(({ timeStamp }) => Date.parse(String(timeStamp)) / 1000))),
    ].sort((a, b) => a - b);
    const values = series.map(({ data }) => {
      const byTime = new Map(
        data.map((point) => [Date.parse(String(point.timeStamp)) / 1000, point[aggregation.toLowerCase()]]),
      );
      return times.map((time) => (typeof byTime.get(time) === 'number' ? (byTime.get(time) as number) : null));
    });
    const color = getComputedStyle(box.current).color;
    const axis = { stroke: color, grid: { stroke: `color-mix(in srgb, ${color} 15%, transparent)` } };
    const chart = new UPlot(
      {
        width: box.current.clientWidth,
        height: 320,
        axes: [axis, { ...axis, label: unit, size: 64 }],
        series: [
          {},
          ...series.map(({ metadatavalues }, index) => ({
            label: metadatavalues?.map(({ value }) => value).join(', ') || aggregation,
            stroke: strokes[index % strokes.length] as string,
            width: 2,
            points: { show: true, size: 5 },
          })),
        ],
      },
      [times, ...values],
      box.current,
    );
    const observer = new ResizeObserver(
      () => box.current && chart.setSize({ width: box.current.clientWidth, height: 320 }),
    );
    observer.observe(box.current);
    return () => {
      observer.disconnect();
      chart.destroy();
    };
  }, [series, aggregation, unit]);
  return <div ref={box} role="img" aria-label={`${aggregation} in ${unit} over the last hour`} />;
}

export default function Metrics({ lb }: { lb: LoadBalancer }) {
  const styles = useStyles();
  const base = `${lb.id}/providers/microsoft.insights`;
  const definitions = useQuery({
    queryKey: ['metricDefinitions', lb.id],
    queryFn: async () =>
      (await getJson<{ value: Definition[] }>(`${base}/metricDefinitions?api-version=2018-01-01`)).value,
  });
  const [metric = 'DipAvailability'] = useParameter('metric');
  const [aggregation, setAggregation] = useParameter('aggregation');
  const [split = '', setSplit] = useParameter('split');
  const chosen = definitions.data?.find(({ name }) => name.value === metric) ?? definitions.data?.[0];
  const by = aggregation ?? chosen?.primaryAggregationType ?? 'Average';
  const values = useQuery({
    queryKey: ['metrics', lb.id, chosen?.name.value, by, split],
    enabled: chosen !== undefined,
    refetchInterval: 10_000,
    queryFn: async () => {
      const query = new URLSearchParams({
        'api-version': '2018-01-01',
        metricnames: chosen?.name.value ?? '',
        aggregation: by,
        interval: 'PT1M',
        ...(split === '' ? {} : { $filter: `${split} eq '*'` }),
      });
      const answer = await getJson<{ value: { timeseries: Series[] }[] }>(`${base}/metrics?${query}`);
      return answer.value[0]?.timeseries ?? [];
    },
  });
  return (
    <Loaded query={definitions}>
      {(all) => (
        <>
          <div className={styles.bar}>
            <Field label="Metric">
              <Dropdown
                value={chosen?.name.localizedValue ?? ''}
                selectedOptions={[chosen?.name.value ?? '']}
                onOptionSelect={(_, { optionValue }) =>
                  setParameters({ metric: optionValue, aggregation: undefined, split: undefined })
                }
              >
                {all.map(({ name }) => (
                  <Option key={name.value} value={name.value} text={name.localizedValue}>
                    {name.localizedValue}
                  </Option>
                ))}
              </Dropdown>
            </Field>
            <Field label="Aggregation">
              <Dropdown
                value={by}
                selectedOptions={[by]}
                onOptionSelect={(_, { optionValue }) => setAggregation(optionValue)}
              >
                {(chosen?.supportedAggregationTypes ?? []).map((one) => (
                  <Option key={one} value={one}>
                    {one}
                  </Option>
                ))}
              </Dropdown>
            </Field>
            <Field label="Split by">
              <Dropdown
                value={split || '(none)'}
                selectedOptions={[split]}
                onOptionSelect={(_, { optionValue }) => setSplit(optionValue || undefined)}
              >
                {['', ...(chosen?.dimensions ?? []).map(({ value }) => value)].map((one) => (
                  <Option key={one} value={one} text={one || '(none)'}>
                    {one || '(none)'}
                  </Option>
                ))}
              </Dropdown>
            </Field>
          </div>
          <Loaded query={values}>
            {(series) =>
              series.some(({ data }) => data.length > 0) ? (
                <Chart series={series} aggregation={by} unit={chosen?.unit ?? ''} />
              ) : (
                <Empty title="No values yet">Values appear when a minute has ended.</Empty>
              )
            }
          </Loaded>
        </>
      )}
    </Loaded>
  );
}
