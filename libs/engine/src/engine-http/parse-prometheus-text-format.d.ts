/** The package has no types. Only what a family without metadata looks like, for that is all we give it. */
declare module 'parse-prometheus-text-format' {
  export interface PrometheusSample {
    readonly value?: string;
    readonly labels?: Readonly<Record<string, string>>;
  }
  export interface PrometheusFamily {
    readonly name: string;
    readonly metrics: readonly PrometheusSample[];
  }
  export default function parse(text: string): PrometheusFamily[];
}
