/** Metrics that people have defined, as Prometheus reads them. */

import type { BusinessMetric } from "../../core/protocol/business-metrics.ts";
import type { ExposedMetric } from "../../host/insight/business.ts";
import type { Family, Sample } from "./family.ts";

const PREFIX = "magicflow_business_";

export function businessFamilies(exposed: readonly ExposedMetric[]): readonly Family[] {
  return exposed.map(({ metric, series }) => ({
    name: PREFIX + metric.name,
    help: metric.description === "" ? metric.name : metric.description,
    type: metric.type,
    read: () => series.flatMap((one) => samplesOf(metric, one)),
  }));
}

function samplesOf(metric: BusinessMetric, series: ExposedMetric["series"][number]): readonly Sample[] {
  const { numbers, counts } = series;
  const labels = Object.fromEntries(metric.labels.map(({ name }, i) => [name, series.labels[i] ?? ""]));
  switch (metric.type) {
    case "counter":
      return [{ labels, value: numbers.sum }];
    case "gauge": {
      const mean = numbers.count === 0 ? 0 : numbers.sum / numbers.count;
      return [{ labels, value: metric.windowMs === null ? numbers.last : mean }];
    }
    case "histogram": {
      let below = 0;
      const buckets = metric.buckets.map((bound, i) => {
        below += counts[i] ?? 0;
        return { suffix: "_bucket", labels: { ...labels, le: String(bound) }, value: below };
      });
      return [
        ...buckets,
        { suffix: "_bucket", labels: { ...labels, le: "+Inf" }, value: numbers.count },
        { suffix: "_sum", labels, value: numbers.sum },
        { suffix: "_count", labels, value: numbers.count },
      ];
    }
  }
}
