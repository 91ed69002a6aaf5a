import { simulate } from "./simulate.ts";
const seed = Number(process.argv[2] ?? 1), n = Number(process.argv[3] ?? 1);
for (let s = seed; s < seed + n; s++) {
  const t = performance.now();
  const r = await simulate(s);
  if (n === 1 || r.violation) { if (n===1) console.log(r.trace.join("\n")); }
  console.log(s, r.violation, r.faults, r.executions, r.trace.length, r.fingerprint, (performance.now() - t).toFixed(0), "ms");
}
