// What travelled: draws, curves and residuals, and numbers made of them.

function drawsOf(data) {
  const bytes = Uint8Array.from(atob(data.rows), (letter) => letter.charCodeAt(0));
  const steps = new Uint16Array(bytes.buffer);
  const { parameters, observed, draws: count, ends } = data;
  const first = parameters.length;
  const points = observed.value.length;
  const everyone = Int32Array.from({ length: count }, (_, i) => i);
  const numbers = ends.map(([low, high], row) => Float64Array.from(everyone, (i) => low + ((high - low) * steps[row * count + i]) / STEPS));
  const [values, curves] = [numbers.slice(0, first), numbers.slice(first)];
  const residuals = curves.map((curve, m) => curve.map((model) => (observed.value[m] - model) / observed.sigma[m]));
  const found = { parameters, observed, count, points, inAll: data.points_in_all, first, steps, ends, values, curves, residuals, everyone };
  found.chi2 = Float64Array.from(everyone, (i) => meanOver(points, (m) => residuals[m][i] ** 2));
  found.bands = bandsOf(found, everyone);
  found.median = found.bands[2];
  return found;
}

function meanOver(size, of) {
  let sum = 0;
  for (let i = 0; i < size; i++) sum += of(i);
  return sum / size;
}

/** Quantiles of the curves of some draws at each point, by counting: one array for each level. */
function bandsOf(draws, chosen) {
  const { steps, count, first, points, ends } = draws;
  const bands = LEVELS.map(() => new Float64Array(points));
  const counts = new Uint16Array(BINS);
  for (let m = 0; m < points; m++) {
    const start = (first + m) * count;
    const [low, high] = ends[first + m];
    counts.fill(0);
    for (let k = 0; k < chosen.length; k++) counts[steps[start + chosen[k]] >> 6]++;
    let bin = 0;
    let passed = counts[0];
    for (let level = 0; level < LEVELS.length; level++) {
      const wanted = LEVELS[level] * chosen.length;
      while (passed < wanted && bin < BINS - 1) passed += counts[++bin];
      const within = counts[bin] ? 1 - (passed - wanted) / counts[bin] : 0.5;
      bands[level][m] = low + ((high - low) * (bin + within)) / BINS;
    }
  }
  return bands;
}

function quantile(sorted, level) {
  const place = level * (sorted.length - 1);
  const under = Math.floor(place);
  return sorted[under] + (place - under) * ((sorted[under + 1] ?? sorted[under]) - sorted[under]);
}

function inside(draws, box) {
  const { x, y, x0, x1, y0, y1 } = box;
  return draws.everyone.filter((i) => {
    const across = draws.values[x][i];
    if (across < x0 || across > x1) return false;
    const up = y === x ? 0 : draws.values[y][i];
    return y === x || (up >= y0 && up <= y1);
  });
}

/** Mean residual of each draw over the points of a stretch, and its shade: from the 5 % quantile to the 95 % one. */
function shadesOf(draws, [from, to]) {
  const members = [];
  draws.observed.across.forEach((place, m) => place >= from && place <= to && members.push(m));
  if (!members.length) return { members };
  const mean = Float64Array.from(draws.everyone, (i) => meanOver(members.length, (k) => draws.residuals[members[k]][i]));
  const sorted = Float64Array.from(mean).sort();
  const low = quantile(sorted, 0.05);
  const high = quantile(sorted, 0.95);
  const shade = Uint8Array.from(mean, (value) => Math.max(0, Math.min(SHADES - 1, Math.floor((SHADES * (value - low)) / (high - low || 1)))));
  return { members, low, high, shade };
}
